#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Transfers over a bad wire arrive byte-exact, both ways at once, and half-close still works.

    alice ==[ loss, reordering, duplication, delay, jitter, corruption ]== relay ==== bob
      SESSIONS x SIZE, FIN ---------------------------------------------------------->
      <--------------------------------------------------------------- SESSIONS x SIZE
      <---------------------------------------------------- data behind her FIN, FIN
"""

import hashlib
import socket

from harness import (
    PORT, RELAY_AT, RELAY_AT6, Lab, Task, digest, expect, expect_result, fail, new_sid,
    receive, receive_exactly, send_all, until,
)

WIRE = "loss=1,reorder=1,dup=0.5,delay=50,jitter=10,corrupt=0.3,seed=20021213"
SESSIONS = 6
SIZE = 768 << 10  # at 1 % of loss and 0.1 s there and back a stream makes a megabit or two a second
PATIENCE = 120  # seconds: what is lost comes again, later and later
BEHIND = b"behind her FIN"


def splice_all(lab, alice, bob):
    """SESSIONS pairs at a time, every other one over IPv6."""

    def connect(number, place):
        relay = (RELAY_AT, RELAY_AT6)[number % 2][place]
        return Task(lab.connect, place, relay, PORT, 0, PATIENCE)

    connecting = [[connect(number, place) for place in ("alice", "bob")] for number in range(SESSIONS)]
    pairs = [[task.result(PATIENCE) for task in pair] for pair in connecting]
    claims = []
    for a, b in pairs:
        sid = new_sid()
        claims.append((alice.claim(a, sid, peer=bob.jid), bob.claim(b, sid, peer=alice.jid)))
    for hers, his in claims:
        expect_result(alice.answer(hers, PATIENCE), "alice's claim")
        expect_result(bob.answer(his, PATIENCE), "bob's claim")
    return pairs


def transfer(a, b, number):
    """Both ways at once; then bob, who has read alice's FIN, sends more, and his own."""
    one, other = 2 * number, 2 * number + 1
    sending = [Task(send_all, a, one, SIZE), Task(send_all, b, other, SIZE, False)]
    reading = Task(receive_exactly, a, SIZE)
    expect(receive(b), (SIZE, digest(one, SIZE)), f"what bob read of stream {number}")
    sum = hashlib.sha256(reading.result(PATIENCE)).hexdigest()
    expect(sum, digest(other, SIZE), f"the hash of what alice read of stream {number}")
    for task in sending:
        task.result()
    b.sendall(BEHIND)
    b.shutdown(socket.SHUT_WR)
    expect(receive_exactly(a, len(BEHIND)), BEHIND, "bytes behind alice's FIN")
    expect(a.recv(1), b"", "alice's EOF")
    a.close()
    b.close()


with Lab({"timers.match": "60s", "timers.claim": "2m"}, wire=WIRE) as lab:
    pairs = splice_all(lab, lab.user("alice"), lab.user("bob"))
    transfers = [Task(transfer, a, b, number) for number, (a, b) in enumerate(pairs)]
    for task in transfers:
        task.result(PATIENCE)
    until(
        lambda: lab.metric("tandem_sessions_closed_total", reason="finished") == SESSIONS,
        "all sessions end as finished",
    )
    expect(lab.metric("tandem_sessions_closed_total"), SESSIONS, "sessions that ended")

    # the wire was as bad as it should be
    for direction, counts in lab.wire_counts().items():
        for what in ("lost", "reordered", "duplicated", "corrupted"):
            if counts[what] == 0:
                fail(f"{direction}: no frame was {what}: {counts}")
        for what in ("oversized", "overflow", "unsent", "missed"):
            expect(counts[what], 0, f"{direction}: {what} frames")
