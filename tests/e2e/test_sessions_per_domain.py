#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A domain has at most limits.sessions_per_domain; each refusal is counted by what refused it.

    example.org   2: one between alice and bob       a third: resource-constraint
    example.net   not affected                       mallory is denied: forbidden
"""

from harness import Lab, expect, expect_error, new_sid, reaches, splice

settings = {
    "limits.sessions_per_domain": 2,
    "access.allow": "[example.org, example.net]",
    "access.deny": "[mallory@example.org]",
}
with Lab(settings) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    carol = lab.user("alice", "carol@example.org/lab")
    eve, mallory = lab.user("bob", "eve@example.net/lab"), lab.user("bob", "mallory@example.org/lab")
    legs = splice(lab, alice, bob)

    def refused(user, place, condition, kind, limit):
        leg = lab.connect(place)
        answer = user.answer(user.claim(leg, new_sid(), peer=alice.jid))
        expect_error(answer, condition, kind, f"a claim of {user.jid}", limit)
        lab.kill_peer(leg)

    def refusals():
        limits = "access", "sessions", "sessions_per_jid", "sessions_per_domain", "volume_per_jid"
        return [int(lab.metric("tandem_refusals_total", limit=limit)) for limit in limits]

    refused(carol, "alice", "resource-constraint", "wait", "sessions_per_domain")
    expect(refusals(), [0, 0, 0, 1, 0], "refusals")
    refused(mallory, "bob", "forbidden", "auth", "access")
    expect(refusals(), [1, 0, 0, 1, 0], "refusals")
    leg = lab.connect("bob")
    eve.unanswered(eve.claim(leg, new_sid(), peer=alice.jid), 0.5)
    reaches(*legs)
    lab.kill_peer(leg)
