#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A claim by another JID on a leg already claimed resets the leg; both get conflict.

    alice    connect, claim       -> conflict, RST
    mallory  claims alice's leg   -> conflict
"""

from harness import Lab, expect_error, expect_reset, new_sid

with Lab() as lab:
    alice, mallory = lab.user("alice"), lab.user("bob", "mallory@example.org/lab")
    leg = lab.connect("alice")
    hers = alice.claim(leg, new_sid(), peer="bob@example.org/lab")
    alice.unanswered(hers, 0.5)
    theirs = mallory.claim(leg, new_sid(), peer="bob@example.org/lab")
    expect_error(alice.answer(hers), "conflict", "cancel", "the first claim")
    expect_error(mallory.answer(theirs), "conflict", "cancel", "the second claim")
    expect_reset(leg, "the leg claimed twice")
