#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""tandem at rendezvous addresses of both families: whichever each of the two gets to first.

    bob$ tandem send ---- 300 ms ---- relay ---- 300 ms ---- alice$ tandem receive

So far away the second family is tried before the first has answered, and one connection too many is
under way to the addresses that are for these two alone.
"""

import re

from harness import RELAY_AT, Lab, Peer, digest, expect, make_file, receiver
from rendezvous import ON6, route

SIZE = (1 << 18) + 5


def send(lab, name):
    """One file; by which family it went at alice's and at bob's end."""
    file = make_file(lab.dir / name, SIZE)
    data = "tcp and (net 192.0.2.10 or net 2001:db8:f000:1::/64) and greater 200"
    with lab.capture("alice", "eth0", data) as hers, lab.capture("bob", "eth0", data) as his:
        getting = receiver(lab, lab.dir / name.replace("file", "in"))
        giving = Peer(lab, "bob", "send", file, getting.jid, "--no-direct")
        giving.expect(0, 60)
        getting.expect(0)
    expect(tuple(getting.line("received")[1:3]), (str(SIZE), digest(1, SIZE)), "what receive says")
    shown = (lab.run("alice", "tcpdump", "-n", "-t", "-c", "1", "-r", packets).stdout for packets in (hers, his))
    return tuple(6 if re.search(r"^IP6 ", text, re.M) else 4 for text in shown)


with Lab({"services.rendezvous": ON6}, wire="delay=150", bob_wire="delay=150") as lab:
    route(lab, "alice", "bob")
    expect(send(lab, "file1"), (4, 4), "the families, IPv4 being told first")
    lab.batch("bob", f"route replace unreachable {RELAY_AT['alice']}\n")
    expect(send(lab, "file2"), (4, 6), "the families, bob having no way to IPv4")
