#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Claims of 2002 work: by the client's own end (rule b), and as the samples read (rule c).

    alice  <endpoint ip='192.0.2.1' port='P'/>          her own end
    bob    <endpoint ip='198.51.100.10' port='P'/>      the relay's address, his own port
"""

from harness import Lab, expect_result, new_sid, reaches

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()
    hers, his = alice.claim(a, sid, rule="b"), bob.claim(b, sid, rule="c")
    expect_result(alice.answer(hers), "rule b")
    expect_result(bob.answer(his), "rule c")
    reaches(a, b)
