#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Quotes, markup and foreign letters in sid, id and resource: they match, come back and are logged quoted.

    alice@example.org/<odd>  ----+ relay +----  bob@example.org/<odd>
"""

from xml.sax.saxutils import quoteattr

from harness import RELAY, Lab, endpoint, expect, expect_error, expect_result, fail, reaches, until

ODD = "a'b\"c&d<e>f]]>g\\h%n=é€\U0001f600\ufeff i"
SIDS = (ODD, "&amp;", "'", '"', " ", "é" * 64, "\U0001f600" * 32, "x" * 128)


def ask(user, id, payload):
    user.send(f"<iq type='set' to='{RELAY}' id={quoteattr(id)}>{payload}</iq>")


with Lab() as lab:
    alice = lab.user("alice", f"alice@example.org/{ODD}")
    bob = lab.user("bob", f"bob@example.org/{ODD[::-1]}")
    for n, sid in enumerate(SIDS):
        legs = lab.connect("alice"), lab.connect("bob")
        id = f"{ODD}{n}"
        ask(alice, id, endpoint(legs[0], sid, peer=bob.jid))
        ask(bob, id, endpoint(legs[1], sid, peer=alice.jid))
        expect_result(alice.answer(id), sid)
        expect_result(bob.answer(id), sid)
        reaches(*legs)
        for leg in legs:
            leg.close()
    for sid in ("é" * 64 + "x", "\U0001f600" * 33):
        leg = lab.connect("alice")
        expect_error(alice.iq(endpoint(leg, sid)), "bad-request", "modify", sid)
    id = f"{ODD}x"
    ask(alice, id, "<query xmlns='urn:unheard:of'/>")
    answer = expect_error(alice.answer(id), "service-unavailable", "cancel", "an odd id")
    expect(len(alice.answers[id]), 1, "answers to one id")

    lines = until(
        lambda: (found := [l for l in lab.log().splitlines() if "session closed" in l])
        and len(found) == len(SIDS)
        and found,
        "all sessions closed",
        80,
    )
    wanted = 'sid="a\'b\\"c&d<e>f]]>g\\\\h%n=\\xc3\\xa9\\xe2\\x82\\xac\\xf0\\x9f\\x98\\x80\\xef\\xbb\\xbf i"'
    if not any(wanted in line for line in lines):
        fail(f"no line has {wanted}: {lines}")
    if not all(line.isascii() for line in lines):
        fail(f"the log has more than ASCII: {lines}")
