# SPDX-License-Identifier: BSD-3-Clause
"""A flood of SYNs over memif, and honest peers in the midst of it; part of the bench `flood`.

    sources everywhere, honest peers ==memif 0== [ tandemd: cookies ]

As many SYNs as the relay takes, first: that is its capacity.  What it answers beyond what the other end
of the wire takes is lost on the way back.  Then half of that, and meanwhile honest peers connect, a
window of them at once, and wait like any other host's TCP when something is lost: DESIGN 7 wants each
of them to complete its handshake.  Who has, the relay has a leg of, by a cookie that was good: its own
counts must say the same.
"""

import contextlib
import sys

from bench import fail
from harness import Lab, expect, total, until
from memif_lab import Relay, memory_mib, peers, settings

LIMITS_FOR = 100_000  # sessions: those of legs are then as tandem.yaml has them unless it says more
RELAY6 = "2001:db8::10"  # as rig.h has it
FAMILIES = {"ipv4": [], "ipv6": ["-6"]}
ROWS = (
    ("capacity", "SYN/s", "more"),
    ("answered", "answers/s", "more"),
    ("lost", "of all", "less"),
    ("busy", "of its time", "more"),
    ("half.flood", "of half", "more"),
    ("half.rate", "cookies/s", "more"),
    ("half.latency_p50", "us", "less"),
    ("half.latency_p99", "us", "less"),
    ("half.again", "segments/handshake", "less"),
)


class Counts:
    """What tandemd counts, from here to since()."""

    NAMES = {
        "packets": ("tandem_worker_packets_total", {}),
        "busy": ("tandem_worker_busy_cycles_total", {}),
        "cycles": ("tandem_worker_cycles_total", {}),
        "cookies": ("tandem_syn_cookies_total", {"result": "sent"}),
        "valid": ("tandem_syn_cookies_total", {"result": "valid"}),
        "legs": ("tandem_legs", {"state": "unclaimed"}),
        "half_open": ("tandem_legs", {"state": "half_open"}),
    }

    def __init__(self, lab):
        self.lab = lab
        self.before = self.now()

    def now(self):
        samples = self.lab.metrics()
        return {key: total(samples, name, **labels) for key, (name, labels) in self.NAMES.items()}

    def since(self):
        return {key: value - self.before[key] for key, value in self.now().items()}


def in_force(lab):
    """Cookies are all that SYNs are answered by, and nobody is half-open any more."""
    now = Counts(lab).now()
    return now["cookies"] > 0 and now["half_open"] == 0


def capacity(lab, siege, seconds):
    """SYNs a second received, and answered; the part that was not; and how busy that is."""
    counts = Counts(lab)
    sent, answered, took = siege.ask("flood", seconds, 0)
    found = counts.since()
    if not found["packets"]:
        fail("tandemd received nothing at all: who has its core?")
    cycles = took * float(siege.ready[1])
    return found["packets"] / took, answered / took, 1 - answered / sent, found["busy"] / cycles


def half(lab, siege, first, honest, pps):
    """The part of the honest that completes, cookies a second, and how long they take."""
    counts = Counts(lab)
    sent, _, took, completed, refused, again, p50, p99 = siege.ask("siege", first, honest, pps)
    found = counts.since()
    if found["cookies"] < sent:
        fail(f"{found['cookies']:.0f} cookies for {sent:.0f} SYNs: they were not in force")
    expect(found["valid"], found["legs"], "cookies that were valid, and so many legs")
    # Somebody may have given up who never heard that the relay has its leg.
    if not completed <= found["legs"] <= honest:
        fail(f"{completed:.0f} of {honest} completed, but there are {found['legs']:.0f} legs")
    if refused:
        print(f"{refused:.0f} of {honest} honest peers were refused", file=sys.stderr)
    return completed / honest, (sent / took / pps, found["cookies"] / took, p50, p99, again / honest)


def case(bench, env, name, options):
    seconds, honest = (0.5, 100) if bench.quick else (1, 2000)
    with contextlib.ExitStack() as stack:
        memory = stack.enter_context(bench.hugepages(memory_mib(LIMITS_FOR)))
        # As in the bench `memif`.
        with_limits = settings(LIMITS_FOR, memory, idle="poll")
        lab = stack.enter_context(Lab(with_limits, relay=False, xmpp=False))
        lab.set_port(0, addresses=f'[192.0.2.10/24, "{RELAY6}/64"]')
        relay = Relay(lab)
        program = peers(bench, env, lab.dir, bench.pairs * honest, *options, program="siege")
        siege = stack.enter_context(program)
        until(lambda: in_force(lab), "cookies are in force", timeout=30)
        rows, completed = [], []
        for first in range(0, bench.pairs * honest, honest):
            most = capacity(lab, siege, seconds)
            part, found = half(lab, siege, first, honest, most[0] / 2)
            rows.append((*most, *found))
            completed.append(part)
    for (what, unit, better), values in zip(ROWS, zip(*rows)):
        bench.figure(f"memif.{name}.{what}", values, unit, better=better)
    bench.figure(f"memif.{name}.half.completed", completed, "completed", better="more", limit=1)
