# SPDX-License-Identifier: BSD-3-Clause
"""What every bench stands on: the machine, its hugepages, pairs that alternate, and the results.

A bench is a module of its own with a function measure(bench); `run` gives it a Bench.  Results are
compared within one run: ours, then each rival, then ours again, so that what the machine does beside
hits all of them alike.
"""

import contextlib
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HUGEPAGES = Path("/proc/sys/vm/nr_hugepages")


def fail(message):
    raise RuntimeError(message)


def spread(values):
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "values": list(values),
    }


def rounded(value):
    return float(f"{value:.4g}")


def field(path, name):
    """The value of `name : value` in one of the kernel's tables."""
    for line in Path(path).read_text().splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def machine():
    return {
        "cpu": field("/proc/cpuinfo", "model name"),
        "mhz": field("/proc/cpuinfo", "cpu MHz"),
        "cores": os.cpu_count(),
        "memory": field("/proc/meminfo", "MemTotal"),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
        "virtual": "hypervisor" in field("/proc/cpuinfo", "flags").split(),
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
    }


class Bench:
    """One bench under way: how thorough it is, where its results go, and the results."""

    def __init__(self, name, build, out, quick=False, pairs=5, port=None):
        self.name = name
        self.programs = Path(build) / "tests" / "bench"
        self.out = Path(out)
        self.quick = quick
        self.pairs = pairs
        self.port = port  # kind of the relay's ports in the lab; None: the lab's own choice
        self.results = []
        self.machine = machine()
        self.huge_mib = 0

    def compare(self, name, ours, rivals, unit, better="less", targets=None, **facts):
        """Measure ours() and each of rivals, {name: function}, in turn; all return a number.

        The ratio to a rival that is aimed at is in `targets`, for each or some of them.
        """
        series = {"tandem": [], **{rival: [] for rival in rivals}}
        for _ in range(self.pairs):
            for who, measure in {"tandem": ours, **rivals}.items():
                series[who].append(measure())
        mine = series.pop("tandem")
        for rival, theirs in series.items():
            self.result(name, mine, rival, theirs, unit, better, targets, **facts)

    def result(self, name, ours, rival, theirs, unit, better="less", targets=None, **facts):
        """Say and keep what a comparison found: two series of the same length, or one alone."""
        ratio = theirs and all(theirs) and spread([a / b for a, b in zip(ours, theirs)])
        row = {
            "name": f"{self.name}.{name}",
            "rival": rival,
            "unit": unit,
            "better": better,
            "ours": spread(ours),
            "theirs": spread(theirs) if theirs else None,
            "ratio": ratio or None,
            "target": (targets or {}).get(rival),
            **facts,
        }
        self.results.append(row)
        words = {
            "ours": rounded(row["ours"]["median"]),
            "theirs": rounded(row["theirs"]["median"]) if theirs else "-",
            "ratio": rounded(ratio["median"]) if ratio else "-",
            "unit": unit.replace(" ", "_"),
            "rival": (rival or "-").replace(" ", "_"),
        }
        print("bench", row["name"], *(f"{key}={value}" for key, value in words.items()), flush=True)

    def figure(self, name, values, unit, better="less", limit=None, **facts):
        """A figure of ours alone, beside DESIGN's limit where there is one."""
        theirs = limit and [limit] * len(values)
        self.result(name, values, "limit" if limit else None, theirs, unit, better, {"limit": 1}, **facts)

    def write(self):
        self.out.mkdir(parents=True, exist_ok=True)
        path = self.out / f"{self.name}.json"
        whole = {
            "bench": self.name,
            "quick": self.quick,
            "pairs": self.pairs,
            "port": self.port,
            "machine": {**self.machine, "hugepages_mib": self.huge_mib},
            "results": self.results,
        }
        path.write_text(json.dumps(whole, indent=1) + "\n")
        return path

    @contextlib.contextmanager
    def hugepages(self, mib):
        """So many more MiB of hugepages while it lasts, as far as the kernel has them; yields what
        the EAL must be told of its memory."""
        page_kib = int(field("/proc/meminfo", "Hugepagesize").split()[0])
        pages = -(-mib * 1024 // page_kib)
        before = int(HUGEPAGES.read_text())
        HUGEPAGES.write_text(str(before + pages))
        # There may be fewer than that; and what others add and take meanwhile is theirs.
        added = int(HUGEPAGES.read_text()) - before
        try:
            free_kib = int(field("/proc/meminfo", "HugePages_Free")) * page_kib
            if free_kib >= mib * 1024:
                self.huge_mib = max(self.huge_mib, mib)
                yield ["--in-memory", "-m", str(mib)]
            else:
                print(f"{self.name}: no {mib} MiB of hugepages: ordinary pages", file=sys.stderr)
                yield ["--no-huge", "--no-shconf", "-m", str(mib)]
        finally:
            HUGEPAGES.write_text(str(max(0, int(HUGEPAGES.read_text()) - added)))


@contextlib.contextmanager
def runtime_directory():
    """Where DPDK may leave what it leaves."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench.") as directory:
        yield {**os.environ, "RUNTIME_DIRECTORY": directory}


class Program:
    """A program of ours that is asked by lines and answers by lines."""

    def __init__(self, command, env):
        self.child = subprocess.Popen(
            list(map(str, command)),
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.ready = self.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.child.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.communicate()

    def read(self):
        line = self.child.stdout.readline().split()
        if not line:
            _, said = self.child.communicate(timeout=20)
            fail(f"{self.child.args[0]} ended: {said}")
        return line

    def tell(self, *words):
        """Send a line, whose answer() is to be read in time."""
        print(*words, file=self.child.stdin, flush=True)

    def answer(self):
        """The numbers of the line that answers."""
        return [float(word) for word in self.read()]

    def ask(self, *words):
        self.tell(*words)
        return self.answer()


def eal(*options, cores="1", prefix="bench"):
    """What all EALs here are told: no device but those of `options`, nothing left behind."""
    name = f"tandem-{prefix}-{os.getpid()}"
    return ["-l", cores, "--no-pci", "--no-telemetry", "--file-prefix", name, "--log-level=4", *options]
