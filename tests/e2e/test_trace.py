#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The trace of one session: window 0 first, nothing before activation, valid checksums, no RST.

    tcpdump at alice's eth0        alice ==== relay ==== bob        tcpdump at bob's eth0
"""

import time

from harness import (
    PORT, RELAY_AT, HOME, Lab, Task, expect, expect_result, fail, new_sid, receive, send_all, until,
)
from wire import ACK, FIN, RST, SYN, read_segments

SIZE = 1 << 20
EARLY = b"early" * 20


def session(lab, alice, bob):
    """One session with early data and half-close; returns when the second claim was sent."""
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()
    a.sendall(EARLY)
    hers = alice.claim(a, sid, peer=bob.jid)
    alice.unanswered(hers, 1.5)
    activated = time.time()
    his = bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(hers))
    expect_result(bob.answer(his))
    expect(b.recv(len(EARLY), 0x100), EARLY, "the early bytes")  # MSG_WAITALL
    reading = Task(receive, b)
    send_all(a, 1, SIZE)
    expect(reading.result()[0], SIZE, "bytes to bob")
    reading = Task(receive, a)
    send_all(b, 2, SIZE)
    expect(reading.result()[0], SIZE, "bytes to alice behind her FIN")
    return activated


def check_handshake(place, segments):
    relay = (RELAY_AT[place], PORT)
    answers = [s for s in segments if s.source == relay and s.has(SYN)]
    if not answers:
        fail(f"{place}: no SYN|ACK")
    for s in answers:
        expect(s.window, 0, f"{place}: window in the SYN|ACK")
        expect(s.flags, SYN | ACK, f"{place}: flags of the SYN|ACK")
        expect(s.options.get(2), (1400).to_bytes(2, "big"), f"{place}: MSS")
        expect(s.options.get(3), b"\x08", f"{place}: window scale")
        expect(s.options.get(4), b"", f"{place}: SACK-permitted")
        expect(len(s.options.get(8, b"")), 8, f"{place}: bytes of timestamps")
        expect(set(s.options), {2, 3, 4, 8}, f"{place}: kinds of options")


def check_segments(place, segments, activated):
    relay, own = (RELAY_AT[place], PORT), HOME[place]
    bad = [s for s in segments if not s.valid]
    expect(bad, [], f"{place}: segments with a bad checksum")
    expect([s for s in segments if s.has(RST)], [], f"{place}: resets")
    before = [s for s in segments if s.source == relay and s.time < activated]
    expect([s for s in before if s.window], [], f"{place}: open windows before activation")
    expect([s for s in before if s.payload], [], f"{place}: payload before activation")
    stamps = [int.from_bytes(s.options[8][:4], "big") for s in before]
    expect(len(set(stamps)) <= 1, True, f"{place}: one TSval while parked")
    if not any(s.payload for s in segments if s.source == relay):
        fail(f"{place}: no payload in the trace")
    passed = {s.ttl for s in segments if s.source == relay and s.payload}
    expect(passed, {63}, f"{place}: TTL of what another host sent with 64")
    largest = max(len(s.payload) for s in segments)
    if largest > 1400:
        fail(f"{place}: a segment of {largest} bytes, over the MSS told")
    for side in (relay[0], own):
        fins = [s for s in segments if s.has(FIN) and s.source[0] == side]
        expect(bool(fins), True, f"{place}: a FIN from {side}")


def check_half_close(segments):
    """At alice: bytes come in order behind her FIN, and their FIN comes last."""
    own = HOME["alice"]
    fin = next(s for s in segments if s.has(FIN) and s.source[0] == own)
    behind = [s for s in segments if s.time > fin.time and s.source[0] != own and s.payload]
    if sum(len(s.payload) for s in behind) < SIZE:
        fail("alice's FIN stopped bob")


def both_fins(capture):
    """tcpdump may end before it has read what came last."""
    return len({s.source for s in read_segments(capture) if s.has(FIN)}) == 2


with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    with lab.capture("alice", "eth0") as at_alice, lab.capture("bob", "eth0") as at_bob:
        activated = session(lab, alice, bob)
        for capture in (at_alice, at_bob):
            until(lambda: both_fins(capture), "both FINs are in the trace", interval=0.5)
    for place, capture in (("alice", at_alice), ("bob", at_bob)):
        segments = read_segments(capture)
        check_handshake(place, segments)
        check_segments(place, segments, activated)
    check_half_close(read_segments(at_alice))
