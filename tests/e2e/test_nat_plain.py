#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Behind NATs the proposal's own words name no leg, or a stranger's; strict takes none of them.

    alice --- nat0 ---+--- relay ---+--- nat1 --- bob
    10.1.0.1   192.0.2.1:random     |    198.51.100.1:random
                                    +--- stranger, who has 10.1.0.1 too, from the port alice has

The relay sees neither the address nor the port a client believes to be its own.
"""

import socket
import time

from harness import PORT, RELAY_AT, Lab, Peer, expect, expect_error, expect_result, expect_untouched, fail
from harness import make_file, new_sid, receive_exactly, receiver

MATCH = 1  # seconds
HERE = RELAY_AT["alice"]


def planted(lab, leg):
    """A stranger's leg from the address and port that alice's leg has behind her NAT."""
    with lab.inside("nat1"):
        planted = socket.socket()
    planted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    planted.settimeout(20)
    planted.bind(leg.getsockname())
    planted.connect(leg.getpeername())
    return planted


def public(lab):
    """A leg of bob's that no NAT is before."""
    with lab.inside("nat1"):
        leg = socket.create_connection((HERE, PORT), 20, ("198.51.100.1", next(lab.ports)))
    return leg


def nothing_fits(lab, alice, bob, rule):
    """Both are told item-not-found, after timers.match, and their legs stay as they are."""
    sid, legs = new_sid(), (lab.connect("alice"), lab.connect("bob"))
    begun = time.monotonic()
    ids = (
        alice.claim(legs[0], sid, peer=bob.jid, rule=rule),
        bob.claim(legs[1], sid, peer=alice.jid, rule=rule),
    )
    for user, id in zip((alice, bob), ids):
        answer = expect_error(user.answer(id), "item-not-found", "cancel", f"rule {rule} behind a NAT")
        if answer.when - begun < MATCH - 0.2:
            fail(f"rule {rule}: answered after {answer.when - begun:.1f} s")
    for leg in legs:
        expect_untouched(leg, f"the leg, rule {rule}")
        lab.kill_peer(leg)


def stranger_gets_it(lab, alice, bob, rule):
    """What the claim names is the stranger's leg: what bob sends to alice goes there."""
    sid, hers, his = new_sid(), lab.connect("alice"), public(lab)
    stranger = planted(lab, hers)
    ids = alice.claim(hers, sid, peer=bob.jid, rule=rule), bob.claim(his, sid, peer=alice.jid)
    expect_result(alice.answer(ids[0]), f"alice's claim by rule {rule}")
    expect_result(bob.answer(ids[1]), "bob's claim")
    his.sendall(b"for alice alone")
    expect(receive_exactly(stranger, 15), b"for alice alone", f"what the stranger gets, rule {rule}")
    expect_untouched(hers, "alice's own leg")
    for leg in hers, his, stranger:
        lab.kill_peer(leg)


def strict_refuses(lab, alice, bob, rule):
    """Nothing is matched, nothing is spliced, and bob hears of it."""
    sid, hers, his = new_sid(), lab.connect("alice"), public(lab)
    stranger = planted(lab, hers)
    refused = alice.claim(hers, sid, peer=bob.jid, rule=rule)
    expect_error(alice.answer(refused), "forbidden", "auth", f"rule {rule}", limit="strict")
    failed = bob.claim(his, sid, peer=alice.jid)
    expect_error(bob.answer(failed), "item-not-found", "cancel", "bob, whose partner has failed")
    for leg in his, hers, stranger:
        expect_untouched(leg, f"a leg, rule {rule}")
        lab.kill_peer(leg)


def tandem_fails(lab):
    """Without rendezvous addresses tandem has rule a, and says so."""
    getting = receiver(lab, lab.dir / "in")
    giving = Peer(lab, "bob", "send", make_file(lab.dir / "file", 1000), getting.jid)
    giving.expect(4)
    getting.expect(4)
    if "refused the connection: item-not-found" not in (text := giving.err.read_text() + getting.err.read_text()):
        fail(text)
    expect(list((lab.dir / "in").iterdir()), [], "what is left of the file")


for strict in False, True:
    settings = {
        "timers.match": f"{MATCH}s",
        "services.endpoint": f"{{port: {PORT}, strict: {str(strict).lower()}}}",
    }
    with Lab(settings, nats="two") as lab:
        lab.batch("nat1", "address add 10.1.0.1/32 dev lo\n")
        alice, bob = lab.user("alice"), lab.user("bob")
        for rule in "abc":
            if strict:
                strict_refuses(lab, alice, bob, rule)
            else:
                nothing_fits(lab, alice, bob, rule)
                stranger_gets_it(lab, alice, bob, rule)
        if not strict:
            tandem_fails(lab)
