#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The same sid used by two couples that name their peers joins and blocks nobody.

    alice - bob     sid S
    carol - mallory sid S
"""

from harness import Lab, expect_result, new_sid, reaches

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    carol, mallory = lab.user("alice", "carol@example.org/x"), lab.user("bob", "mallory@example.org/x")
    sid = new_sid()
    legs = [lab.connect(place) for place in ("alice", "alice", "bob", "bob")]
    claims = [
        (alice, alice.claim(legs[0], sid, peer=bob.jid)),
        (carol, carol.claim(legs[1], sid, peer=mallory.jid)),
        (mallory, mallory.claim(legs[3], sid, peer=carol.jid)),
        (bob, bob.claim(legs[2], sid, peer=alice.jid)),
    ]
    for user, id in claims:
        expect_result(user.answer(id), user.jid)
    reaches(legs[0], legs[2], b"alice and bob")
    reaches(legs[1], legs[3], b"carol and mallory")
