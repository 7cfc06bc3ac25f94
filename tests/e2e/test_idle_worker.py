#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A worker without work sleeps, and a packet, a claim and a timer wake it; on both kinds of ports.

    alice ---- eth1   [ idle: adaptive ]   eth2 ---- bob
      nothing at all; then a byte now and then, answered; then a new session

How soon exactly it wakes is measured by hand: nothing that runs beside must fail this.
"""

import statistics
import time
from pathlib import Path

from harness import Lab, fail, reaches, receive_exactly, splice

SECONDS = 3
SHARE = 0.05  # of a core
TURNS = 41
# The sleep is 10 ms, so one that nothing ended would be 5 ms in the mean.
MEDIAN = 0.004


def cpu_time(pid):
    """Seconds that the workers have run."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    workers = [task for task in tasks if (task / "comm").read_text().startswith("rte-worker")]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in workers) / 1e9


def rest(lab):
    before = cpu_time(lab.pid("tandemd"))
    time.sleep(SECONDS)
    return (cpu_time(lab.pid("tandemd")) - before) / SECONDS


def turn(one, other):
    """A byte there and back after a silence."""
    time.sleep(0.03)
    begin = time.monotonic()
    one.sendall(b"?")
    receive_exactly(other, 1)
    other.sendall(b"!")
    receive_exactly(one, 1)
    return time.monotonic() - begin


for ports in ("xdp", "kernel", "kernel,xdp"):
    with Lab(ports=ports) as lab:
        users = lab.user("alice"), lab.user("bob")
        one, other = splice(lab, *users)
        reaches(one, other)
        if (share := rest(lab)) > SHARE:
            fail(f"{ports}: idle, the worker takes {share:.1%} of a core")
        median = statistics.median(turn(one, other) for _ in range(TURNS))
        print(f"{ports}: idle {share:.2%} of a core, there and back {median * 1e6:.0f} us")
        if median > MEDIAN:
            fail(f"{ports}: there and back took {median * 1e3:.1f} ms")
        reaches(*splice(lab, *users))
