#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A claimed leg whose partner does not come: remote-server-timeout, and the leg is reset.

    alice  connect, claim ... remote-server-timeout, RST        after timers.pair
    bob    (nothing)
"""

import time

from harness import Lab, expect_error, expect_reset, expect, new_sid

PAIR = 2  # seconds

with Lab({"timers.pair": f"{PAIR}s", "timers.claim": "1s"}) as lab:
    alice = lab.user("alice")
    leg = lab.connect("alice")
    started = time.monotonic()
    answer = alice.answer(alice.claim(leg, new_sid(), peer="bob@example.org/lab"), PAIR + 5)
    expect_error(answer, "remote-server-timeout", "wait")
    took = answer.when - started
    if not PAIR - 0.2 <= took <= PAIR + 2:
        raise AssertionError(f"answered after {took:.1f} s, expected about {PAIR}")
    expect_reset(leg, "the claimed leg", timeout=5)
    expect(lab.metric("tandem_sessions_closed_total", reason="no_partner"), 1, "reason counted")
