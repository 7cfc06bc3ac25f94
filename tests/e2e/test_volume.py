#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""limits.volume_per_jid: who has used up the day's volume is cut off and gets no more; others do.

    bob <--- 3 MiB, 3 MiB ---> alice          of 8 MiB: well
    bob ---- as long as it goes ----> alice   reset
"""

from harness import (
    Lab,
    Task,
    blocks,
    exchange,
    expect,
    expect_error,
    fail,
    new_sid,
    reaches,
    splice,
    until,
)

RATE = 8 << 20
LEFT = 2 << 20


def pour(leg):
    """Send until the leg is reset; returns how much."""
    data, sent = next(blocks(1, 65536)), 0
    try:
        while sent < 4 << 30:
            sent += leg.send(data)
    except ConnectionResetError:
        return sent
    return fail("nobody stops it")


def swallow(leg):
    size = 0
    try:
        while block := leg.recv(1 << 20):
            size += len(block)
    except ConnectionResetError:
        return size
    return fail("EOF instead of a RST")


with Lab({"limits.volume_per_jid": "8M", "limits.rate_per_session": RATE}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    carol, other = lab.user("alice", "carol@example.org/lab"), lab.user("bob", "mallory@example.org/lab")
    exchange(*splice(lab, alice, bob), size=3 << 20)
    until(lambda: lab.metric("tandem_sessions_closed_total", reason="finished") == 1, "the first is over")

    a, b = splice(lab, alice, bob)
    receiving, sending = Task(swallow, a), Task(pour, b)
    sending.result()
    got = receiving.result()
    # 2 MiB are left, and there is a look a second: half a second's burst and a second or two more
    if not LEFT <= got <= LEFT + 3 * RATE:
        fail(f"{got} bytes passed before the end")
    expect(lab.metric("tandem_sessions_closed_total", reason="volume"), 1, "sessions ended by it")

    for user, place, peer in ((alice, "alice", carol), (bob, "bob", other)):
        leg = lab.connect(place)
        answer = user.answer(user.claim(leg, new_sid(), peer=peer.jid))
        expect_error(answer, "resource-constraint", "wait", f"a claim of {user.jid}", limit="volume_per_jid")
        lab.kill_peer(leg)
    expect(lab.metric("tandem_refusals_total", limit="volume_per_jid"), 2, "refusals")
    reaches(*splice(lab, carol, other))
