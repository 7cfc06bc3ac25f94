#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Only those whom `access` allows get anything: not a foreign domain, not one on the deny list.

    alice@example.org    allowed        eve@example.net      another domain: forbidden
    bob@example.org      allowed        mallory@example.org  denied: forbidden
"""

from harness import Lab, expect_error, expect_result, new_sid, reaches, splice

ADDRESS = "<query xmlns='whoknows'/>"

with Lab({"access.deny": "[mallory@example.org]"}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    eve = lab.user("alice", "eve@example.net/lab")
    mallory = lab.user("bob", "mallory@example.org/lab")
    for stranger, place in ((eve, "alice"), (mallory, "bob")):
        leg = lab.connect(place)
        answer = stranger.answer(stranger.claim(leg, new_sid(), peer=alice.jid))
        expect_error(answer, "forbidden", "auth", f"a claim by {stranger.jid}", limit="access")
        answer = stranger.iq(ADDRESS, "get")
        expect_error(answer, "forbidden", "auth", f"an address query by {stranger.jid}", limit="access")
    expect_result(alice.iq(ADDRESS, "get"))
    reaches(*splice(lab, alice, bob))
