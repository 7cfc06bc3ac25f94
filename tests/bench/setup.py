# SPDX-License-Identifier: BSD-3-Clause
"""Matched sessions a second, of both services, and what one costs the control thread.

The legs are there before: made over memif, by no kernel's sockets.  Then all claims, or all
activations, come at once by a component stream, and it is over when the last is answered; the rate is
that of this second part, the control thread's time that of both.  How long one takes when nothing
else goes on is asked with one at a time: from its stanzas until both legs are cleared to send
(spliced), and until the XMPP side has its answers (told).  What a
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


def latencies_us(relay, crowd, stanzas, answers, first, count):
    """Of single sessions, one after the other: until the XMPP side is told, and the legs."""
    told, open_ = [], []
    for n in range(first, first + count):
        one = stanzas(n, 1)
        crowd.tell("await", n)
        begin = time.monotonic()
        relay.stream.send(one)
        relay.read(answers)
        told.append((time.monotonic() - begin) * 1e6)
        open_.append((crowd.answer()[0] - begin) * 1e6)
    return told, open_


def one_turn(relay, crowd, stanzas, answers, first, each, single):
    """Sessions a second, us of control thread a session, and the latencies of single ones."""
    before = relay.control_cpu_s()
    crowd.ask("connect", first, each)
    took = relay.exchange(stanzas(first, each), each * answers)
    cost = (relay.control_cpu_s() - before) / each * 1e6
    crowd.ask("await", first + each - 1)
    crowd.ask("connect", first + each, single)
    told, open_ = latencies_us(relay, crowd, stanzas, answers, first + each, single)
    return each / took, cost, *percentiles(open_), *percentiles(told)


def percentiles(values):
    return statistics.median(values), statistics.quantiles(values, n=100)[98]


def service(bench, env, name, options, stanzas, answers):
    """`stanzas(first, count)` are those of so many sessions, `answers` how many a session has."""
    each = 500 if bench.quick else 20_000
    single = 20 if bench.quick else 500
    sessions = bench.pairs * (each + single)
    with contextlib.ExitStack() as stack:
        memory = stack.enter_context(bench.hugepages(memory_mib(sessions)))
        lab = stack.enter_context(Lab(settings(sessions, memory), relay=False, xmpp=False))
        relay = Relay(lab)
        crowd = stack.enter_context(peers(bench, env, lab.dir, sessions, *options))
        resident = relay.resident_bytes()
        turns = [
            one_turn(relay, crowd, stanzas, answers, first, each, single)
            for first in range(0, sessions, each + single)
        ]
        resident = relay.resident_bytes() - resident
    rates, costs, open50, open99, told50, told99 = map(list, zip(*turns))
    bench.figure(f"{name}.resident", [resident / sessions], "bytes/session", hugepages=bench.huge_mib > 0)
    bench.figure(f"{name}.cpu", costs, "us/session", limit=LIMIT_US)
    bench.figure(f"{name}.rate", rates, "sessions/s", better="more", limit=RATE_LIMIT)
    for what, medians, worst in (("spliced", open50, open99), ("told", told50, told99)):
        bench.figure(f"{name}.{what}_p50", medians, "us")
        bench.figure(f"{name}.{what}_p99", worst, "us")


def measure(bench):
    with runtime_directory() as env:
        service(bench, env, "endpoint", [], claims, 2)
        service(bench, env, "socks5", ["-s", SOCKS5], activations, 1)
