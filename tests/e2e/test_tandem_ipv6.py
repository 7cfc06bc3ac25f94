#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Direct connections over IPv6, and over IPv4 a quarter of a second later when IPv6 leads nowhere
(RFC 8305).

    bob$ tandem send <-- 2001:db8:9::3, 203.0.113.3 ---- mgmt wires ---- alice$ tandem receive
"""

from actor import MGMT, dropped, event
from harness import Lab, Peer, digest, expect, fail, make_file, receiver

SIZE = 1 << 20
MGMT6 = {"alice": "2001:db8:9::1", "bob": "2001:db8:9::3"}


def send(lab, name):
    """One file: where alice has connected to, and when she began to try what."""
    file = make_file(lab.dir / name, SIZE)
    getting = receiver(lab, lab.dir / "in")
    with lab.capture("alice", "mgmt0", "tcp dst portrange 1024-65535 or ip6") as wire:
        giving = Peer(lab, "bob", "send", "--json", file, getting.jid)
        giving.expect(0, 40)
        getting.expect(0)
    expect(getting.line("received")[1:3], [str(SIZE), digest(1, SIZE)], name)
    offered = [c["ip"] for c in event(giving, "offering")["connections"]]
    families = [":" in ip for ip in offered]
    expect(families, [True, False] * (len(families) // 2), f"the families in turn, {offered}")
    syns = {}
    for line in lab.run("alice", "tcpdump", "-n", "-tt", "-r", wire, check=False).stdout.splitlines():
        words = line.split()
        if "Flags [S]," in line:
            syns.setdefault(words[4].rpartition(".")[0], float(words[0]))
    connected = event(giving, "connected")
    expect(connected["how"], "direct", name)
    return connected["own_ip"], syns


with Lab(relay=False) as lab:
    for place, ip in MGMT6.items():
        lab.run(place, "ip", "address", "add", f"{ip}/64", "dev", "mgmt0", "nodad")

    to, syns = send(lab, "ipv6")
    expect(to, MGMT6["bob"], "with both")
    expect(MGMT["bob"] in syns, False, f"IPv4 tried all the same: {syns}")

    with dropped(lab, "bob", "meta nfproto ipv6 tcp dport >= 1024"):
        to, syns = send(lab, "ipv4")
    expect(to, MGMT["bob"], "where IPv6 leads nowhere")
    later = syns[MGMT["bob"]] - syns[MGMT6["bob"]]
    if not 0.24 < later < 0.6:
        fail(f"IPv4 is tried {later:.3f} s after IPv6")
