#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A leg that nobody claims is reset after timers.claim, and not before.

    alice ---- SYN ----> relay
    alice <--- RST ----- relay        after timers.claim
"""

import time

from harness import Lab, expect_reset, expect_untouched, until

CLAIM = 2  # seconds

with Lab({"timers.claim": f"{CLAIM}s"}) as lab:
    started = time.monotonic()
    leg = lab.connect("alice")
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == 1, "the leg is counted")
    expect_reset(leg, "the unclaimed leg", timeout=CLAIM + 5)
    took = time.monotonic() - started
    if not CLAIM - 0.1 <= took <= CLAIM + 2:
        raise AssertionError(f"the leg was reset after {took:.1f} s, expected about {CLAIM}")
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == 0, "the leg is forgotten")
