#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A small link far behind the relay is discovered by the sender, whatever the families of the legs.

    near ---- relay ==== router1 --1300-- router2 --1500-- far
        1500        wire

Neither end sees the small link: far's own link carries 1500 bytes, so its SYN tells the full size.
router1 says to the relay what it cannot carry on; the relay says so to near.  Each user is the far
one once.

Where the link carries less than an IPv6 sender ever comes down to, what it sends becomes IPv4 that
routers may cut (RFC 7915 5.1).
"""

import json

from harness import (
    HOME, HOME6, RELAY_AT, RELAY_AT6, Lab, Task, digest, expect, fail, receive, send_all, splice,
)

SIZE = 4 << 20
SMALL = 1300
SMALLER = 1000  # less than IPv6 allows
IPV6_LEAST = 1280


def put_behind_routers(lab, place):
    """Move the user's end of the wire to router1, and the user behind router2."""
    wire4, wire6 = HOME[place].rpartition(".")[0], HOME6[place].rpartition("::")[0]
    first, second, user = (lab.namespace(p) for p in ("router1", "router2", place))
    for router in ("router1", "router2"):
        lab.add_place(router)
        lab.run(router, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    lab.run(place, "ip", "link", "set", "eth0", "netns", first)
    lab.run("relay", "ip", "link", "add", "south", "netns", first, "mtu", SMALL, "type", "veth",
            "peer", "name", "north", "netns", second, "mtu", SMALL)
    lab.run("relay", "ip", "link", "add", "south", "netns", second, "type", "veth",
            "peer", "name", "eth0", "netns", user)
    lab.batch("router1", f"""
        link set lo up
        link set eth0 up
        link set south up
        address add {wire4}.2/24 dev eth0
        address add {wire6}::2/64 dev eth0 nodad
        address add 10.0.1.1/30 dev south
        address add fd00:1::1/64 dev south nodad
        route add {HOME[place]}/32 via 10.0.1.2
        route add {HOME6[place]}/128 via fd00:1::2
    """)
    lab.batch("router2", f"""
        link set lo up
        link set north up
        link set south up
        address add 10.0.1.2/30 dev north
        address add fd00:1::2/64 dev north nodad
        address add 10.0.2.1/30 dev south
        address add fd00:2::1/64 dev south nodad
        route add default via 10.0.1.1
        route add default via fd00:1::1
        route add {HOME[place]}/32 dev south
        route add {HOME6[place]}/128 dev south
    """)
    lab.batch(place, f"""
        link set eth0 up
        address add {HOME[place]}/32 dev eth0
        address add {HOME6[place]}/128 dev eth0 nodad
        route add 10.0.2.1/32 dev eth0
        route add fd00:2::1/128 dev eth0
        route add default via 10.0.2.1 src {HOME[place]}
        route add default via fd00:2::1 src {HOME6[place]}
    """)


def learnt(lab, place, address):
    """The path MTU that the kernel of `place` has learnt towards `address`, or None."""
    route = json.loads(lab.run(place, "ip", "-j", "route", "get", address).stdout)[0]
    return next((m["mtu"] for m in route.get("metrics", []) if "mtu" in m), None)


def translated(lab):
    return lab.metric("tandem_icmp_errors_total", kind="translated")


def fragments(lab):
    """How many router1 made."""
    rows = [row.split() for row in lab.run("router1", "cat", "/proc/net/snmp").stdout.splitlines()]
    names, values = (row for row in rows if row[0] == "Ip:")
    return int(values[names.index("FragCreates")])


def transfer(lab, users, near, far, relays, wanted):
    """A transfer from near to far and one back; `wanted`: the path MTU that near must learn."""
    before = translated(lab)
    a, b = splice(lab, users[near], users[far], places=(near, far), relays=relays)
    readers = [Task(receive, b), Task(receive, a)]
    for sender in [Task(send_all, a, 1, SIZE), Task(send_all, b, 2, SIZE)]:
        sender.result()
    for seed, reader in enumerate(readers, 1):
        expect(reader.result(), (SIZE, digest(seed, SIZE)), f"{relays}: what arrived of stream {seed}")
    a.close()
    b.close()
    expect(learnt(lab, near, relays[0]), wanted, f"{relays}: path MTU at {near}")
    if translated(lab) == before:
        fail(f"{relays}: no error was translated")
    # as if it had never been: what is learnt would make the next SYN tell a smaller size
    for place in (near, far):
        for family in ("-4", "-6"):
            lab.run(place, "ip", family, "route", "flush", "cache")


for near, far in (("alice", "bob"), ("bob", "alice")):
    with Lab() as lab:
        put_behind_routers(lab, far)
        users = {place: lab.user(place) for place in (near, far)}
        for relays, wanted in (
            ((RELAY_AT[near], RELAY_AT[far]), SMALL),
            ((RELAY_AT6[near], RELAY_AT6[far]), SMALL),
            ((RELAY_AT[near], RELAY_AT6[far]), SMALL - 20),
            ((RELAY_AT6[near], RELAY_AT[far]), SMALL + 20),
        ):
            transfer(lab, users, near, far, relays, wanted)
        lab.run("router1", "ip", "route", "replace", f"{HOME[far]}/32", "via", "10.0.1.2",
                "mtu", "lock", str(SMALLER))
        cut = fragments(lab)
        transfer(lab, users, near, far, (RELAY_AT6[near], RELAY_AT[far]), IPV6_LEAST)
        if fragments(lab) == cut:
            fail("router1 made no fragments")
        expect(lab.metric("tandem_dropped_packets_total", reason="icmp_ignored"), 0, "errors ignored")
