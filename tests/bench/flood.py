# SPDX-License-Identifier: BSD-3-Clause
"""A flood of SYNs, answered by cookies: what one costs, and that honest handshakes come through it.

    sources everywhere -> net_ring0 -> [ worker: cookies ] -> net_ring0
    honest peers       -> net_ring1 -> [ worker: cookies ] -> net_ring1

The worker never has less to do than it can: the flood is as large as it takes, and every honest peer
is answered in its turn.  DESIGN 7 has a limit for the computing of a cookie.  What becomes of honest
peers where the flood is of a rate, and frames are lost, siege.py asks of the whole relay.
"""

import siege
from bench import Program, eal, runtime_directory

CASES = {"ipv4.plain": [], "ipv4.ts": ["-t"], "ipv6.ts": ["-6", "-t"]}
MEMORY_MIB = 320
COOKIE_LIMIT = 250


def case(bench, env, name, options):
    batches = 20 if bench.quick else 400
    with bench.hugepages(MEMORY_MIB) as memory:
        command = [bench.programs / "flood", *eal(*memory, prefix="flood"), "--", *options]
        with Program(command, env) as flood:
            hz = float(flood.ready[1])
            rows = [flood.ask(batches) for _ in range(bench.pairs)]
    whole, bursts, alone, begun, completed = map(list, zip(*rows))
    apart = [a - b for a, b in zip(whole, bursts)]
    bench.figure(f"{name}.compute", alone, "cycles/cookie", limit=COOKIE_LIMIT)
    bench.figure(f"{name}.answer", apart, "cycles/SYN")
    bench.figure(f"{name}.rate", [hz / cycles for cycles in whole], "cookies/s", better="more")
    bench.figure(f"{name}.honest", [a / b for a, b in zip(completed, begun)], "completed", better="more", limit=1)


def measure(bench):
    with runtime_directory() as env:
        for name, options in CASES.items():
            case(bench, env, name, options)
        for name, options in siege.FAMILIES.items():
            siege.case(bench, env, name, options)
