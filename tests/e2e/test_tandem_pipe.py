#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`tandem pipe` carries both ways, honours the half-close, and calls what was cut cut; by relay and
directly.

    bob$ tandem pipe alice@... <==== relay ====> alice$ tandem pipe --from bob
"""

import re
import subprocess
import time

from harness import Lab, Peer, expect, fail, make_file, until

SIZE = (4 << 20) + 13
PIPE = subprocess.PIPE


def pipes(lab, giving, getting):
    """bob's pipe to alice's, each with the stdin given, both connected."""
    alice = Peer(lab, "alice", "pipe", "--from", "bob@example.org", stdin=getting)
    until(lambda: "ready " in alice.err.read_text(), "alice's pipe is ready")
    jid = re.search(r"ready (\S+)", alice.err.read_text())[1]
    bob = Peer(lab, "bob", "pipe", way, jid, stdin=giving)
    for peer in alice, bob:
        until(lambda: "connected with" in peer.err.read_text() or peer.child.poll(), "connected")
    return alice, bob


def echoes(lab):
    """Small writes go through at once, each in turn."""
    alice, bob = pipes(lab, PIPE, PIPE)
    said, trips = b"", []
    for number in range(200):
        for one, other in ((bob, alice), (alice, bob)):
            before, line = len(other.out.read_bytes()), b"%d\n" % number
            start = time.monotonic()
            one.child.stdin.write(line)
            one.child.stdin.flush()
            until(lambda: len(other.out.read_bytes()) >= before + len(line), "the echo", interval=0.001)
            trips.append(time.monotonic() - start)
        said += line
    # alice goes on after bob's end
    bob.child.stdin.close()
    time.sleep(0.5)
    expect(alice.child.poll(), None, "alice's pipe goes on after bob's end")
    alice.child.stdin.write(b"the last word\n")
    alice.child.stdin.close()
    bob.expect(0)
    alice.expect(0)
    expect(alice.out.read_bytes(), said, "what alice got")
    expect(bob.out.read_bytes(), said + b"the last word\n", "what bob got")
    # a write that waits for an acknowledgement of the one before takes 40 ms or more
    median = sorted(trips)[len(trips) // 2]
    expect(median < 0.02, True, f"the median of {len(trips)} one-way trips, {median * 1000:.1f} ms, is short")


def bulk(lab):
    ways = [make_file(lab.dir / f"way{seed}", SIZE, seed) for seed in (1, 2)]
    alice, bob = pipes(lab, open(ways[0], "rb"), open(ways[1], "rb"))
    bob.expect(0, 60)
    alice.expect(0, 60)
    expect(alice.out.read_bytes() == ways[0].read_bytes(), True, "bob's bytes at alice")
    expect(bob.out.read_bytes() == ways[1].read_bytes(), True, "alice's bytes at bob")


def killed(lab):
    """A killed partner's kernel closes cleanly: that is no end."""
    alice, bob = pipes(lab, PIPE, PIPE)
    bob.child.stdin.write(b"half of")
    bob.child.stdin.flush()
    until(lambda: alice.out.read_bytes() == b"half of", "what bob said")
    bob.child.kill()
    bob.wait()
    alice.expect(5, 40)


def stopped(lab):
    """One who is asked to stop says so to the other."""
    alice, bob = pipes(lab, PIPE, PIPE)
    bob.child.terminate()
    bob.expect(143)
    alice.expect(5)
    if "gave up" not in (text := alice.err.read_text()):
        fail(text)


with Lab() as lab:
    for way in "--no-direct", "--direct":
        before = lab.metric("tandem_relayed_bytes_total")
        for test in echoes, bulk, killed, stopped:
            test(lab)
        relayed = lab.metric("tandem_relayed_bytes_total") > before
        expect(relayed, way == "--no-direct", f"whether bytes went through the relay with {way}")
