#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Ports on the kernel's own interfaces, whose frames are its segments of up to 64 KiB.

    alice ---- eth1, kernel   eth2, kernel ---- bob         checksum offload at all ends
    the same with two queues and two workers
    alice ---- eth1, kernel   eth2, AF_XDP ---- bob         none at bob's
"""

import re
import socket

from harness import (
    RELAY_AT,
    RELAY_AT6,
    Lab,
    exchange,
    expect,
    fail,
    is_reset,
    receive,
    receive_exactly,
    splice,
)

SIZE = 32 << 20
PAIRS = (
    (RELAY_AT["alice"], RELAY_AT["bob"]),
    (RELAY_AT6["alice"], RELAY_AT6["bob"]),
    (RELAY_AT["alice"], RELAY_AT6["bob"]),
    (RELAY_AT6["alice"], RELAY_AT["bob"]),
)


def transfers(lab, users):
    """Both ways between all families; returns how many bytes a packet had, those of ACKs counted too."""
    for relays in PAIRS:
        exchange(*splice(lab, *users, relays=relays), SIZE, timeout=60)
    samples = lab.metrics()
    return samples["tandem_relayed_bytes_total", ()] / samples["tandem_relayed_packets_total", ()]


def half_close(lab, users):
    """What comes after a FIN still comes."""
    one, other = splice(lab, *users)
    one.sendall(b"request")
    one.shutdown(socket.SHUT_WR)
    expect(receive(other)[0], 7, "bytes before the FIN")
    other.sendall(b"answer")
    expect(receive_exactly(one, 6), b"answer", "what came after it")
    other.close()
    one.close()


def unlike(lab, users):
    """Timestamps on one leg only."""
    lab.sysctl("bob", tcp_timestamps=0)
    exchange(*splice(lab, *users), SIZE, timeout=60)
    exchange(*splice(lab, *users, relays=PAIRS[2]), SIZE, timeout=60)
    lab.sysctl("bob", tcp_timestamps=1)


def untouched_kernel(lab):
    """Ping is the kernel's, and so is TCP to a port that is no service's; service TCP is not."""
    for address in (RELAY_AT["alice"], RELAY_AT6["alice"]):
        lab.run("alice", "ping", "-n", "-c", "1", "-W", "2", address)
    refused = lab.socket("alice")
    refused.settimeout(5)
    try:
        refused.connect((RELAY_AT["alice"], 4001))
        fail("somebody listens at port 4001")
    except ConnectionRefusedError:
        pass
    rules = lab.run("relay", "nft", "list", "ruleset").stdout
    ingress = re.search(r"hook ingress.*?counter packets (\d+)", rules, re.S)
    if not ingress or int(ingress[1]) == 0:
        fail(f"nothing was dropped at ingress: {rules}")
    expect(lab.metric("tandem_dropped_packets_total", reason="tx"), 0, "frames the ports did not take")


def both_work(lab, users):
    """The kernel parts connections among the queues, so each worker gets some of a dozen."""
    for _ in range(6):
        exchange(*splice(lab, *users))
    for worker in ("0", "1"):
        if lab.metric("tandem_worker_packets_total", worker=worker) < 20:
            fail(f"worker {worker} got nothing")


def crash(lab, users):
    """After kill -9 the kernel has the frames alone, and says nothing."""
    legs = splice(lab, *users)
    lab.stop("tandemd", "KILL")
    legs[0].sendall(b"into the void")
    try:
        is_reset(legs[0], 1)
        fail("the leg ended when the relay was killed")
    except TimeoutError:
        pass
    for leg in legs:
        leg.close()


with Lab(ports="kernel") as lab:
    users = lab.user("alice"), lab.user("bob")
    average = transfers(lab, users)
    if average < 3000:
        fail(f"{average:.0f} bytes a packet: these were no super-frames")
    half_close(lab, users)
    unlike(lab, users)
    untouched_kernel(lab)
    lab.stop("tandemd")
    addresses = lab.run("relay", "ip", "address", "show", "dev", "eth1").stdout
    if RELAY_AT["alice"] in addresses:
        fail(f"the service address stays: {addresses}")
    expect(lab.run("relay", "nft", "list", "ruleset").stdout, "", "rules left by an orderly stop")
    lab.start("tandemd")
    crash(lab, users)
    lab.start("tandemd")

with Lab({"dataplane.workers": "[1, 2]"}, ports="kernel", queues=2) as lab:
    users = lab.user("alice"), lab.user("bob")
    transfers(lab, users)
    both_work(lab, users)

with Lab(ports="kernel,xdp", offload="on", relay=False) as lab:
    lab.run("bob", "ethtool", "-K", "eth0", "tx", "off")
    lab.start("tandemd")
    users = lab.user("alice"), lab.user("bob")
    transfers(lab, users)
    half_close(lab, users)
    unlike(lab, users)
