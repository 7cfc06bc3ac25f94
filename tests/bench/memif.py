# SPDX-License-Identifier: BSD-3-Clause
"""Packets a second through a core, over memif: a generator on one core, the relay on another.

    peers ==memif 0== [ tandemd | testpmd 5tswap ] ==memif 1== peers

Both get the same frames from the same generator.  As many as they take, first: what they then lose,
they lose on the way out, for the generator waits for those who take no more.  Then half of that, for
the latencies.
"""

import contextlib
import os
import signal

from bench import eal, runtime_directory
from harness import Lab
from memif_lab import Relay, claims, memory_mib, peers, settings, wire
from testpmd import Testpmd

PAYLOADS = {64: 10, 1514: 1460}
SESSIONS = (1000, 1_000_000)
TARGETS = {(1514, 1000): 0.9}
AT_ONCE = 20_000  # sessions that are set up together


class Tandemd:
    name = "tandem"

    def __init__(self, stack, bench, env, sessions):
        memory = stack.enter_context(bench.hugepages(memory_mib(sessions)))
        lab = stack.enter_context(Lab(settings(sessions, memory), relay=False, xmpp=False))
        self.relay = Relay(lab)
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
        os.kill(self.relay.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.relay.pid, signal.SIGCONT)


class Swap:
    name = "testpmd 5tswap"

    def __init__(self, stack, bench, env, sessions):
        directory = env["RUNTIME_DIRECTORY"]
        memory = stack.enter_context(bench.hugepages(128))
        vdevs = [word for number in range(2) for word in ("--vdev", wire(directory, number, "server"))]
        common = eal(*vdevs, *memory, cores="0,1", prefix="theirs")
        options = ["--disable-link-check", "--total-num-mbufs=16384", "--forward-mode=5tswap"]
        self.testpmd = stack.enter_context(Testpmd(common, env, options))
        self.peers = stack.enter_context(peers(bench, env, directory, sessions))

    def pause(self):
        self.testpmd.tell("stop")

    def resume(self):
        self.testpmd.tell("start")


def one_turn(contender, seconds, sessions, payload):
    """Mpps received, the part lost, and latencies at half of it."""
    contender.resume()
    try:
        sent, received, took, *_ = contender.peers.ask("blast", seconds, 0, sessions, payload)
        pps = received / took
        _, _, _, p50, p99, _ = contender.peers.ask("blast", seconds, pps / 2, sessions, payload)
        return pps / 1e6, 1 - received / sent, p50, p99
    finally:
        contender.pause()


def case(bench, ours, theirs, sessions, length):
    seconds = 0.2 if bench.quick else 1
    rows = {ours: [], theirs: []}
    for _ in range(bench.pairs):
        for contender, found in rows.items():
            mpps, *others = one_turn(contender, seconds, sessions, PAYLOADS[length])
            found.append((mpps, mpps * length * 8 / 1e3, *others))
    name = f"{length}.{sessions}"
    columns = (
        ("rate", "Mpps", "more"),
        ("bits", "Gbit/s", "more"),
        ("lost", "of all", "less"),
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
