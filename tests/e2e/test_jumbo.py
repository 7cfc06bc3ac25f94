#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Frames larger than Ethernet's: as large as AF_XDP carries on both ports, and on one of them.

    alice ---- [wire] ==== eth1, VLAN 100   eth2 ---- bob          mtu 3500 everywhere
    alice ---- eth1, mtu 3500   eth2, mtu 1500 ---- bob
"""

from harness import RELAY_AT, RELAY_AT6, TANDEMD, Lab, exchange, expect, fail, splice

SIZE = 16 << 20
MTU = 3500  # drivers/port_kind.c
VLAN = 100
PAIRS = (
    (RELAY_AT["alice"], RELAY_AT["bob"]),
    (RELAY_AT6["alice"], RELAY_AT6["bob"]),
    (RELAY_AT["alice"], RELAY_AT6["bob"]),
    (RELAY_AT6["alice"], RELAY_AT["bob"]),
)


def set_mtu(lab, *places):
    for place, interface in places:
        lab.run(place, "ip", "link", "set", interface, "mtu", MTU)


def transfers(lab):
    """Both ways between all families; returns how many bytes a packet had, those of ACKs counted too."""
    users = lab.user("alice"), lab.user("bob")
    for relays in PAIRS:
        exchange(*splice(lab, *users, relays=relays), SIZE)
    samples = lab.metrics()
    return samples["tandem_relayed_bytes_total", ()] / samples["tandem_relayed_packets_total", ()]


def refused(lab, message):
    """tandemd does not start, and says why."""
    runtime = f"RUNTIME_DIRECTORY={lab.dir}/run"
    done = lab.run("relay", "env", runtime, TANDEMD, "-c", lab.dir / "tandem.yaml", check=False)
    expect(done.returncode, 1, "status of tandemd")
    if message not in done.stdout:
        fail(f"not told: {message!r} in\n{done.stdout}")


with Lab({"dataplane.mss": MTU - 60}, relay=False, wire=f"vlan={VLAN}") as lab:
    set_mtu(lab, ("alice", "eth0"), ("wire", "alice0"), ("wire", "relay1"), ("bob", "eth0"))
    lab.set_port(0, mtu=MTU, vlan=VLAN)
    lab.set_port(1, mtu=MTU)
    lab.start("tandemd")
    average = transfers(lab)
    if average < 1500:
        fail(f"{average:.0f} bytes a packet: these were no jumbo frames")
    # the kernel is there too, with packets as large as its TAP takes
    lab.run("alice", "ping", "-n", "-c", "2", "-i", "0.2", "-W", "2", "-M", "do", "-s", "1472", RELAY_AT["alice"])
    lab.stop("tandemd")

    # a kind of port with large frames, and AF_XDP, which cannot have buffers of their size
    file = lab.dir / "tandem.yaml"
    file.write_text(file.read_text().replace('"net_af_xdp1,iface=eth2"', "net_ring0"))
    lab.set_port(1, mtu=9000)
    refused(lab, "net_af_xdp0,iface=eth1: it cannot share buffers with a port of so large an mtu")
    file.write_text(file.read_text().replace("net_ring0", "net_null0"))
    refused(lab, "net_null0: mtu 9000 is more than this kind of port carries")

with Lab({"dataplane.mss": 1440}, relay=False) as lab:
    set_mtu(lab, ("alice", "eth0"))
    lab.set_port(0, mtu=MTU)
    lab.start("tandemd")
    transfers(lab)
