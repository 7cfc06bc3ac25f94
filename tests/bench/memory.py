# SPDX-License-Identifier: BSD-3-Clause
"""Bytes a session and a parked leg in the data plane: of the EAL's heap, which hugepages are for, and of
the process as the kernel counts it.  The tables have their size from the configuration, so what
one session costs is what a table for so many takes."""

import subprocess

from bench import eal, runtime_directory

SESSIONS = (1, 1000, 10_000, 100_000, 1_000_000)
GIB = 1 << 30


def sizes(bench, env, sessions, legs):
    """Heap bytes of the flows, of the legs; resident bytes of the whole process."""
    mib = 96 + (sessions * 700 + legs * 400 >> 20)
    command = [bench.programs / "memory", *eal("--no-huge", "--no-shconf", "-m", mib, prefix="memory"), "--"]
    done = subprocess.run(
        [*map(str, command), str(sessions), str(legs)],
        env=env,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return map(int, done.stdout.split())


def measure(bench):
    with runtime_directory() as env:
        for count in SESSIONS[:3] if bench.quick else SESSIONS:
            flows, legs, resident = sizes(bench, env, count, count)
            limit = GIB if count == 1_000_000 else None
            bench.figure(f"sessions.{count}", [flows], "bytes", limit=limit, sessions=count)
            bench.figure(f"legs.{count}", [legs], "bytes", sessions=count)
            bench.figure(f"resident.{count}", [resident], "bytes", sessions=count)
            bench.figure(f"per_session.{count}", [flows / count], "bytes", sessions=count)
            bench.figure(f"per_leg.{count}", [legs / count], "bytes", sessions=count)
