#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Direct connections: PF1 to PF8 without a relay, and the relay when there is no direct way.

    bob$ tandem send (listens on his own addresses) <---- mgmt wires ---- alice$ tandem receive
"""

from actor import MGMT
from harness import (
    Lab,
    Peer,
    digest,
    expect,
    expect_error,
    expect_result,
    fail,
    make_file,
    new_sid,
    receiver,
    until,
)

import socket
import subprocess

SIZE = (1 << 20) + 5


def send(lab, name, relayed):
    """One file; whether it went through the relay."""
    file = make_file(lab.dir / name, SIZE)
    getting = receiver(lab, lab.dir / "in")
    giving = Peer(lab, "bob", "send", file, getting.jid)
    giving.expect(0, 40)
    getting.expect(0)
    expect(tuple(getting.line("received")[1:3]), (str(SIZE), digest(1, SIZE)), "what receive says")
    if relayed is not None:
        through = lab.metric("tandem_relayed_bytes_total") >= SIZE
        expect(through, relayed, f"{name}: whether it went through the relay")
    return giving.err.read_text() + getting.err.read_text()


def query(sid, inner):
    return f"<query xmlns='whoknows' sid='{sid}'>{inner}</query>"


def claim(sid, leg, swap=False):
    (from_ip, from_port), (ip, port) = leg.getsockname(), leg.getpeername()
    if swap:
        from_port += 1
    return query(sid, f"<endpoint ip='{ip}' port='{port}' from-ip='{from_ip}' from-port='{from_port}'/>")


def refuse(user, jid, request, condition):
    error = f"<error type='cancel'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
    user.send(f"<iq type='error' to='{jid}' id='{request.get('id')}'>{error}</iq>")


def initiator_is_strict(lab):
    """The Initiator takes its own accepted socket, told by the Target with all four numbers."""
    alice, carol = lab.user("alice"), lab.user("alice", "carol@example.org/lab")
    bob = Peer(lab, "bob", "pipe", "--direct", alice.jid, stdin=subprocess.PIPE)
    with alice.arrived:  # PF2
        if not alice.arrived.wait_for(lambda: alice.requests, 20):
            fail(bob.err.read_text())
        offer = alice.requests[0]
    jid, sid = offer.get("from"), offer.find("{whoknows}query").get("sid")
    connections = list(offer.iter("{whoknows}connection"))
    expect(connections[0].get("jid"), jid, "whose the first connection is")
    own = next(c for c in connections if c.get("ip") == MGMT["bob"])
    with lab.inside("alice"):
        stranger, leg = (
            socket.create_connection((own.get("ip"), int(own.get("port"))), timeout=10) for _ in range(2)
        )
    # PF3, PF4 gone wrong: other numbers, half the numbers, another sid, another sender
    expect_error(alice.iq(claim(sid, leg, swap=True), to=jid), "item-not-found", "cancel")
    half = "<endpoint ip='1.2.3.4' port='5' from-ip='1.2.3.4'/>"
    expect_error(alice.iq(query(sid, half), to=jid), "bad-request", "modify")
    expect_error(alice.iq(claim(new_sid(), leg), to=jid), "service-unavailable", "cancel")
    expect_error(carol.iq(claim(sid, stranger), to=jid), "service-unavailable", "cancel")
    expect_result(alice.iq(claim(sid, leg), to=jid), "PF7")
    expect_error(alice.iq(claim(sid, stranger), to=jid), "unexpected-request", "cancel")
    head = f"type='result' to='{jid}' id='{offer.get('id')}'"
    alice.send(f"<iq {head}>{query(sid, f'''<connection jid='{jid}'/>''')}</iq>")  # PF5
    bob.child.stdin.write(b"clear to send")
    bob.child.stdin.flush()
    expect(leg.recv(100), b"clear to send", "bytes on the claimed connection")
    expect(stranger.recv(100), b"", "the stranger's connection is closed")
    leg.close()
    bob.child.kill()
    bob.wait()


def target_is_strict(lab):
    """What the Target is offered by somebody hostile: an error each, and it goes on."""
    bob = lab.user("bob")
    alice = Peer(lab, "alice", "forward", "--exec", "cat", "--from", "bob@example.org")
    jid = alice.line("ready")[1]
    stream = "<stream xmlns='urn:tandem:stream:0'/>"

    def offered(*connections):
        inner = "".join(f"<connection jid='{j}' ip='{ip}' port='{port}'/>" for j, ip, port in connections)
        answer = bob.iq(query(sid := new_sid(), inner + stream), to=jid)
        with bob.arrived:  # she offers in her turn; no
            bob.arrived.wait_for(lambda: bob.requests, 20)
            swap = bob.requests.pop()
        expect(swap.find("{whoknows}query").get("sid"), sid, "sid of the swap")
        refused = alice.err.read_text().count("refused: not-acceptable")
        refuse(bob, jid, swap, "not-acceptable")
        until(lambda: alice.err.read_text().count("refused: not-acceptable") > refused, "alice sees it")
        return answer

    forbidden = ["127.0.0.1", "::1", "169.254.1.1", "224.0.0.1", "0.0.0.0", "::ffff:203.0.113.3", "10.1.2.3"]
    with lab.inside("alice"):
        trap = socket.create_server(("0.0.0.0", 5555))
    trap.settimeout(0)
    for what, connections in {
        "A1, none": [],
        "A2, nobody listens there": [(bob.jid, MGMT["bob"], 5999)],
        "none that is allowed": [(bob.jid, ip, 5555) for ip in forbidden],
        "a low port": [(bob.jid, MGMT["bob"], 22)],
        "somebody else's": [("carol@example.org/lab", MGMT["alice"], 5555)],
        "thousands": [("r", "127.0.0.1", 5555)] * 3000,
    }.items():
        expect_error(offered(*connections), "item-not-found", "cancel", what)
    try:
        fail(f"connected to {trap.accept()}")
    except BlockingIOError:
        pass
    # A4: connected, but the Initiator does not know the connection
    with lab.inside("bob"):
        server = socket.create_server((MGMT["bob"], 5556))
    server.settimeout(20)
    sid = new_sid()
    id = bob.ask(query(sid, f"<connection jid='{bob.jid}' ip='{MGMT['bob']}' port='5556'/>{stream}"), to=jid)
    leg, _ = server.accept()
    with bob.arrived:
        bob.arrived.wait_for(lambda: bob.requests, 20)
        pf4 = bob.requests.pop()
    expect(pf4.find("{whoknows}query").get("sid"), sid, "sid of PF4")
    refuse(bob, jid, pf4, "item-not-found")
    leg.settimeout(20)
    expect(leg.recv(1), b"", "the connection after A4")
    expect_error(bob.answer(id), "item-not-found", "cancel", "A4")
    # A5
    expect_error(
        lab.user("alice", "carol@example.org/other").iq(query(sid, stream), to=jid), "not-acceptable", "cancel"
    )
    expect(alice.child.poll(), None, "alice goes on")


with Lab() as lab:
    send(lab, "direct", relayed=False)
    initiator_is_strict(lab)
    target_is_strict(lab)

    # behind a NAT the Initiator sees another source: A4, then the relay
    nat = "add table ip n; add chain ip n p { type nat hook postrouting priority 100; };"
    rule = f"add rule ip n p ip daddr {MGMT['bob']} tcp dport != 5222 masquerade random"
    lab.run("alice", "nft", f"{nat} {rule}")
    if "item-not-found" not in (text := send(lab, "behind a NAT", relayed=True)):
        fail(f"no NAT here? {text}")
    lab.run("alice", "nft", "delete table ip n")

with Lab(relay=False) as lab:
    send(lab, "without any relay", relayed=None)
