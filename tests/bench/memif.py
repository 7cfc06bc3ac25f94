# SPDX-License-Identifier: BSD-3-Clause
"""Packets a second through a core, over memif: a generator on one core, the relay on another.

    peers ==memif 0== [ tandemd | testpmd 5tswap ] ==memif 1== peers

Both get the same frames from the same generator.  As many as they take, first: what they then lose,
they lose on the way out, for the generator waits for those who take no more.  Then half of that, for
the latencies.  The cycles are those of rounds in which there were packets, as either counts them; they
tell who is the faster where the generator is the slowest of all.

What it costs to pass memory from core to core may change threefold from one second to the next on a virtual
machine; so the turns are short, and three times as many as pairs are asked for.
"""

import contextlib
import os
import signal
import time
from pathlib import Path

from bench import eal, fail, runtime_directory
from harness import Lab, total
from memif_lab import Relay, claims, memory_mib, peers, settings, wire
from testpmd import Testpmd

PAYLOADS = {64: 10, 1514: 1460}
SESSIONS = (1000, 1_000_000)
TARGETS = {(1514, 1000): 0.9}
AT_ONCE = 20_000  # sessions that are set up together


def worker_cpu_s(pid):
    """What the scheduler gave the core that forwards, so far."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith("rte-worker"):
            return int((task / "schedstat").read_text().split()[0]) / 1e9
    return fail(f"{pid} has no worker")


class Contender:
    """Forwards from resume() to pause()."""

    def resume(self):
        self.start()
        self.began = time.monotonic(), worker_cpu_s(self.pid)

    def cycles(self):
        """A packet's since resume(): what it counts by the clock, less what others had of its core."""
        clock, cpu = self.began
        share = (worker_cpu_s(self.pid) - cpu) / (time.monotonic() - clock)
        return self.counted() * share


class Tandemd(Contender):
    name = "tandem"

    def __init__(self, stack, bench, env, sessions):
        memory = stack.enter_context(bench.hugepages(memory_mib(sessions)))
        # As testpmd does.
        lab = Lab(settings(sessions, memory, idle="poll"), relay=False, xmpp=False)
        self.lab = stack.enter_context(lab)
        self.relay = Relay(lab)
        self.pid = self.relay.pid
        # Resetting a million sessions in order takes longer than anybody here waits.
        stack.callback(lab.stop, "tandemd", "KILL")
        self.peers = stack.enter_context(peers(bench, env, lab.dir, sessions))
        self.splice(sessions)
        self.pause()

    def splice(self, sessions):
        for first in range(0, sessions, AT_ONCE):
            count = min(AT_ONCE, sessions - first)
            self.peers.ask("connect", first, count)
            self.relay.exchange(claims(first, count), 2 * count)

    def pause(self):
        os.kill(self.pid, signal.SIGSTOP)

    def start(self):
        os.kill(self.pid, signal.SIGCONT)
        self.before = self.counts()

    def counts(self):
        samples = self.lab.metrics()
        return [total(samples, f"tandem_worker_{what}_total") for what in ("busy_cycles", "packets")]

    def counted(self):
        cycles, packets = (now - before for now, before in zip(self.counts(), self.before))
        return cycles / packets


class Swap(Contender):
    name = "testpmd 5tswap"

    def __init__(self, stack, bench, env, sessions):
        directory = env["RUNTIME_DIRECTORY"]
        memory = stack.enter_context(bench.hugepages(128))
        vdevs = [word for number in range(2) for word in ("--vdev", wire(directory, number, "server"))]
        common = eal(*vdevs, *memory, cores="0,1", prefix="theirs")
        options = ["--disable-link-check", "--total-num-mbufs=16384", "--forward-mode=5tswap"]
        self.testpmd = stack.enter_context(Testpmd(common, env, options))
        self.pid = self.testpmd.child.pid
        self.peers = stack.enter_context(peers(bench, env, directory, sessions))

    def pause(self):
        self.testpmd.tell("stop")

    def start(self):
        self.testpmd.tell("start")

    def counted(self):
        cycles = self.testpmd.stop()
        self.start()
        return cycles


def one_turn(contender, seconds, sessions, payload):
    """Mpps received, the part lost, cycles a packet, and latencies at half of it."""
    contender.resume()
    try:
        sent, received, took, *_ = contender.peers.ask("blast", seconds, 0, sessions, payload)
        pps, cycles = received / took, contender.cycles()
        _, _, _, p50, p99, _ = contender.peers.ask("blast", seconds, pps / 2, sessions, payload)
        return pps / 1e6, 1 - received / sent, cycles, p50, p99
    finally:
        contender.pause()


def case(bench, ours, theirs, sessions, length):
    seconds = 0.2 if bench.quick else 0.3
    rows = {ours: [], theirs: []}
    for _ in range(bench.pairs if bench.quick else 3 * bench.pairs):
        for contender, found in rows.items():
            mpps, *others = one_turn(contender, seconds, sessions, PAYLOADS[length])
            found.append((mpps, mpps * length * 8 / 1e3, *others))
    name = f"{length}.{sessions}"
    columns = (
        ("rate", "Mpps", "more"),
        ("bits", "Gbit/s", "more"),
        ("lost", "of all", "less"),
        ("cycles", "cycles/packet", "less"),
        ("latency_p50", "us", "less"),
        ("latency_p99", "us", "less"),
    )
    for column, (what, unit, better) in enumerate(columns):
        mine, his = ([row[column] for row in rows[who]] for who in (ours, theirs))
        bench.result(
            f"{name}.{what}", mine, theirs.name, his, unit, better,
            targets={theirs.name: TARGETS.get((length, sessions))} if what == "rate" else None,
        )  # fmt: skip


def measure(bench):
    every = (1000, 10_000) if bench.quick else SESSIONS
    with runtime_directory() as env, contextlib.ExitStack() as stack:
        ours = Tandemd(stack, bench, env, every[-1])
        theirs = Swap(stack, bench, env, every[-1])
        for sessions in every:
            for length in PAYLOADS:
                case(bench, ours, theirs, sessions, length)
