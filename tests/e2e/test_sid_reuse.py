#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A sid may be used again once its session is over, with and without a peer.

    alice, bob   sid S: spliced, bytes, FIN both ways
    alice, bob   sid S: spliced again
"""

from harness import Lab, exchange, expect_result, new_sid

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    for peers in (True, False):
        sid = new_sid()
        for turn in range(3):
            a, b = lab.connect("alice"), lab.connect("bob")
            hers = alice.claim(a, sid, peer=bob.jid if peers else None)
            his = bob.claim(b, sid, peer=alice.jid if peers else None)
            expect_result(alice.answer(hers), f"turn {turn}, peers {peers}")
            expect_result(bob.answer(his), f"turn {turn}, peers {peers}")
            exchange(a, b)
