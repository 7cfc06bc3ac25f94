#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""One source has at most limits.legs_per_source unclaimed legs; a further one is not taken.

    alice  8 legs, a ninth: no answer, or a RST        bob  connects as ever
"""

from harness import Lab, expect, expect_reset, expect_untouched, until

LIMIT = 8

with Lab({"limits.legs_per_source": LIMIT}) as lab:
    legs = [lab.connect("alice") for _ in range(LIMIT)]
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == LIMIT, "the legs are counted")
    refused = (ConnectionResetError, ConnectionRefusedError, TimeoutError)
    try:
        expect_reset(lab.connect("alice", timeout=2), "the leg over the limit", timeout=2)
    except refused:
        pass
    expect(lab.metric("tandem_legs", state="unclaimed"), LIMIT, "unclaimed legs")
    if lab.metric("tandem_dropped_packets_total", reason="legs_per_source") < 1:
        raise AssertionError("the dropped SYN is not counted")
    lab.connect("bob")
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == LIMIT + 1, "bob's leg is counted")

    # a place that becomes free is given again
    lab.kill_peer(legs.pop())
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == LIMIT, "the reset leg is gone")
    again = lab.connect("alice", timeout=5)
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == LIMIT + 1, "its place is taken")
    expect_untouched(again, "the leg in its place")
