#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The interface of a port goes down and comes up, has its MTU changed, and goes away.

    alice ---- eth1, kernel   eth2, kernel ---- bob
                              down, up; mtu 1000; on a wire without offloads; deleted

What cannot be sent is dropped and counted, connections outlive it, and tandemd stops in order.
"""

from harness import (
    RELAY_AT, RELAY_AT6, Lab, exchange, expect, reaches, receive_exactly, splice, until,
)

FEW = 4000  # bytes that the kernel sends at once
MANY = 200000


def dropped(lab):
    return lab.metric("tandem_dropped_packets_total", reason="tx")


def is_up(lab):
    return lab.metric("tandem_port_up", port="kernel:eth2") == 1


def keeps(lab):
    return lab.run("relay", "cat", "/proc/sys/net/ipv6/conf/eth2/keep_addr_on_down").stdout.strip()


def link(lab, *what):
    lab.run("relay", "ip", "link", "set", "eth2", *what)


def down_and_up(lab, users):
    """Of both families the connections go on, and new ones are made."""
    relays = [(where["alice"], where["bob"]) for where in (RELAY_AT, RELAY_AT6)]
    legs = [splice(lab, *users, relays=pair) for pair in relays]
    for pair in legs:
        reaches(*pair)
    before = dropped(lab)
    link(lab, "down")
    for a, _ in legs:
        a.sendall(bytes(FEW))
    until(lambda: dropped(lab) > before, "frames are dropped and counted")
    until(lambda: not is_up(lab), "the port is told to be down")
    link(lab, "up")
    for a, b in legs:
        receive_exactly(b, FEW)
        exchange(a, b, MANY)
    until(lambda: is_up(lab), "the port is told to be up")
    for pair in relays:
        exchange(*splice(lab, *users, relays=pair), MANY)


def smaller_mtu(lab, users):
    """Packets are as large as the configuration says: those that the interface refuses now count."""
    lab.run("relay", "ethtool", "-K", "eth1", "gro", "off")
    lab.run("alice", "ethtool", "-K", "eth0", "tso", "off", "gso", "off")
    a, b = splice(lab, *users)
    before = dropped(lab)
    link(lab, "mtu", "1000")
    a.sendall(bytes(FEW))
    until(lambda: dropped(lab) > before, "large frames are dropped and counted")
    link(lab, "mtu", "1500")
    receive_exactly(b, FEW)
    exchange(a, b, MANY)


def away(lab, users):
    a, _ = splice(lab, *users)
    before = dropped(lab)
    lab.run("relay", "ip", "link", "delete", "eth2")
    a.sendall(bytes(FEW))
    until(lambda: dropped(lab) > before, "what was for the interface is dropped and counted")
    until(lambda: not is_up(lab), "the port is told to be down")


with Lab(ports="kernel", relay=False) as lab:
    had = keeps(lab)
    lab.start("tandemd")
    users = lab.user("alice"), lab.user("bob")
    down_and_up(lab, users)
    lab.stop("tandemd")
    expect(keeps(lab), had, "keep_addr_on_down of eth2")
    lab.start("tandemd")
    smaller_mtu(lab, users)
    away(lab, users)
    lab.stop("tandemd")
    expect(lab.status("tandemd"), 0, "exit status of tandemd without its interface")
    expect(lab.run("relay", "nft", "list", "ruleset").stdout, "", "rules left")
