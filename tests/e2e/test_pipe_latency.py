#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the relay adds to an interactive exchange, over the same way through a kernel that forwards:
at most 0.1 ms in the median.

    bob$ tandem pipe ==== switch ====+==== relay =====+==== switch ==== alice$ tandem pipe | grep ""
    bob$ tandem pipe --direct =======+==== router ====+================ alice$ tandem pipe | grep ""

Two pairs of the same program, on the same machines, wires and switches; only the box in the middle
differs.  An echo goes by either in turn: a line in one to three small writes, which comes back when
it is whole.  So a write that waits for the acknowledgement of the one before stalls it, for 40 ms.
"""

import random
import re
import statistics
import subprocess
import time

from harness import Lab, Peer, expect, fail, until

ECHOES = 2000  # by each way
ADDED_MS = 0.1  # at most, in the median
STALL_MS = 20
PIPE = subprocess.PIPE


def add_router(lab):
    """A kernel that forwards beside the relay, on its wires."""
    lab.add_place("router")
    lab.sysctl("router", ip_forward=1)
    for user, net in ("alice", "192.0.2"), ("bob", "198.51.100"):
        name = lab.namespace("router")
        lab.batch("wire", f"link add {user}-router type veth peer name {user} netns {name}\n")
        lab.batch("wire", f"link set {user}-router master {user}-relay up\n")
        lab.batch("router", f"link set {user} up\naddress add {net}.254/24 dev {user}\n")
    lab.batch("alice", "route add 198.51.100.1 via 192.0.2.254\nroute add unreachable 203.0.113.3\n")
    lab.batch("bob", "route add 192.0.2.1 via 198.51.100.254\n")


def forwarded(lab):
    """Packets the router has let through."""
    names, values = [
        line.split()[1:] for line in lab.run("router", "cat", "/proc/net/snmp").stdout.splitlines() if line[:3] == "Ip:"
    ]
    return int(dict(zip(names, values))["ForwDatagrams"])


class Pair:
    """bob's pipe to alice's, behind which grep(1) says every line again."""

    def __init__(self, lab, way, resource):
        echo = subprocess.Popen(["grep", "--line-buffered", ""], stdin=PIPE, stdout=PIPE)
        lab.children.append(echo)
        who = "--resource", resource, "--from", "bob@example.org"
        alice = Peer(lab, "alice", "pipe", *who, stdin=echo.stdout, stdout=echo.stdin)
        echo.stdin.close()
        echo.stdout.close()
        until(lambda: "ready " in alice.err.read_text(), "alice's pipe is ready")
        jid = re.search(r"ready (\S+)", alice.err.read_text())[1]
        bob = Peer(lab, "bob", "pipe", way, jid, stdin=PIPE, stdout=PIPE)
        until(lambda: "connected with" in bob.err.read_text() or bob.child.poll(), "bob's pipe is connected")
        self.alice, self.bob = alice, bob
        self.trips_ms = []

    def echo(self, pieces):
        """There and back; the time it takes is noted."""
        said, heard = b"".join(pieces), b""
        begun = time.perf_counter()
        for piece in pieces:
            self.bob.child.stdin.write(piece)
            self.bob.child.stdin.flush()
        while len(heard) < len(said):
            if not (block := self.bob.child.stdout.read1(65536)):
                fail(self.bob.err.read_text())
            heard += block
        self.trips_ms.append((time.perf_counter() - begun) * 1000)
        expect(heard, said, "the echo")

    def end(self):
        self.bob.child.stdin.close()
        expect(self.bob.child.stdout.read(), b"", "what comes after the last echo")
        self.bob.expect(0)
        self.alice.expect(0)


with Lab({"dataplane.idle": "poll"}, wire="switch", bob_wire="switch") as lab:
    add_router(lab)
    relayed, routed = Pair(lab, "--no-direct", "relayed"), Pair(lab, "--direct", "routed")
    before = lab.metric("tandem_relayed_packets_total"), forwarded(lab)
    chance = random.Random(1)
    turns = [(relayed, routed), (routed, relayed)]
    for number in range(ECHOES):
        pieces = [b"x" * chance.randint(1, 100) for _ in range(chance.randint(1, 3))]
        pieces[-1] += b"\n"
        for pair in turns[number % 2]:
            pair.echo(pieces)
            time.sleep(0.0005)  # as somebody who types: each echo finds the way idle
    after = lab.metric("tandem_relayed_packets_total"), forwarded(lab)
    for what, packets in zip(("relayed", "routed"), (now - then for then, now in zip(before, after))):
        expect(packets >= 2 * ECHOES, True, f"whether {packets:.0f} packets were {what}: two an echo at least")
    medians = {}
    for what, pair in ("relayed", relayed), ("routed", routed):
        pair.end()
        trips = sorted(pair.trips_ms)
        medians[what] = statistics.median(trips)
        stalled = sum(trip >= STALL_MS for trip in trips)
        print(f"{what}: median {medians[what]:.3f} ms, 99 % {trips[len(trips) * 99 // 100]:.3f} ms, {stalled} stalls")
        if what == "relayed" and stalled > ECHOES // 100:
            fail(f"{stalled} of {ECHOES} echoes stalled")
    added = medians["relayed"] - medians["routed"]
    expect(added <= ADDED_MS, True, f"the relay adds {added:.3f} ms, at most {ADDED_MS}")
