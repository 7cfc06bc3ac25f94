#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Legs unlike each other are relayed all the same: options on one side only, a small MSS.

    alice -- relay -- bob      timestamps, SACK and window scaling switched on and off at either
                               end; an MSS below the relay's, told by either end
"""

from harness import RELAY_AT, RELAY_AT6, Lab, Task, digest, expect, receive, send_all, splice
from wire import read_segments

SIZE = 4 << 20
MSS = 700
OPTIONS = ("timestamps", "sack", "window_scaling")

# what alice has and bob has: t, s and w for the options above
UNLIKE = (("tsw", "sw"), ("sw", "tsw"), ("tsw", "tw"), ("tw", "tsw"), ("tsw", "ts"), ("ts", "tsw"),
          ("tsw", ""), ("", "tsw"), ("t", "sw"), ("sw", "t"), ("", ""))


def switch(lab, place, has):
    for option in OPTIONS:
        value = int(option[0] in has)
        lab.run(place, "sh", "-c", f"echo {value} >/proc/sys/net/ipv4/tcp_{option}")


def both_ways(a, b, what):
    readers = [Task(receive, a), Task(receive, b)]
    senders = [Task(send_all, a, 1, SIZE), Task(send_all, b, 2, SIZE)]
    for sender in senders:
        sender.result()
    expect(readers[0].result(), (SIZE, digest(2, SIZE)), f"{what}: what alice read")
    expect(readers[1].result(), (SIZE, digest(1, SIZE)), f"{what}: what bob read")
    a.close()
    b.close()


with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    for hers, his in UNLIKE:
        switch(lab, "alice", hers)
        switch(lab, "bob", his)
        both_ways(*splice(lab, alice, bob), f"'{hers}' and '{his}'")
        both_ways(*splice(lab, alice, bob, relays=(RELAY_AT["alice"], RELAY_AT6["bob"])),
                  f"'{hers}' over IPv4 and '{his}' over IPv6")
    for place in ("alice", "bob"):
        switch(lab, place, "tsw")

    # a small MSS, told by one end: the other's segments are cut
    for place in ("alice", "bob"):
        lab.run(place, "ip", "route", "change", f"{RELAY_AT[place].rsplit('.', 1)[0]}.0/24",
                "dev", "eth0", "advmss", str(MSS))
        with lab.capture(place, "eth0") as capture:
            both_ways(*splice(lab, alice, bob), f"an MSS of {MSS} told by {place}")
        segments = read_segments(capture)
        came = [s for s in segments if s.source[0] == RELAY_AT[place]]
        expect([s for s in came if len(s.payload) > MSS - 12], [], f"segments over {place}'s MSS")
        expect([s for s in segments if not s.valid], [], f"bad checksums at {place}")
    expect(lab.metric("tandem_dropped_packets_total", reason="checksum"), 0, "bad checksums")
    expect(lab.metric("tandem_dropped_packets_total", reason="too_big"), 0, "what was not cut")
