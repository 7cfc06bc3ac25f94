# SPDX-License-Identifier: BSD-3-Clause
"""How the rate grows with the workers: each on a core of its own, with ports of its own, all on one
table of flows, whose packets come by any of them.

The packets a second of all workers together are counted from the cycles each took, while all carry at
once.  Nothing else of the machine is part of it, so a core that others use too shows here.
"""

import os

from bench import Program, eal, runtime_directory

SESSIONS = 1000


def case(bench, env, workers):
    batches = 20 if bench.quick else 1500
    with bench.hugepages(96) as memory:
        common = eal(*memory, cores=f"0-{workers - 1}", prefix="workers")
        command = [bench.programs / "fastpath", *common, "--", "-n", SESSIONS, "-t"]
        with Program(command, env) as lanes:
            hz = float(lanes.ready[2])
            cycles = [lanes.ask(batches)[0] for _ in range(bench.pairs)]
    bench.figure(str(workers), [workers * hz / each / 1e6 for each in cycles], "Mpps", better="more")


def measure(bench):
    with runtime_directory() as env:
        for workers in (1, 2, 4, 8):
            if workers <= os.cpu_count():
                case(bench, env, workers)
