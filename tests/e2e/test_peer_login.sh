#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
#
# tandem's login: the server's certificate is verified against the domain of the JID, --ca-file is
# the only trust there is, and no password leaves without TLS.
#
#   netns (own, loopback only):   tandem --> 127.0.0.1:5222 Prosody, certificate example.org
#                                        --> 127.0.0.1:5223 Prosody, certificate other.example.net
#                                        --> 127.0.0.1:5224 a server without TLS
#
# Needs root, prosody, openssl, python3.  TANDEM names the program under test.
set -eu

TANDEM=$(realpath "${TANDEM:-$(dirname "$0")/../../build/app/peer/tandem}")
if [ "${IN_NETNS:-}" = "" ]; then
	exec unshare --net env IN_NETNS=1 TANDEM="$TANDEM" bash "$0" "$@"
fi

dir=$(mktemp -d)
pids=()
cleanup() {
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
}
trap cleanup EXIT
ip link set lo up
cd "$dir"
mkdir data certs

authority() { # NAME
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 2 \
		-subj "/CN=$1" -addext keyUsage=critical,keyCertSign 2>/dev/null
}
certificate() { # NAME DOMAIN
	openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$2" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
		-extfile <(echo "subjectAltName=DNS:$2") -out "$1.crt" 2>/dev/null
}
server() { # NAME PORT
	cat >"$1.lua" <<-X
		pidfile = "$dir/$1.pid"; data_path = "$dir/data"; run_as_root = true
		log = { info = "$dir/$1.log" }; certificates = "$dir/certs"
		interfaces = { "127.0.0.1" }; c2s_ports = { $2 }; s2s_ports = {}
		modules_enabled = { "tls", "saslauth", "disco" }; modules_disabled = { "s2s" }
		c2s_require_encryption = true; authentication = "internal_hashed"
		VirtualHost "example.org"
		ssl = { key = "$dir/$1.key"; certificate = "$dir/$1.crt" }
	X
	prosody --config "$dir/$1.lua" -F >/dev/null 2>&1 &
	pids+=($!)
}

authority ca
authority stranger
certificate right example.org
certificate wrong other.example.net
server right 5222
server wrong 5223
for _ in $(seq 100); do
	[ "$(ss -Hltn 'sport = :5222 or sport = :5223' | wc -l)" = 2 ] && break
	sleep 0.1
done
prosodyctl --config right.lua register alice example.org secret >/dev/null 2>&1
echo secret >password && chmod 600 password
echo wrong >bad-password && chmod 600 bad-password
python3 - >plain.log <<-X &
	import socket
	s = socket.create_server(("127.0.0.1", 5224))
	while True:
	    c, _ = s.accept()
	    print(c.recv(4096), flush=True)
	    c.sendall(b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' id='x' version='1.0' "
	              b"xmlns:stream='http://etherx.jabber.org/streams' from='example.org'><stream:features>"
	              b"<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism>"
	              b"</mechanisms></stream:features>")
	    while (data := c.recv(4096)):
	        print(data, flush=True)
X
pids+=($!)

failures=0
check() { # TITLE STATUS TEXT ARGUMENT...
	local title=$1 status=$2 text=$3 got=0
	shift 3
	timeout 30 "$TANDEM" send --jid alice@example.org --via relay.example.org --timeout 10 "$@" \
		/etc/passwd bob@example.org/x >out 2>&1 </dev/null || got=$?
	if [ "$got" = "$status" ] && grep -q "$text" out; then
		echo "ok   $title"
	else
		echo "FAIL $title: exit $got, wanted $status and \"$text\": $(cat out)"
		failures=$((failures + 1))
	fi
}
good=(--password-file password --ca-file ca.pem)

# Logged in, it asks the relay, which does not exist: exit 4 is a login that worked.
check "right name" 4 "relay.example.org" "${good[@]}" --server 127.0.0.1:5222
check "wrong name" 3 "hostname mismatch" "${good[@]}" --server 127.0.0.1:5223
check "wrong name, other host name given" 3 "hostname mismatch" "${good[@]}" --server localhost:5223
check "unknown authority" 3 "certificate refused" --password-file password --ca-file stranger.pem \
	--server 127.0.0.1:5222
export SSL_CERT_FILE=$dir/ca.pem
check "system trust counts" 4 "relay.example.org" --password-file password --server 127.0.0.1:5222
check "but not beside --ca-file" 3 "certificate refused" --password-file password \
	--ca-file stranger.pem --server 127.0.0.1:5222
unset SSL_CERT_FILE
check "wrong password" 3 "user or password refused" --password-file bad-password --ca-file ca.pem \
	--server 127.0.0.1:5222
check "no TLS offered" 3 "TLS" "${good[@]}" --server 127.0.0.1:5224
if grep -q "<auth" plain.log; then
	echo "FAIL credentials went out without TLS"
	failures=$((failures + 1))
fi
check "no server" 3 "login of" "${good[@]}" --server 127.0.0.1:1
check "no authorities in the file" 2 "no certificates" --password-file password \
	--ca-file password --server 127.0.0.1:5222
chmod 640 password
check "password file others may read" 2 "group or others" "${good[@]}" --server 127.0.0.1:5222

[ "$failures" = 0 ] || exit 1
