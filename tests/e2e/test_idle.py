#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A session without packets for timers.idle is reset at both ends; a one-way trickle keeps one alive.

    alice ==== silent ============ relay ==== bob        RST to both
    alice ==== a byte now and then ====> bob             goes on
"""

import time

from harness import Lab, Task, expect, expect_reset, reaches, splice, until

IDLE = 3  # seconds

with Lab({"timers.idle": f"{IDLE}s"}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    busy, far = splice(lab, alice, bob)
    silent = splice(lab, alice, bob)
    reaches(*silent)
    started = time.monotonic()
    endings = [Task(expect_reset, leg, "the silent leg", IDLE + 10) for leg in silent]
    sent = 0
    while time.monotonic() < started + 3 * IDLE:
        busy.sendall(b"x")
        expect(far.recv(10), b"x", "a byte of the trickle")
        sent += 1
        until(lambda: time.monotonic() >= started + sent * IDLE / 3, "time for the next byte")
    for ending in endings:
        ending.result()
    reaches(busy, far)
    expect(lab.metric("tandem_sessions_closed_total", reason="idle"), 1, "reason counted")
