#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A user's stanza over a cap is answered policy-violation and does not end the component stream.

    alice ---- too large, too deep, too many attributes ----> Prosody ----> relay
"""

from harness import Lab, WHOKNOWS, expect, expect_error, expect_result, reaches, splice

OVER = {
    "100 KiB of text": f"<query xmlns='{WHOKNOWS}' sid='x'>{'a' * 102400}</query>",
    "100 KiB in one attribute": f"<query xmlns='{WHOKNOWS}' sid='{'a' * 102400}'/>",
    "elements 500 deep": f"<query xmlns='{WHOKNOWS}' sid='x'>{'<d>' * 500}{'</d>' * 500}</query>",
    "1,000 attributes": f"<query xmlns='{WHOKNOWS}' {' '.join(f'a{i}=%r' % 'x' for i in range(1000))}/>",
}


def connections(lab):
    return lab.log("prosody").count("External component successfully authenticated")


with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    for what, payload in OVER.items():
        expect_error(alice.iq(payload, timeout=5), "policy-violation", "modify", what)
        expect_result(alice.ping(), f"a ping behind {what}")

    # one at a time proves little: the next must be read where the last ended
    ids = [alice.ask(payload) for payload in OVER.values() for _ in range(5)]
    expect_result(alice.ping(), "a ping behind a burst of them")
    for id in ids:
        expect_error(alice.answer(id), "policy-violation", "modify", "one of a burst")
    expect(connections(lab), 1, "component streams Prosody has seen")
    reaches(*splice(lab, alice, bob))
