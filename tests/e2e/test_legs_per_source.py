#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One source has at most limits.legs_per_source unclaimed legs; its further SYNs are dropped.

    alice  8 legs, a ninth: no answer        bob  connects as ever
"""

from harness import Lab, expect, until

LIMIT = 8

with Lab({"limits.legs_per_source": LIMIT}) as lab:
    legs = [lab.connect("alice") for _ in range(LIMIT)]
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == LIMIT, "the legs are counted")
    try:
        lab.connect("alice", timeout=2)
        raise AssertionError("a leg over the limit was accepted")
    except TimeoutError:
        pass
    if lab.metric("tandem_dropped_packets_total", reason="legs") < 1:
        raise AssertionError("the dropped SYN is not counted")
    lab.connect("bob")

    # a place that becomes free is given again
    lab.kill_peer(legs.pop())
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == LIMIT, "the reset leg is gone")
    lab.connect("alice", timeout=5)
