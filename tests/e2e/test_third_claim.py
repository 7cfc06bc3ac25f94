#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two claims without a peer pair by their sid; a third of the same sid is a conflict.

    alice, bob   sid S, spliced
    carol        sid S -> conflict        the session goes on
"""

from harness import Lab, expect_error, expect_result, new_sid, reaches

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    carol = lab.user("bob", "carol@example.org/lab")
    sid = new_sid()
    a, b, c = lab.connect("alice"), lab.connect("bob"), lab.connect("bob")
    hers, his = alice.claim(a, sid), bob.claim(b, sid)
    expect_result(alice.answer(hers))
    expect_result(bob.answer(his))

    expect_error(carol.answer(carol.claim(c, sid)), "conflict", "cancel", "the third claim")
    reaches(a, b)
