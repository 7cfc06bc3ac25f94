#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""ARP and ping for the service addresses are answered, by the kernel through the TAP.

    alice ---- who has 192.0.2.10? echo ----> relay port -> TAP -> kernel -> TAP -> port
"""

from harness import RELAY_AT, Lab, expect, fail, reaches, splice

with Lab() as lab:
    for place, port, other in (("alice", "eth1", "bob"), ("bob", "eth2", "alice")):
        own = RELAY_AT[place]
        lab.run(place, "ip", "neighbour", "flush", "dev", "eth0")
        ping = lab.run(place, "ping", "-n", "-c", "5", "-i", "0.2", "-W", "2", own).stdout
        if " 0% packet loss" not in ping:
            fail(f"{place} pings {own}: {ping}")
        mac = lab.run("relay", "cat", f"/sys/class/net/{port}/address").stdout.strip()
        known = lab.run(place, "ip", "neighbour", "show", own, "dev", "eth0").stdout.split()
        expect(known[known.index("lladdr") + 1], mac, f"who {place} takes {own} for")

        # full-size frames pass the TAP too, and either service address is on either port
        lab.run(place, "ping", "-n", "-c", "2", "-i", "0.2", "-W", "2", "-M", "do", "-s", "1472", own)
        lab.run(place, "ping", "-n", "-c", "2", "-i", "0.2", "-W", "2", RELAY_AT[other])
    reaches(*splice(lab, lab.user("alice"), lab.user("bob")))

    # any other TCP port is the kernel's to refuse
    try:
        lab.connect("alice", port=4001, timeout=5)
        fail("port 4001 took a connection")
    except ConnectionRefusedError:
        pass
