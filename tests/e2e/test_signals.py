#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A signal at any time, or a start that fails half-way, leaves the relay as it was.

    start: ----- TERM -----> ready?      running: --- TERM and TERM again --->
    start: DPDK, guard, ports, addresses ... the last stage fails: status 1, all undone
"""

import signal
import socket

from harness import TIMEOUT, TANDEMD, Lab, expect, fail, until


def state(lab):
    tell = (
        ["ls", "/sys/class/net"],
        ["ip", "-4", "-o", "address"],
        ["ip", "-4", "route", "show", "table", "all"],
        ["nft", "list", "ruleset"],
        ["cat", "/proc/sys/net/ipv4/ip_local_reserved_ports"],
    )
    return [lab.run("relay", *command).stdout for command in tell]


with Lab(relay=False) as lab:
    before = state(lab)

    def start(log):
        return lab.spawn("relay", TANDEMD, "-c", lab.dir / "tandem.yaml", log=log)

    def expect_end(child, status, what):
        expect(child.wait(TIMEOUT), status, f"exit status, {what}")
        expect(state(lab), before, f"what is left in the relay, {what}")

    def signalled(when, *signals):
        log = lab.dir / f"{when}-{len(signals)}.log"
        child = start(log.name)
        until(lambda: when in log.read_text(errors="replace"), f"tandemd says {when}")
        for number in signals:
            child.send_signal(number)
        expect_end(child, 0, f"{[s.name for s in signals]} at {when}")

    signalled("MiB", signal.SIGTERM)  # the first stage
    signalled("net_af_xdp0", signal.SIGINT, signal.SIGTERM)
    signalled("established", signal.SIGTERM, signal.SIGTERM)

    with lab.inside("relay"):
        taken = socket.create_server(("127.0.0.1", 9465))
    child = start("taken.log")
    expect_end(child, 1, "the stats port is taken")
    taken.close()
    said = (lab.dir / "taken.log").read_text(errors="replace").splitlines()
    if not any(line.startswith("error: ") and "stats endpoint" in line for line in said):
        fail(f"the log does not tell why: {said}")
