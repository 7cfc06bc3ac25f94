#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""limits.rate_per_session and rate_per_jid hold transfers to their rates, from the moment they are set.

    bob ---- as fast as it goes ----> alice     no limit, then 100 Mbit/s, then half of it each of two
"""

import os
import re
import signal
import time

from harness import Lab, Task, blocks, digest, expect, fail, receive, send_all, splice, until

RATE = 12_500_000  # bytes a second: 100 Mbit/s
SECONDS = 6
WITHIN = 0.25


def having_limits(text, **limits):
    lines = "".join(f"  {key}: {value}\n" for key, value in limits.items())
    return re.sub(r"^limits:\n", rf"\g<0>{lines}", text, flags=re.M)


with Lab() as lab:
    path = lab.dir / "tandem.yaml"
    unlimited = path.read_text()

    def reload(text):
        before = lab.metric("tandem_config_reloads_total", result="applied")
        path.write_text(text)
        os.kill(lab.pid("tandemd"), signal.SIGHUP)
        until(lambda: lab.metric("tandem_config_reloads_total", result="applied") == before + 1, "a reload")

    def speed(seconds):
        """Bytes a second of payload relayed, measured by the counters."""
        begun, before = time.monotonic(), lab.metric("tandem_relayed_bytes_total")
        time.sleep(seconds)
        return (lab.metric("tandem_relayed_bytes_total") - before) / (time.monotonic() - begun)

    def expect_speed(wanted, what):
        measured = speed(SECONDS)
        print(f"{what}: {measured * 8e-6:.1f} Mbit/s of {wanted * 8e-6:.1f}")
        if not (1 - WITHIN) * wanted <= measured <= (1 + WITHIN) * wanted:
            fail(f"{what}: {measured * 8e-6:.1f} Mbit/s, expected {wanted * 8e-6:.1f}")

    def drain(leg, seen):
        while block := leg.recv(1 << 20):
            seen[0] += len(block)

    def pump(leg, done):
        data = next(blocks(1, 1 << 20))
        while not done:
            leg.sendall(data)

    def transfer():
        a, b = splice(lab, alice, bob)
        seen = [0]
        return Task(pump, b, done), Task(drain, a, seen), (a, b), seen

    alice, bob = lab.user("alice"), lab.user("bob")
    done = []
    one = transfer()
    fast = speed(2)
    if fast < 3 * RATE:
        fail(f"without a limit no faster than {fast * 8e-6:.1f} Mbit/s: nothing to be seen here")
    reload(having_limits(unlimited, rate_per_session=RATE))
    time.sleep(2)  # the burst is over
    expect_speed(RATE, "one session")
    if lab.metric("tandem_dropped_packets_total", reason="rate_session") == 0:
        fail("nothing was dropped")

    reload(having_limits(unlimited, rate_per_jid=RATE))
    two = transfer()
    time.sleep(3)
    expect_speed(RATE, "two sessions of one JID")
    before = one[3][0], two[3][0]
    time.sleep(3)
    moved = one[3][0] - before[0], two[3][0] - before[1]
    if min(moved) * 3 < max(moved):
        fail(f"shares that differ too much: {moved}")

    reload(unlimited)
    time.sleep(2)
    if speed(2) < 3 * RATE:
        fail("the limit is still there")
    done.append(True)
    for sending, reading, legs, _ in one, two:
        sending.result()
        for leg in legs:
            lab.kill_peer(leg)
