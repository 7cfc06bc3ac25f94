#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Rendezvous addresses bring together two who are both behind NATs, or behind one; with no option of
tandem's, and with the least that another client may say.

    alice --- nat0 --- relay --- nat1 --- bob        alice ---+--- nat0 --- relay
                                                     bob -----+

The NATs draw every source port at random, and the one lets nothing pass between its users: so there
is no direct way, and by the proposal's own rules none through the relay either.
"""

from harness import WHOKNOWS, Lab, Peer, digest, exchange, expect, expect_result, make_file, receiver
from rendezvous import ON, connect, reserve

SIZE = (1 << 20) + 5


def scripted(lab, alice, bob, whole):
    """By all four values, with a source that is private; or by the address connected to alone."""
    sid, ends = reserve(alice, bob.jid)
    expect(reserve(bob, alice.jid, sid), (sid, ends), "the same for the other")
    legs = connect(lab, "alice", ends[4]), connect(lab, "bob", ends[4])
    least = f"<query xmlns='{WHOKNOWS}' sid='{sid}'><endpoint ip='%s' port='%d'/></query>" % ends[4]
    ids = [
        user.claim(leg, sid, peer=peer.jid) if whole else user.ask(least)
        for leg, user, peer in zip(legs, (alice, bob), (bob, alice))
    ]
    for id, user in zip(ids, (alice, bob)):
        expect_result(user.answer(id), f"{user.jid}'s claim")
    exchange(*legs)


def a_file(lab):
    file = make_file(lab.dir / "file", SIZE)
    getting = receiver(lab, lab.dir / "in")
    giving = Peer(lab, "bob", "send", file, getting.jid)
    giving.expect(0, 40)
    getting.expect(0)
    expect(tuple(getting.line("received")[1:3]), (str(SIZE), digest(1, SIZE)), "what receive says")


for nats in "two", "one":
    with Lab({"services.rendezvous": ON}, nats=nats) as lab:
        alice, bob = lab.user("alice"), lab.user("bob")
        for whole in True, False:
            scripted(lab, alice, bob, whole)
        before = lab.metric("tandem_relayed_bytes_total")
        a_file(lab)
        relayed = lab.metric("tandem_relayed_bytes_total") - before
        expect(relayed >= SIZE, True, f"whether the file's {SIZE} bytes were among the {relayed:.0f} relayed")
