#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Where a claim fits two legs the answer is conflict, never a guess; neither leg is harmed.

    alice 192.0.2.1:P     --\\
                             +--> relay 192.0.2.10:4000      a claim of (192.0.2.10, P) fits both
    bob   198.51.100.1:P  --/
"""

from harness import Lab, expect_error, expect_result, expect_untouched, new_sid, reaches, until

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a = lab.connect("alice", "192.0.2.10")
    b = lab.connect("bob", "192.0.2.10", source_port=a.getsockname()[1])
    until(lambda: lab.metric("tandem_legs", state="unclaimed") == 2, "both legs are there")

    answer = alice.answer(alice.claim(a, new_sid(), peer=bob.jid, rule="c"))
    expect_error(answer, "conflict", "cancel", "the claim that fits two legs")
    expect_untouched(a, "alice's leg")
    expect_untouched(b, "bob's leg")

    sid = new_sid()
    ids = alice.claim(a, sid, peer=bob.jid), bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(ids[0]))
    expect_result(bob.answer(ids[1]))
    reaches(a, b)
