#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""With services.endpoint.strict only claims of all four values and with a peer are taken.

    alice, bob  rules b and c, or no peer -> forbidden        the legs stay as they are
"""

from harness import Lab, expect_error, expect_result, expect_untouched, new_sid, reaches

with Lab({"services.endpoint": "{port: 4000, strict: true}"}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()
    for options in ({"rule": "b", "peer": bob.jid}, {"rule": "c", "peer": bob.jid}, {"rule": "a"}):
        answer = alice.answer(alice.claim(a, sid, **options))
        expect_error(answer, "forbidden", "auth", f"a claim with {options}", limit="strict")
    expect_untouched(a, "alice's leg")

    sid = new_sid()  # for a short while a claim that failed fails its partner too
    ids = alice.claim(a, sid, peer=bob.jid), bob.claim(b, sid, peer=alice.jid)
    expect_result(bob.answer(ids[1]))
    expect_result(alice.answer(ids[0]))
    reaches(a, b)
