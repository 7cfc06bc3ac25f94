#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""After kill -9 of tandemd the relay's kernel sends no RST for the service, nor for rendezvous addresses; a
restart just works.

    alice ==== sends on ==== [ tandemd: SIGKILL ] ==== bob        tcpdump on both users' wires
                             [ kernel with the service addresses on its interfaces ]
"""

from harness import PORT, RELAY_AT, RELAY_AT6, Lab, Task, expect, reaches, send_all, splice, until
from rendezvous import ON6, connect, reserve, route
from wire import RST, SYN, read_segments

with Lab({"services.rendezvous": ON6}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b = splice(lab, alice, bob)
    reaches(a, b)
    parked = lab.connect("alice")
    route(lab, "alice", "bob")
    sid, reserved = reserve(alice, bob.jid)
    waiting = connect(lab, "alice", reserved[4])
    with lab.capture("alice", "eth0") as at_alice, lab.capture("bob", "eth0") as at_bob:
        sending = Task(send_all, a, 1, 64 << 20)
        b.recv(1 << 20)
        lab.stop("tandemd", "KILL")
        expect(lab.status("tandemd"), 128 + 9, "exit status of tandemd")
        # without its TAPs the kernel may have no address to answer from: it gets one, for the guard
        # alone to hold it back
        for port, address in (("eth1", RELAY_AT["alice"]), ("eth2", RELAY_AT["bob"])):
            lab.run("relay", "ip", "address", "add", f"{address}/24", "dev", port)
        for port, address in (("eth1", RELAY_AT6["alice"]), ("eth2", RELAY_AT6["bob"])):
            lab.run("relay", "sysctl", "-qw", f"net.ipv6.conf.{port}.disable_ipv6=0")
            lab.run("relay", "ip", "address", "add", f"{address}/64", "dev", port, "nodad")
        lab.run("relay", "ip", "address", "add", f"{reserved[6][0]}/128", "dev", "lo")

        def retransmitted():
            info = lab.run("alice", "ss", "-tino", f"sport = :{a.getsockname()[1]}").stdout
            return "backoff:" in info or "ESTAB" not in info

        until(retransmitted, "alice's kernel sends into the void")
        parked.sendall(b"probe")
        waiting.sendall(b"probe")
        for end in ((RELAY_AT["bob"], PORT), (RELAY_AT["bob"], reserved[4][1]), reserved[6]):
            try:
                connect(lab, "bob", end, timeout=3)
                raise AssertionError(f"somebody answers a SYN to {end} after tandemd is gone")
            except TimeoutError:
                pass

    relay = [(RELAY_AT[place], port) for place in ("alice", "bob") for port in (PORT, reserved[4][1])]
    for capture in (at_alice, at_bob):
        segments = read_segments(capture)
        sent = [s for s in segments if s.destination in relay]
        expect(any(s.has(SYN) for s in segments) or len(sent) > 10, True, "the capture saw the wire")
        resets = [s for s in segments if s.has(RST) and s.source in relay]
        expect(resets, [], "RSTs from the relay")

    for port in ("eth1", "eth2"):
        lab.run("relay", "ip", "address", "flush", "dev", port)
        lab.run("relay", "sysctl", "-qw", f"net.ipv6.conf.{port}.disable_ipv6=1")
    lab.run("relay", "ip", "address", "delete", f"{reserved[6][0]}/128", "dev", "lo")
    lab.start("tandemd")
    reaches(*splice(lab, alice, bob))
