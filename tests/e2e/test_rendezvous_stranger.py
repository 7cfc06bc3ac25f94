#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A stranger at a reserved address: two who cannot be told from him get `conflict`, and he gets nothing.

    alice ---- connects, claims ----> reserved <---- connects, claims ---- bob
                                      address  <---- connects ------------ stranger, in bob's network

    who gives all four values from the whole internet's addresses is known, and meets all the same
"""

import itertools

from harness import Lab, exchange, expect, expect_error, expect_reset, expect_result, fail
from rendezvous import ON6, claim, connect, meet, reserve, route


def conflict(lab, alice, bob, family, order):
    """The stranger connects as the n-th of the three."""
    sid, ends = reserve(alice, bob.jid)
    legs = {who: connect(lab, place, ends[family]) for who, place in order}
    ids = [claim(alice, legs["alice"], sid, bob.jid), claim(bob, legs["bob"], sid, alice.jid)]
    expect_error(alice.answer(ids[0]), "conflict", "cancel", "alice's claim")
    expect_error(bob.answer(ids[1]), "conflict", "cancel", "bob's claim")
    for who, leg in legs.items():
        expect_reset(leg, f"the leg of {who}")


def stranger_alone(lab, alice, bob):
    """Alice's connection goes, the stranger's stays: bob does not get the stranger for her.  At new
    addresses they meet."""
    sid, ends = reserve(alice, bob.jid)
    hers, strange = connect(lab, "alice", ends[4]), connect(lab, "bob", ends[4])
    id = claim(alice, hers, sid, bob.jid)
    alice.unanswered(id, 0.3)
    lab.kill_peer(hers)
    expect_error(alice.answer(id), "item-not-found", "cancel", "alice's claim")
    expect_reset(strange, "the stranger's leg")
    try:
        connect(lab, "bob", ends[4])
        fail("the address takes a connection")
    except ConnectionRefusedError:
        pass
    exchange(*meet(lab, alice, bob, sid=sid))


def told(lab, alice, bob, family):
    sid, ends = reserve(alice, bob.jid)
    strange = connect(lab, "bob", ends[family])
    legs = [connect(lab, place, ends[family]) for place in ("alice", "bob")]
    ids = [alice.claim(legs[0], sid, peer=bob.jid), bob.claim(legs[1], sid, peer=alice.jid)]
    expect_result(alice.answer(ids[0]), "alice's claim")
    expect_result(bob.answer(ids[1]), "bob's claim")
    expect_reset(strange, "the stranger's leg")
    exchange(*legs)


with Lab({"services.rendezvous": ON6}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    route(lab, "alice", "bob")
    three = (("alice", "alice"), ("bob", "bob"), ("stranger", "bob"))
    for number, order in enumerate(itertools.permutations(three)):
        conflict(lab, alice, bob, (4, 6)[number % 2], order)
    stranger_alone(lab, alice, bob)
    told(lab, alice, bob, 4)
    told(lab, alice, bob, 6)
    expect(lab.metric("tandem_sessions_closed_total", reason="conflict"), 12, "claims in conflict")
