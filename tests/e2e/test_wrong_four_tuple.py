#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A claim that names no connection is answered item-not-found after timers.match.

    alice  connects from P, claims from another port: all four values must fit
"""

import time

from harness import Lab, expect_error, expect_untouched, new_sid

MATCH = 1  # seconds

with Lab({"timers.match": f"{MATCH}s"}) as lab:
    alice = lab.user("alice")
    leg = lab.connect("alice")
    (ip, port), relay = leg.getsockname(), leg.getpeername()
    wrong = {
        "own port": ((ip, port ^ 1), relay),
        "own address": (("192.0.2.2", port), relay),
        "relay address": ((ip, port), ("198.51.100.10", relay[1])),
        "relay port": ((ip, port), (relay[0], 4001)),
    }
    started = time.monotonic()
    asked = {what: alice.claim(four, new_sid(), peer="bob@example.org/lab") for what, four in wrong.items()}
    for what, id in asked.items():
        answer = expect_error(alice.answer(id), "item-not-found", "cancel", f"claim with another {what}")
        took = answer.when - started
        if not MATCH - 0.2 <= took <= MATCH + 2:
            raise AssertionError(f"{what}: answered after {took:.1f} s, expected about {MATCH}")
    expect_untouched(leg, "the leg nobody named")
