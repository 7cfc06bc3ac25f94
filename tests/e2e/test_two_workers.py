#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two workers share the sessions, long ones and short ones, and each byte goes to its partner.

    alice ==2 queues== relay, two workers ==2 queues== bob
      SHORT sessions: connect, claim, a few bytes each way, over and over
      LONG sessions at a time, IPv4 and IPv6: SIZE each way at once

The kernels of alice and bob choose a queue for each connection.  Two CPUs are enough: the second
worker has none of its number and shares them.
"""

import os

from harness import RELAY_AT, RELAY_AT6, Lab, Task, exchange, expect, fail, splice, until

SHORT = 60
LONG = 16
SIZE = 4 << 20
PATIENCE = 120
SETTINGS = {
    "dataplane.workers": "[1, 2]",
    "dataplane.memory": "512M",
    "limits.sessions_per_jid": SHORT + LONG,
}


def pair(lab, alice, bob, number):
    relays = (RELAY_AT, RELAY_AT6)[number % 2]
    return splice(lab, alice, bob, relays=(relays["alice"], relays["bob"]))


def finished(lab, sessions):
    until(
        lambda: lab.metric("tandem_sessions_closed_total", reason="finished") == sessions,
        f"{sessions} sessions have ended as finished",
    )


with Lab(SETTINGS, queues=2) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    for number in range(SHORT):
        exchange(*pair(lab, alice, bob, number), size=1 + 97 * number)

    pairs = [pair(lab, alice, bob, number) for number in range(LONG)]
    transfers = [Task(exchange, a, b, SIZE, PATIENCE) for a, b in pairs]
    for task in transfers:
        task.result(PATIENCE)
    finished(lab, SHORT + LONG)
    expect(lab.metric("tandem_sessions_closed_total"), SHORT + LONG, "sessions that ended")

    # both had their part of it
    packets = [lab.metric("tandem_worker_packets_total", worker=str(worker)) for worker in (0, 1)]
    if min(packets) < sum(packets) / 20:
        fail(f"the workers carried {packets} packets")
    for interface in ("eth1", "eth2"):
        if min(lab.received_by_queue(interface)) == 0:
            fail(f"{interface}: nothing came by some queue: {lab.received_by_queue(interface)}")
    if 2 not in os.sched_getaffinity(0) and "share those there are" not in lab.log():
        fail("the log does not tell that a worker shares its CPU")
