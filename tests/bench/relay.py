# SPDX-License-Identifier: BSD-3-Clause
"""Real TCP from alice to bob through the lab: the rate of 1 and of 50 streams, and how long a byte takes
to bob and back.  Beside HAProxy, both proxy65 and the kernel's own forwarding, on wires alike, with the
offloads of a veth as they are and with all of them off."""

import contextlib
import subprocess

from bench import fail
from contenders import close, contenders

TARGETS = {"HAProxy splice": 1.3, "ejabberd proxy65": 1.0, "Prosody proxy65": 10.0}
WARM_UP_MS = 300


class Ends:
    """The two programs that move the bytes."""

    def __init__(self, program):
        self.program = program

    def begin(self, legs, *arguments):
        numbers = [leg.fileno() for leg in legs]
        return subprocess.Popen(
            [self.program, *map(str, arguments), *map(str, numbers)],
            pass_fds=numbers,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def said(self, child):
        out, complaint = child.communicate(timeout=60)
        if child.returncode:
            fail(f"{child.args[:3]}: {complaint}")
        return [float(word) for word in out.split()]

    def rate(self, pairs, ms):
        """Gbit/s from the first of all pairs to the second."""
        drain = self.begin([other for _, other in pairs], "drain", WARM_UP_MS, ms)
        # It goes on until the other end has counted: a stream that ends is an error there.
        pour = self.begin([one for one, _ in pairs], "pour", 3 * WARM_UP_MS + ms)
        size, seconds = self.said(drain)
        self.said(pour)
        return size * 8 / seconds / 1e9

    def latency(self, pair, count):
        """Of a byte there and back: median and 99th percentile in us, and how many a second."""
        one, other = pair
        echo = self.begin([other], "echo")
        try:
            return self.said(self.begin([one], "ping", count))
        finally:
            echo.kill()
            echo.communicate()


@contextlib.contextmanager
def turn(contender, streams):
    """Its streams, while nobody else has any."""
    contender.resume()
    pairs = []
    try:
        pairs = contender.connect(streams)
        yield pairs
    finally:
        close(leg for pair in pairs for leg in pair)
        contender.pause()


def rates(bench, ends, ours, rivals, streams, offloads):
    ms = 300 if bench.quick else 1200

    def measure(contender):
        with turn(contender, streams) as pairs:
            return ends.rate(pairs, ms)

    bench.compare(
        f"rate.{streams}.{offloads}",
        lambda: measure(ours),
        {rival.name: lambda rival=rival: measure(rival) for rival in rivals},
        "Gbit/s",
        better="more",
        targets=TARGETS if offloads == "default" else None,
    )


def latencies(bench, ends, ours, rivals, offloads):
    count = 200 if bench.quick else 5000
    series = {contender.name: [] for contender in (ours, *rivals)}
    for _ in range(bench.pairs):
        for contender in (ours, *rivals):
            with turn(contender, 1) as pairs:
                series[contender.name].append(ends.latency(pairs[0], count))
    mine = series.pop(ours.name)
    for column, (what, unit, better) in enumerate(
        (("p50", "us", "less"), ("p99", "us", "less"), ("rate", "echoes/s", "more"))
    ):
        for rival, theirs in series.items():
            ours_of, theirs_of = ([row[column] for row in rows] for rows in (mine, theirs))
            bench.result(
                f"echo.{what}.{offloads}", ours_of, rival, theirs_of, unit, better,
                targets={"HAProxy splice": 1.0} if what == "p99" and offloads == "default" else None,
            )  # fmt: skip


def measure(bench):
    ends = Ends(bench.programs / "stream")
    for offloads in ("default", "off"):
        with contextlib.ExitStack() as stack:
            ours, rivals = contenders(stack, bench.port, offloads == "default")
            for streams in (1, 4) if bench.quick else (1, 50):
                rates(bench, ends, ours, rivals, streams, offloads)
            latencies(bench, ends, ours, rivals, offloads)
