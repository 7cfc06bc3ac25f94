#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""It does not matter by which queue a packet comes: each connection's are sprayed over both.

    alice ==[ each frame to any queue ]== relay, two workers ==[ each frame to any queue ]== bob
      handshake, claims, SIZE each way at once, half-close, the same ports again
"""

import socket

from harness import (
    PORT, RELAY_AT, RELAY_AT6, Lab, Task, digest, exchange, expect, expect_result, fail, is_reset, new_sid,
    reaches, receive, receive_exactly, send_all, until,
)

WIRE = "spray=2,seed="
SIZE = 4 << 20
SESSIONS = 8
PATIENCE = 120
CLOSE = 7  # the kernel's name for the state of a connection of which nothing is left
SETTINGS = {"dataplane.workers": "[1, 2]", "dataplane.memory": "512M", "limits.sessions_per_jid": 100}


def splice(lab, alice, bob, ports=(0, 0), relays=RELAY_AT):
    a, b = (lab.connect(place, relays[place], PORT, port) for place, port in zip(("alice", "bob"), ports))
    sid = new_sid()
    hers, his = alice.claim(a, sid, peer=bob.jid), bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(hers), "alice's claim")
    expect_result(bob.answer(his), "bob's claim")
    return a, b


def expect_sprayed(lab, before, what):
    """Since `before`, both queues of both interfaces have had a good part of the frames."""
    for interface, counts in before.items():
        new = [n - old for n, old in zip(lab.received_by_queue(interface), counts)]
        if len(new) != 2 or min(new) * 4 < sum(new):
            fail(f"{what}: {interface} had {new} frames by its queues")


def counts(lab):
    return {interface: lab.received_by_queue(interface) for interface in ("eth1", "eth2")}


def half_close(a, b):
    """alice has finished; bob, who knows it, sends on, and finishes."""
    send_all(a, 3, 100)
    expect(receive(b), (100, digest(3, 100)), "what bob read to EOF")
    reading = Task(receive, a)
    send_all(b, 4, SIZE)
    expect(reading.result(PATIENCE), (SIZE, digest(4, SIZE)), "what alice read behind her FIN")
    for leg in (a, b):
        until(lambda: leg.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == CLOSE, "the connection has ended")


with Lab(SETTINGS, wire=WIRE + "1", bob_wire=WIRE + "2", queues=2) as lab:
    for place in ("alice", "bob"):
        lab.sysctl(place, tcp_max_tw_buckets=0)
    alice, bob = lab.user("alice"), lab.user("bob")
    sessions = 0

    # one connection at a time: what is counted is its own
    before = counts(lab)
    workers = [lab.metric("tandem_worker_packets_total", worker=str(worker)) for worker in (0, 1)]
    a, b = splice(lab, alice, bob)
    exchange(a, b, SIZE, PATIENCE)
    sessions += 1
    expect_sprayed(lab, before, "one session")
    for worker, old in enumerate(workers):
        if lab.metric("tandem_worker_packets_total", worker=str(worker)) - old < SIZE >> 13:
            fail(f"worker {worker} had nearly no part in it")

    # the same ports again and again, over either family, as soon as they are free
    for number in range(SESSIONS):
        a, b = splice(lab, alice, bob, relays=(RELAY_AT, RELAY_AT6)[number % 2])
        for _ in range(2):
            ports = a.getsockname()[1], b.getsockname()[1]
            half_close(a, b)
            a.close()
            b.close()
            sessions += 1
            a, b = splice(lab, alice, bob, ports, (RELAY_AT, RELAY_AT6)[number % 2])
            reaches(a, b)
        lab.kill_peer(a)
        if not is_reset(b):
            fail("alice's RST does not reach bob")
        b.close()
        a, b = splice(lab, alice, bob, ports, (RELAY_AT, RELAY_AT6)[number % 2])
        sessions += 1
        exchange(a, b)
        sessions += 1

    # side by side
    pairs = [splice(lab, alice, bob) for _ in range(SESSIONS)]
    transfers = [Task(exchange, a, b, SIZE, PATIENCE) for a, b in pairs]
    for task in transfers:
        task.result(PATIENCE)
    sessions += SESSIONS
    until(
        lambda: lab.metric("tandem_sessions_closed_total") == sessions,
        "every session has ended",
    )
    ended = sum(lab.metric("tandem_sessions_closed_total", reason=reason) for reason in ("finished", "reset"))
    expect(ended, sessions, "sessions that ended by themselves")
