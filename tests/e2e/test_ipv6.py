#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""IPv6 is relayed as IPv4 is, and one leg of each family makes a pair too.

    alice -- IPv6 -- relay -- IPv6 -- bob
    alice -- IPv4 -- relay -- IPv6 -- bob        and the other way round
"""

from harness import (
    RELAY_AT, RELAY_AT6, Lab, Task, digest, expect, fail, is_reset, receive, send_all, splice, until,
)

SIZE = 16 << 20

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    for place in ("alice", "bob"):
        ping = lab.run(place, "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", RELAY_AT6[place]).stdout
        if " 0% packet loss" not in ping:
            fail(f"{place} pings {RELAY_AT6[place]}: {ping}")
    for number, relays in enumerate((
            (RELAY_AT6["alice"], RELAY_AT6["bob"]),
            (RELAY_AT["alice"], RELAY_AT6["bob"]),
            (RELAY_AT6["alice"], RELAY_AT["bob"]),
            (RELAY_AT6["bob"], RELAY_AT6["alice"]),  # each by the other's address: any port takes it
    )):
        a, b = splice(lab, alice, bob, relays=relays)
        readers = [Task(receive, a), Task(receive, b)]
        senders = [Task(send_all, a, 2 * number, SIZE), Task(send_all, b, 2 * number + 1, SIZE)]
        for sender in senders:
            sender.result()
        expect(readers[0].result(), (SIZE, digest(2 * number + 1, SIZE)), f"{relays}: what alice read")
        expect(readers[1].result(), (SIZE, digest(2 * number, SIZE)), f"{relays}: what bob read")
        a.close()
        b.close()

    # a reset passes between the families
    a, b = splice(lab, alice, bob, relays=(RELAY_AT["alice"], RELAY_AT6["bob"]))
    lab.kill_peer(a)
    until(lambda: is_reset(b), "bob's leg is reset")
