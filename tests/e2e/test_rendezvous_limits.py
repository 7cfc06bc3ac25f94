#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who may reserve, how much, and for whom.

    alice@example.org, bob@example.org     allowed: two reservations each
    eve@example.net, from elsewhere        may not reserve; may use what alice reserved for her
    mallory@example.org                    denied: not even that
"""

from harness import Lab, exchange, expect, expect_error, expect_result, new_sid
from rendezvous import claim, connect, query, reserve

SETTINGS = {
    "services.rendezvous": "{}",
    "limits.reservations_per_jid": 2,
    "access.deny": "[mallory@example.org]",
    "timers.reserve": "1h",
}

with Lab(SETTINGS) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    eve = lab.user("bob", "eve@example.net/lab")
    mallory = lab.user("bob", "mallory@example.org/lab")

    def forbidden(user, answer):
        expect_error(answer, "forbidden", "auth", f"{user.jid}", limit="access")

    # eve may not by herself
    forbidden(eve, eve.iq(query("A01", alice.jid), "get"))
    # alice names her: she may ask for that again, connect and claim
    sid, ends = reserve(alice, eve.jid)
    expect(reserve(eve, alice.jid, sid), (sid, ends), "eve's query")
    forbidden(eve, eve.iq(query(sid, bob.jid), "get"))
    forbidden(eve, eve.iq(query(new_sid(), alice.jid), "get"))
    legs = [connect(lab, place, ends[4]) for place in ("alice", "bob")]
    forbidden(eve, eve.answer(claim(eve, legs[1], new_sid(), alice.jid)))
    forbidden(eve, eve.answer(claim(eve, legs[1], sid, bob.jid)))
    ids = [claim(eve, legs[1], sid, alice.jid), claim(alice, legs[0], sid, eve.jid)]
    expect_result(eve.answer(ids[0]), "eve's claim")
    expect_result(alice.answer(ids[1]), "alice's claim")
    exchange(*legs)
    # it was used: she is a stranger again
    forbidden(eve, eve.iq(query(sid, alice.jid), "get"))

    # mallory is denied, whoever names him
    sid, ends = reserve(alice, mallory.jid)
    leg = connect(lab, "bob", ends[4])
    forbidden(mallory, mallory.answer(claim(mallory, leg, sid, alice.jid)))
    forbidden(mallory, mallory.iq(query(sid, alice.jid), "get"))

    # a third one of alice's is refused, by whichever of her clients; what there is can be renewed
    other = lab.user("alice", "alice@example.org/other")
    reserve(other, bob.jid)
    for user in (alice, other):
        answer = user.iq(query(new_sid(), bob.jid), "get")
        expect_error(answer, "resource-constraint", "wait", "one too many", limit="reservations_per_jid")
    expect(lab.metric("tandem_refusals_total", limit="reservations_per_jid"), 2, "refusals")
    expect(reserve(alice, mallory.jid, sid), (sid, ends), "a renewal")
    reserve(bob, alice.jid)  # it is his
    expect(lab.metric("tandem_reservations"), 3, "reservations")
