# SPDX-License-Identifier: BSD-3-Clause
"""Cycles a packet from a port to a port, beside testpmd on the same kind of port with the same frames.

    net_ring0 -> [ worker: parse, look up, track, translate ] -> net_ring1      and back
    net_ring0 -> [ testpmd io | 5tswap | csum ] -> net_ring1                    and back

Ours counts whole rounds of the worker, timers and mailbox included; testpmd what --record-core-cycles
does.  The limits of DESIGN 7 are multiples of 5tswap.
"""

from bench import Program, eal, runtime_directory
from testpmd import Testpmd

SESSIONS = (1000, 100_000, 1_000_000)
LIMITS = {1000: 1.5, 1_000_000: 3.5}  # times 5tswap
OPTIONS = {"plain": [], "ts": ["-t"], "ts-sack": ["-t", "-s", "-p", "0"]}
MODES = ("5tswap", "io", "csum")
RINGS = ["--vdev", "net_ring0", "--vdev", "net_ring1"]


def case(bench, env, sessions, family, options):
    frames = f"{env['RUNTIME_DIRECTORY']}/frames.pcap"
    batches, seconds = (20, 0.05) if bench.quick else (1500, 0.25)
    arguments = ["-n", sessions, "-w", frames, *OPTIONS[options], *(["-6"] if family == "ipv6" else [])]
    with bench.hugepages(64 + sessions * 1000 // (1 << 20)) as memory:
        ours = Program([bench.programs / "fastpath", *eal(*memory, prefix="ours"), "--", *arguments], env)
        with ours, bench.hugepages(64) as their_memory:
            seeded = {**env, "LD_PRELOAD": str(bench.programs / "seed_rings.so"), "BENCH_FRAMES": frames}
            common = eal(*RINGS, *their_memory, cores="0,1", prefix="theirs")
            with Testpmd(common, seeded, ["--no-flush-rx", "--total-num-mbufs=8192"], "seeded [1-9]") as theirs:
                bench.compare(
                    f"{sessions}.{family}.{options}",
                    lambda: ours.ask(batches)[0],
                    {f"testpmd {mode}": lambda mode=mode: theirs.cycles(mode, seconds) for mode in MODES},
                    "cycles/packet",
                    sessions=sessions,
                    targets={"testpmd 5tswap": LIMITS.get(sessions)},
                    memory_mib=float(ours.ready[1]),
                )


def measure(bench):
    with runtime_directory() as env:
        for sessions in SESSIONS[:1] if bench.quick else SESSIONS:
            for family in ("ipv4", "ipv6"):
                for options in OPTIONS if not bench.quick else ["ts"]:
                    case(bench, env, sessions, family, options)
