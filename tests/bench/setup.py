# SPDX-License-Identifier: BSD-3-Clause
"""Matched sessions a second, of both services, and what one costs the control thread.

The legs are there before: made over memif, by no kernel's sockets.  Then all claims, or all
activations, come at once by a component stream, and it is over when the last is answered; the rate is
that of this second part, the control thread's time that of both.  How long one takes from its
claim until its two sides are told, when nothing else goes on, is asked with one at a time.  What a
session adds to the resident memory is the control thread's where the data plane has hugepages, for
the kernel does not count those.
"""

import contextlib
import statistics
import time

from bench import runtime_directory
from harness import Lab
from memif_lab import SOCKS5, Relay, activations, claims, memory_mib, peers, settings

LIMIT_US = 50
RATE_LIMIT = 20000


def latencies_us(relay, stanzas, answers, first, count):
    """Of single sessions, one after the other."""
    took = []
    for n in range(first, first + count):
        one = stanzas(n, 1)
        begin = time.perf_counter()
        relay.exchange(one, answers)
        took.append((time.perf_counter() - begin) * 1e6)
    return took


def service(bench, env, name, options, stanzas, answers):
    """`stanzas(first, count)` are those of so many sessions, `answers` how many a session has."""
    each = 500 if bench.quick else 20_000
    single = 20 if bench.quick else 500
    sessions = bench.pairs * (each + single)
    rates, costs, medians, worst = [], [], [], []
    with contextlib.ExitStack() as stack:
        memory = stack.enter_context(bench.hugepages(memory_mib(sessions)))
        lab = stack.enter_context(Lab(settings(sessions, memory), relay=False, xmpp=False))
        relay = Relay(lab)
        crowd = stack.enter_context(peers(bench, env, lab.dir, sessions, *options))
        resident = relay.resident_bytes()
        for first in range(0, sessions, each + single):
            before = relay.control_cpu_s()
            crowd.ask("connect", first, each)
            took = relay.exchange(stanzas(first, each), each * answers)
            costs.append((relay.control_cpu_s() - before) / each * 1e6)
            rates.append(each / took)
            crowd.ask("connect", first + each, single)
            alone = latencies_us(relay, stanzas, answers, first + each, single)
            medians.append(statistics.median(alone))
            worst.append(statistics.quantiles(alone, n=100)[98])
        resident = relay.resident_bytes() - resident
    bench.figure(f"{name}.resident", [resident / sessions], "bytes/session", hugepages=bench.huge_mib > 0)
    bench.figure(f"{name}.cpu", costs, "us/session", limit=LIMIT_US)
    bench.figure(f"{name}.rate", rates, "sessions/s", better="more", limit=RATE_LIMIT)
    bench.figure(f"{name}.latency_p50", medians, "us")
    bench.figure(f"{name}.latency_p99", worst, "us")


def measure(bench):
    with runtime_directory() as env:
        service(bench, env, "endpoint", [], claims, 2)
        service(bench, env, "socks5", ["-s", SOCKS5], activations, 1)
