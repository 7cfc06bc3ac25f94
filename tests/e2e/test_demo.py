#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""platform/demo relays its file, cleans up, and works again after it was killed halfway.

    platform/demo --size 4M        ; kill -9 ; again
"""

import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

from harness import TOP, expect, fail, until

DEMO = TOP / "platform" / "demo"


def left_of(lab):
    """What is left of a lab."""
    name = "td" + lab.suffix[1:]
    spaces = subprocess.run(["ip", "netns"], stdout=subprocess.PIPE, text=True).stdout
    return [line for line in spaces.splitlines() if line.startswith(name)] + [lab] * lab.exists()


def lab_of(output):
    found = re.search(r"are in (\S+)", output)
    return found and Path(found[1])


def run(directory, *arguments):
    done = subprocess.run(
        [DEMO, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd="/",
        env={**os.environ, "TMPDIR": directory},
        timeout=200,
    )
    if done.returncode:
        fail(f"the demo ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


with tempfile.TemporaryDirectory() as directory:
    os.chmod(directory, 0o711)
    output = run(directory, "--size", "4M")
    sums = re.findall(r"^(?:sent|received) +([0-9a-f]{64})$", output, re.M)
    expect((len(sums), len(set(sums))), (2, 1), f"sums told by the demo:\n{output}")
    if not re.search(r"^4194304 bytes in [0-9.]+ s.* [0-9.]+ Gbit/s$", output, re.M):
        fail(f"no time and rate:\n{output}")
    if not re.search(r"^tandem_relayed_bytes_total 4[0-9]{6}", output, re.M):
        fail(f"no counters of the relay:\n{output}")
    expect(left_of(lab_of(output)), [], "what the demo left")

    log = Path(directory) / "log"
    with open(log, "w") as file:
        child = subprocess.Popen(
            [DEMO, "--size", "512M"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            env={**os.environ, "TMPDIR": directory},
            start_new_session=True,
        )
    until(lambda: "== relay 512M" in log.read_text() or child.poll() is not None, "the demo relays", 120)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    killed = lab_of(log.read_text())
    expect(bool(left_of(killed)), True, "a killed demo leaves its lab")

    output = run(directory, "--size", "1M", "--keep")
    expect(left_of(killed), [], "what is left of the killed demo")
    kept = lab_of(output)
    expect(len(left_of(kept)), 5, "the kept lab: four namespaces and a directory")
    run(directory, "--down")
    expect(left_of(kept), [], "what is left after --down")
