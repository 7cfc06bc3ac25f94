#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A stranger who knows the sid does not get between two who name each other.

    alice    sid S, peer bob
    mallory  sid S, peer alice, or none: not paired
    bob      sid S, peer alice: paired
"""

from harness import Lab, expect_result, new_sid, reaches

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    mallory = lab.user("bob", "mallory@example.org/lab")
    sid = new_sid()
    a, b, m, n = lab.connect("alice"), lab.connect("bob"), lab.connect("bob"), lab.connect("bob")
    hers = alice.claim(a, sid, peer=bob.jid)
    mallory.claim(m, sid, peer=alice.jid)
    mallory.claim(n, sid)
    alice.unanswered(hers, 1)

    his = bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(hers))
    expect_result(bob.answer(his))
    reaches(a, b)
