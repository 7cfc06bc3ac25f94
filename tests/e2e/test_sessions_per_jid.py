#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A bare JID has at most limits.sessions_per_jid sessions and unpaired claims; one more is refused.

    alice/one, alice/two   2 unpaired claims        the third: resource-constraint
    bob                    not affected
"""

from harness import Lab, expect_error, expect_result, expect_untouched, new_sid, reaches

with Lab({"limits.sessions_per_jid": 2}) as lab:
    one, two = lab.user("alice", "alice@example.org/one"), lab.user("alice", "alice@example.org/two")
    bob = lab.user("bob")
    sids = [new_sid() for _ in range(3)]
    legs = [lab.connect("alice") for _ in sids]
    held = one.claim(legs[0], sids[0], peer=bob.jid), two.claim(legs[1], sids[1], peer=bob.jid)
    one.unanswered(held[0], 0.5)
    two.unanswered(held[1], 0)

    answer = one.answer(one.claim(legs[2], sids[2], peer=bob.jid))
    expect_error(answer, "resource-constraint", "wait", "the claim over the limit", limit="sessions_per_jid")
    expect_untouched(legs[0], "the first leg")
    expect_untouched(legs[1], "the second leg")

    b = lab.connect("bob")
    his = bob.claim(b, sids[0], peer=one.jid)
    expect_result(bob.answer(his))
    expect_result(one.answer(held[0]))
    reaches(legs[0], b)
