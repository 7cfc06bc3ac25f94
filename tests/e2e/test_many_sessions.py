#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""200 sessions live at a time, and each carries its own bytes to its own partner.

    alice ==200 legs== relay ==200 legs== bob
"""

from harness import Lab, expect, expect_result, new_sid, receive_exactly, until

SESSIONS = 200
SIZE = 16 << 10


def payload(number, side):
    return f"{number}/{side}|".encode() * (SIZE // 8)


settings = {
    "limits.sessions_per_jid": 2 * SESSIONS,
    "limits.legs_per_source": 2 * SESSIONS,
}
with Lab(settings) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    sids = [new_sid() for _ in range(SESSIONS)]
    legs = [(lab.connect("alice"), lab.connect("bob")) for _ in sids]

    # alice's claims in this order, bob's in the reverse: the sid alone brings two legs together
    hers = [alice.claim(leg[0], sid, peer=bob.jid) for leg, sid in zip(legs, sids)]
    his = [bob.claim(leg[1], sid, peer=alice.jid) for leg, sid in reversed(list(zip(legs, sids)))]
    for id in hers:
        expect_result(alice.answer(id))
    for id in his:
        expect_result(bob.answer(id))
    expect(lab.metric("tandem_sessions", state="spliced"), SESSIONS, "spliced sessions")

    for number, (one, other) in enumerate(legs):
        one.sendall(payload(number, "alice"))
        other.sendall(payload(number, "bob"))
    for number, (one, other) in enumerate(legs):
        for leg, side in ((one, "bob"), (other, "alice")):
            wanted = payload(number, side)
            if receive_exactly(leg, len(wanted)) != wanted:
                raise AssertionError(f"session {number}: wrong bytes from {side}")
    for leg in sum(legs, ()):
        leg.close()
    until(
        lambda: lab.metric("tandem_sessions_closed_total", reason="finished") == SESSIONS,
        "every session ends as finished",
        timeout=90,
    )
