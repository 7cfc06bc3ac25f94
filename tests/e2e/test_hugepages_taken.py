#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Hugepages that were free are another's when DPDK wants them: where they are only liked, tandemd
does without.

    /sys, as tandemd sees it: a page of 1 GiB is free          the machine: there is none
    hugepages: auto          starts on ordinary pages, on all its lcores
    the same, page promised  starts on ordinary pages at once
    hugepages: on            does not start
"""

import os
import re
import sys
from pathlib import Path

from harness import TANDEMD, TIMEOUT, Lab, expect, fail

# In the mount namespace that ip(8) makes for it, so nothing of this is to be undone.
SEES_A_PAGE = f"""#!/bin/sh -e
mkdir -p "$RUNTIME_DIRECTORY/huge"
mount -t hugetlbfs none "$RUNTIME_DIRECTORY/huge"
mount -t tmpfs none /sys/kernel/mm/hugepages
cd /sys/kernel/mm/hugepages
mkdir hugepages-1048576kB
cd hugepages-1048576kB
echo 1 >nr_hugepages
echo 1 >free_hugepages
echo ${{PROMISED:-0}} >resv_hugepages
cd /
exec {TANDEMD} "$@"
"""


def tried(log):
    """The kinds of memory that were, in order."""
    return re.findall(r"MiB of (hugepages|ordinary pages)", log)


real = Path("/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages")
if real.exists() and int(real.read_text()) > 0:
    print("this machine has such a page: nothing is tested")
    sys.exit()

with Lab(relay=False) as lab:
    program = lab.dir / "sees-a-page"
    program.write_text(SEES_A_PAGE)
    program.chmod(0o755)
    os.environ["TANDEMD"] = str(program)

    lab.start("tandemd")
    log = lab.log()
    expect(tried(log), ["hugepages", "ordinary pages"], "what was tried")
    cpus = re.findall(r"warning: \d+ lcore.*", log)
    if len(cpus) not in (0, 2) or len(set(cpus)) > 1:
        fail(f"the tries do not have the same CPUs: {cpus}")
    name = Path(f"/proc/{lab.pid('tandemd')}/comm").read_text()
    expect(name, "tandemd\n", "the name of the process")
    lab.stop("tandemd")
    expect(lab.status("tandemd"), 0, "exit status after an orderly stop")

    os.environ["PROMISED"] = "1"
    lab.start("tandemd")
    expect(tried(lab.log().removeprefix(log)), ["ordinary pages"], "what was tried with the page promised")
    lab.stop("tandemd")
    del os.environ["PROMISED"]

    file = lab.dir / "tandem.yaml"
    file.write_text(file.read_text().replace("hugepages: auto", "hugepages: on"))
    arguments = ("env", f"RUNTIME_DIRECTORY={lab.dir}/run", program, "-c", file)
    done = lab.run("relay", *arguments, check=False, timeout=TIMEOUT)
    expect(done.returncode, 1, "exit status where hugepages must be and are not")
    expect(tried(done.stdout), ["hugepages"], "what was tried where nothing else will do")
    if (lab.dir / "run" / "dpdk").exists():
        fail("a start that failed leaves DPDK's directories")
