#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A new claim by the same JID for the same sid replaces the one still unpaired.

    alice  connect 1, claim  -> conflict, leg 1 reset
    alice  connect 2, claim  -> result, with bob
"""

from harness import Lab, expect, expect_error, expect_reset, expect_result, new_sid, reaches

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    sid = new_sid()
    first, second, b = lab.connect("alice"), lab.connect("alice"), lab.connect("bob")
    old = alice.claim(first, sid, peer=bob.jid)
    alice.unanswered(old, 0.5)
    new = alice.claim(second, sid, peer=bob.jid)
    expect_error(alice.answer(old), "conflict", "cancel", "the replaced claim")
    expect_reset(first, "the leg of the replaced claim")

    his = bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(new), "the new claim")
    expect_result(bob.answer(his))
    reaches(second, b)
    expect(len(alice.answers[old]), 1, "answers to the replaced claim")
    expect(lab.metric("tandem_sessions_closed_total", reason="replaced"), 1, "reason counted")
