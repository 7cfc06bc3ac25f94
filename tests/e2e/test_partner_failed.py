#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Where one's claim has failed, the partner's fails at once: he need not wait for one who has gone.

    alice  claims a leg that is not there -> item-not-found, after timers.match
    bob    connects, claims -> an error at once
"""

from harness import Lab, expect, expect_error, new_sid

with Lab({"timers.match": "1s", "timers.pair": "60s"}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    sid, b = new_sid(), lab.connect("bob")
    nowhere = (("192.0.2.1", 1), ("192.0.2.10", 4000))
    hers = alice.claim(nowhere, sid, peer=bob.jid)
    expect_error(alice.answer(hers), "item-not-found", "cancel", "a claim without a leg")
    his = bob.answer(bob.claim(b, sid, peer=alice.jid), 1)
    expect(his.type, "error", "the partner's claim")
