# SPDX-License-Identifier: BSD-3-Clause
"""Rendezvous addresses, as clients of the relay use them: reserve, connect, claim."""

from xml.sax.saxutils import quoteattr

from harness import RELAY, RELAY_AT6, WHOKNOWS, expect, expect_result, new_sid

PREFIX = "2001:db8:f000:1::/64"
ON = "{ports: 10000-14095}"
ON6 = f'{{ports: 10000-14095, prefix: "{PREFIX}"}}'


def route(lab, *places):
    """What an operator's router does: the prefix leads to the relay."""
    for place in places:
        lab.batch(place, f"route add {PREFIX} via {RELAY_AT6[place]}\n")


def query(sid, peer):
    return f"<query xmlns='{WHOKNOWS}' sid={quoteattr(sid)} peer={quoteattr(peer)}/>"


def ends_of(answer):
    """{4: (ip, port), 6: (ip, port)}, as far as the answer to a query has them."""
    connections = answer.xml.findall(f"{{{WHOKNOWS}}}query/{{{WHOKNOWS}}}connection")
    for connection in connections:
        expect(connection.get("jid"), RELAY, "the jid of a connection")
    ends = [(c.get("ip"), int(c.get("port"))) for c in connections]
    found = {6 if ":" in ip else 4: (ip, port) for ip, port in ends}
    expect(len(found), len(ends), f"connections a family in {answer}")
    return found


def reserve(user, peer, sid=None):
    """(sid, ends) of a reservation that `user` asked for."""
    sid = sid or new_sid()
    return sid, ends_of(expect_result(user.iq(query(sid, peer), "get"), "the reservation"))


def connect(lab, place, end, **options):
    return lab.connect(place, end[0], end[1], **options)


def claim(user, leg, sid, peer=None):
    """The claim of somebody behind NAT: of its own end of the leg it knows nothing."""
    ip, port = leg.getpeername()[:2]
    peer = f" peer={quoteattr(peer)}" if peer else ""
    return user.ask(
        f"<query xmlns='{WHOKNOWS}' sid={quoteattr(sid)}{peer}><endpoint ip='{ip}' port='{port}'/></query>"
    )


def meet(lab, alice, bob, sid=None, places=("alice", "bob"), families=(4, 4)):
    """The legs of two who met at addresses that alice reserved."""
    sid, ends = reserve(alice, bob.jid, sid)
    legs = [connect(lab, place, ends[family]) for place, family in zip(places, families)]
    ids = [claim(alice, legs[0], sid, bob.jid), claim(bob, legs[1], sid, alice.jid)]
    expect_result(alice.answer(ids[0]), "alice's claim")
    expect_result(bob.answer(ids[1]), "bob's claim")
    return legs
