#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""SOCKS5 bytestreams (XEP-0065) through the relay: address query, both legs, activation; streams in
either role, full and bare target JIDs, half-close; and each error that a proxy owes.

    alice --- eth1 [ relay, port 7777 ] eth2 --- bob
"""

import socket

from harness import (
    HOME,
    Lab,
    RELAY,
    RELAY_AT,
    RELAY_AT6,
    digest,
    exchange,
    expect,
    expect_error,
    expect_reset,
    expect_result,
    expect_untouched,
    new_sid,
    reaches,
    receive,
    send_all,
)
from socks import BYTESTREAMS, SOCKS, activation, bytestream, connect, name_of, negotiate, open_legs, streamhosts

with Lab(SOCKS) as lab:
    alice, bob, eve = lab.user("alice"), lab.user("bob"), lab.user("bob", "eve@example.net/lab")

    # IPv4 first: some clients use only the first
    hosts = [host for host, port in streamhosts(alice, RELAY)]
    v4, v6 = list(RELAY_AT.values()), list(RELAY_AT6.values())
    expect(sorted(hosts), sorted(v4 + v6), "the streamhosts")
    expect(sorted(hosts[: len(v4)]), sorted(v4), "the first ones")
    sid = new_sid()
    answer = expect_result(alice.iq(f"<query xmlns='{BYTESTREAMS}' sid='{sid}'/>", "get"), "a query with sid")
    expect(answer.xml.find(f"{{{BYTESTREAMS}}}query").get("sid"), sid, "the sid that came back")

    # either may be the requester
    exchange(*bytestream(lab, alice, bob, RELAY))
    exchange(*bytestream(lab, bob, alice, RELAY))

    # over IPv6, and one over each
    for addresses in ((RELAY_AT6["bob"], RELAY_AT6["alice"]), (RELAY_AT["bob"], RELAY_AT6["alice"])):
        sid = new_sid()
        legs = [connect(lab, place, host, 7777) for place, host in zip(("bob", "alice"), addresses)]
        for leg in legs:
            negotiate(leg, name_of(sid, alice.jid, bob.jid))
        expect_result(alice.iq(activation(sid, bob.jid)), "activation over IPv6")
        exchange(*legs)

    # a target's bare JID, and one in a room: the proxy hashes what it is told
    for target in ("bob@example.org", "room@muc.example.org/Bob the \u00e9lder"):
        sid = new_sid()
        legs = [connect(lab, place, RELAY_AT[place], 7777) for place in ("bob", "alice")]
        for leg in legs:
            negotiate(leg, name_of(sid, alice.jid, target))
        expect_result(alice.iq(activation(sid, target)), f"activation towards {target}")
        exchange(*legs)

    # XEP-0260: who offered the relay activates it, so the target of the offer may have to; the name
    # then has it as the requester, and nobody else's activation does
    sid = new_sid()
    legs = [connect(lab, place, RELAY_AT[place], 7777) for place in ("alice", "bob")]
    for leg in legs:
        negotiate(leg, name_of(sid, bob.jid, alice.jid))
    expect_error(alice.iq(activation(sid, bob.jid)), "item-not-found", "cancel", "by the one who is not the requester")
    expect_error(bob.iq(activation(sid, bob.jid)), "item-not-found", "cancel", "towards oneself")
    for leg in legs:
        expect_untouched(leg, "a leg of a name that nobody activated")
    expect_result(bob.iq(activation(sid, alice.jid)), "by the target of the offer")
    exchange(*legs)

    # half-close
    mine, his = bytestream(lab, alice, bob, RELAY)
    send_all(mine, 3, 100_000)
    expect(receive(his), (100_000, digest(3, 100_000)), "up to the half-close")
    his.sendall(b"and back")
    his.shutdown(socket.SHUT_WR)
    expect(mine.recv(100), b"and back", "after the half-close")
    expect(mine.recv(100), b"", "EOF")

    # errors
    sid = new_sid()
    name = name_of(sid, alice.jid, bob.jid)
    expect_error(alice.iq(activation(sid, bob.jid)), "item-not-found", "cancel", "without legs")
    legs = [connect(lab, "bob", RELAY_AT["bob"], 7777)]
    negotiate(legs[0], name)
    expect_error(alice.iq(activation(sid, bob.jid)), "not-allowed", "cancel", "with one leg")
    legs.append(connect(lab, "alice", RELAY_AT["alice"], 7777))
    negotiate(legs[1], name)
    expect_error(bob.iq(activation(sid, alice.jid)), "item-not-found", "cancel", "by the target")
    expect_error(eve.iq(activation(sid, bob.jid)), "forbidden", "auth", "by a stranger", "access")
    expect_error(eve.iq(f"<query xmlns='{BYTESTREAMS}'/>", "get"), "forbidden", "auth", "a stranger's query", "access")
    for leg in legs:
        expect_untouched(leg, "a leg that nobody activated")
    expect_result(alice.iq(activation(sid, bob.jid)), "the activation")
    expect_error(alice.iq(activation(sid, bob.jid)), "conflict", "cancel", "again")
    exchange(*legs)
    bad = {
        "no sid": f"<query xmlns='{BYTESTREAMS}'><activate>{bob.jid}</activate></query>",
        "an empty sid": activation("", bob.jid),
        "a long sid": activation("x" * 129, bob.jid),
        "no activate": f"<query xmlns='{BYTESTREAMS}' sid='x'/>",
    }
    for what, query in bad.items():
        expect_error(alice.iq(query), "bad-request", "modify", what)
    for target in ("@example.org", "bob@", "a b@example.org/x", ""):
        expect_error(alice.iq(activation("x", target)), "jid-malformed", "modify", f"target {target!r}")

    # the newest with the oldest of four; a fifth is refused
    sid = new_sid()
    name = name_of(sid, alice.jid, bob.jid)
    legs = []
    for place in ("bob", "bob", "alice", "alice"):
        legs.append(connect(lab, place, RELAY_AT[place], 7777))
        negotiate(legs[-1], name)
    fifth = connect(lab, "bob", RELAY_AT["bob"], 7777)
    try:
        negotiate(fifth, name)
        raise SystemExit("a fifth leg of one name was let in")
    except AssertionError as error:
        expect("\\x05\\x02" in str(error), True, f"the refusal is 02: {error}")
    expect_result(alice.iq(activation(sid, bob.jid)), "the activation of one of four")
    for leg in legs[1:3]:
        expect_reset(leg, "a leg left over")
    reaches(legs[3], legs[0])
