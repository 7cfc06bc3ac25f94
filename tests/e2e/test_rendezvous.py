#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Two meet at addresses that one of them reserved, over IPv4 and IPv6, byte-exact.

    alice ---- get sid, peer=bob ----> relay: a port of the range, an address of the prefix
    alice ---- connect, claim -------> there <------- connect, claim ---- bob
"""

from harness import (
    RELAY_AT, WHOKNOWS, Lab, exchange, expect, expect_error, expect_result, fail, until,
)
from rendezvous import ON6, ends_of, meet, query, reserve, route

SIZE = 8 << 20

with Lab({"services.rendezvous": ON6}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    route(lab, "alice", "bob")

    # the same addresses again, whoever of the two asks; others' are others
    sid, ends = reserve(alice, bob.jid)
    expect(ends[4][0], RELAY_AT["alice"], "the IPv4 address")
    expect(10000 <= ends[4][1] <= 14095, True, f"{ends[4]} is of the range")
    expect((ends[6][0].startswith("2001:db8:f000:1:"), ends[6][1]), (True, 4000), f"{ends[6]}")
    for user, peer in ((alice, bob), (bob, alice)):
        expect(reserve(user, peer.jid, sid), (sid, ends), "a repeated query")
    other = reserve(alice, bob.jid)[1]
    expect(other[4] != ends[4] and other[6] != ends[6], True, "another sid has addresses of its own")
    expect(lab.metric("tandem_reservations"), 2, "reservations")

    # the fixed address is told as ever, and half a reservation is none
    fixed = ends_of(expect_result(alice.iq(f"<query xmlns='{WHOKNOWS}'/>", "get")))
    expect(fixed[4], (RELAY_AT["alice"], 4000), "the fixed address")
    for half in ("sid='A01'", f"peer='{bob.jid}'", f"sid='A01' peer='{alice.jid}'"):
        answer = alice.iq(f"<query xmlns='{WHOKNOWS}' {half}/>", "get")
        expect_error(answer, "bad-request", "modify", f"a query with {half}")

    for families in ((4, 4), (6, 6), (4, 6), (6, 4)):
        exchange(*meet(lab, alice, bob, families=families), SIZE)
    until(lambda: lab.metric("tandem_sessions_closed_total", reason="finished") == 4, "all finish")
    expect(lab.metric("tandem_reservations"), 2, "reservations")

    # nobody listens where nothing is reserved
    for address, port in ((ends[4][0], 14096 - 1), ("2001:db8:f000:1::1", 4000)):
        try:
            lab.connect("alice", address, port)
            fail(f"{address} port {port} takes a connection")
        except ConnectionRefusedError:
            pass

WORKERS = {
    "services.rendezvous": ON6,
    "dataplane.workers": "[1, 2]",
    "dataplane.memory": "512M",
    "limits.sessions_per_jid": 100,
}

with Lab(WORKERS, queues=2) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    route(lab, "alice", "bob")
    for number in range(20):
        exchange(*meet(lab, alice, bob, families=(4 + number % 2 * 2, 4 + number // 2 % 2 * 2)))
