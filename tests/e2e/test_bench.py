#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The benches can be run: the quick one of the fast path, whose figures nobody looks at here."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from harness import BUILD, TOP, expect, fail

with tempfile.TemporaryDirectory() as directory:
    done = subprocess.run(
        [TOP / "tests" / "bench" / "run", "-q", "-o", directory, "fastpath"],
        env={**os.environ, "TANDEM_BUILD": str(BUILD)},
        stdout=subprocess.PIPE,
        text=True,
    )
    expect(done.returncode, 0, "exit status of the bench")
    if "bench fastpath.1000.ipv4.ts ours=" not in done.stdout:
        fail(f"the bench said {done.stdout}")
    whole = json.loads((Path(directory) / "fastpath.json").read_text())
    rivals = {row["rival"] for row in whole["results"]}
    expect(rivals, {"testpmd 5tswap", "testpmd io", "testpmd csum"}, "rivals")
    for row in whole["results"]:
        for who in ("ours", "theirs", "ratio"):
            if not row[who]["min"] <= row[who]["median"] <= row[who]["max"] or row[who]["min"] <= 0:
                fail(f"{row['name']}: {who}: {row[who]}")
    tables = subprocess.run(
        [TOP / "tests" / "bench" / "report", Path(directory) / "fastpath.json"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    ).stdout
    expect(tables.count("| testpmd 5tswap: "), 2, "rows of a table")
