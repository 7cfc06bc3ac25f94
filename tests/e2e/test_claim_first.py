#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A claim may come before its leg: it waits, and the leg that then connects is taken.

    alice  claim(own port P) ... connect from P
    bob    connect, claim
"""

from harness import HOME, Lab, PORT, RELAY_AT, expect_result, new_sid, reaches

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    sid = new_sid()
    a = lab.socket("alice")
    four = ((HOME["alice"], a.getsockname()[1]), (RELAY_AT["alice"], PORT))
    hers = alice.claim(four, sid, peer=bob.jid)
    alice.unanswered(hers, 1)

    a.connect(four[1])
    b = lab.connect("bob")
    his = bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(hers), "the claim before the leg")
    expect_result(bob.answer(his), "the partner's claim")
    reaches(a, b)
