#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""XEP-0065 by hand, over Prosody and ejabberd: discovery, address query, every error of an
activation, four legs and a fifth, a room's JID, and data both ways.

    alice (target) ---- SOCKS5 ----> relay <---- SOCKS5 ---- bob (requester, activates)
"""

import hashlib
from xml.sax.saxutils import escape

from harness import Lab, RELAY, RELAY_AT, exchange, expect, expect_error, expect_result, fail, new_sid, receive_exactly

BYTESTREAMS = "http://jabber.org/protocol/bytestreams"
DISCO = "http://jabber.org/protocol/disco"
SOCKS5 = 7777


def open_leg(lab, place, sid, requester, target, reply=0):
    name = hashlib.sha1((sid + requester + target).encode()).hexdigest().encode()
    leg = lab.connect(place, port=SOCKS5)
    leg.sendall(b"\5\1\0")
    expect(receive_exactly(leg, 2), b"\5\0", "the method")
    leg.sendall(b"\5\1\0\3\x28" + name + b"\0\0")
    answer = receive_exactly(leg, 47)
    expect(answer, bytes((5, reply, 0, 3, 40)) + name + b"\0\0", "the reply")
    return leg


def activate(user, sid, target, **options):
    return user.iq(
        f"<query xmlns='{BYTESTREAMS}' sid='{sid}'><activate>{escape(target)}</activate></query>", **options
    )


def discover(user):
    items = expect_result(user.iq(f"<query xmlns='{DISCO}#items'/>", "get", "example.org"), "the items")
    expect(RELAY in [e.get("jid") for e in items.xml.iter(f"{{{DISCO}#items}}item")], True, "the relay is found")
    info = expect_result(user.iq(f"<query xmlns='{DISCO}#info'/>", "get"), "the relay's information")
    identities = [(e.get("category"), e.get("type")) for e in info.xml.iter(f"{{{DISCO}#info}}identity")]
    expect(identities, [("proxy", "bytestreams")], "its identities")
    features = [e.get("var") for e in info.xml.iter(f"{{{DISCO}#info}}feature")]
    for feature in (BYTESTREAMS, "whoknows", "jabber:iq:version", "jabber:iq:last"):
        expect(feature in features, True, f"{feature} among the features")
    expect(any("mailto:abuse@example.org" in (e.text or "") for e in info.xml.iter()), True, "the contact")
    hosts = expect_result(user.iq(f"<query xmlns='{BYTESTREAMS}'/>", "get"), "the address")
    found = [(e.get("jid"), e.get("host"), e.get("port")) for e in hosts.xml.iter(f"{{{BYTESTREAMS}}}streamhost")]
    expect(
        found,
        [(RELAY, host, "7777") for host in (*RELAY_AT.values(), "2001:db8:1::10", "2001:db8:2::10")],
        "the streamhosts",
    )


def errors(lab, alice, bob):
    sid = new_sid()
    expect_error(activate(bob, sid, alice.jid), "item-not-found", "cancel", "no leg")
    expect_error(activate(bob, sid, "@"), "jid-malformed", "modify", "no JID")
    expect_error(activate(bob, "", alice.jid), "bad-request", "modify", "no sid")
    legs = [open_leg(lab, "alice", sid, bob.jid, alice.jid)]
    expect_error(activate(bob, sid, alice.jid), "not-allowed", "cancel", "one leg")
    legs.append(open_leg(lab, "bob", sid, bob.jid, alice.jid))
    expect_error(activate(alice, sid, alice.jid), "item-not-found", "cancel", "another requester")
    expect_result(activate(bob, sid, alice.jid), "two legs")
    expect_error(activate(bob, sid, alice.jid), "conflict", "cancel", "twice")
    open_leg(lab, "bob", sid, bob.jid, alice.jid, reply=2).close()
    exchange(*legs)
    for leg in legs:
        leg.close()


def several(lab, alice, bob):
    sid = new_sid()
    legs = [open_leg(lab, "alice", sid, bob.jid, alice.jid) for _ in range(3)]
    legs.append(open_leg(lab, "bob", sid, bob.jid, alice.jid))
    open_leg(lab, "bob", sid, bob.jid, alice.jid, reply=2).close()
    expect_result(activate(bob, sid, alice.jid), "four legs")
    for loser in legs[1:3]:
        try:
            expect(loser.recv(1), b"", "what a loser gets")
        except ConnectionResetError:
            pass
    exchange(legs[0], legs[3])


def names(lab, alice, bob):
    room = "room@muc.example.org/some <body> \u00e9"
    same = "alice@example.org"
    for target, hashed in ((room, room), (same, same), ("Alice@EXAMPLE.org/X", "alice@example.org/X")):
        sid = new_sid()
        legs = [open_leg(lab, place, sid, bob.jid, hashed) for place in ("alice", "bob")]
        expect_result(activate(bob, sid, target), target)
        exchange(*legs)


def commands(lab, alice, bob):
    ns = "http://jabber.org/protocol/commands"
    listing = f"<command xmlns='{ns}' node='list-sessions' action='execute'/>"
    expect_error(bob.iq(listing), "forbidden", "auth", "no admin")
    sid = new_sid()
    legs = [open_leg(lab, place, sid, bob.jid, alice.jid) for place in ("alice", "bob")]
    expect_result(activate(bob, sid, alice.jid))
    rows = expect_result(alice.iq(listing)).xml.iter("{jabber:x:data}item")
    cells = [{f.get("var"): f.findtext("{*}value") for f in row} for row in rows]
    number = [cell["id"] for cell in cells if cell["sid"] == f'"{sid}"']
    expect(len(number), 1, f"the session among {cells}")
    form = expect_result(alice.iq(f"<command xmlns='{ns}' node='end-session'/>"))
    id = form.xml.find(f"{{{ns}}}command").get("sessionid")
    submit = "<x xmlns='jabber:x:data' type='submit'><field var='session'><value>{}</value></field></x>"
    command = f"<command xmlns='{ns}' node='end-session' sessionid='{id}'>{submit.format(number[0])}</command>"
    expect_result(alice.iq(command), "the end")
    for leg in legs:
        try:
            fail(f"a leg got {leg.recv(1)!r}")
        except ConnectionResetError:
            pass


for server in ("prosody", "ejabberd"):
    settings = {
        "services.socks5": "{port: 7777}",
        "xmpp.abuse": "mailto:abuse@example.org",
        "access.admins": "[alice@example.org]",
    }
    with Lab(settings, server=server) as lab:
        alice, bob = lab.user("alice"), lab.user("bob")
        discover(alice)
        for part in (errors, several, names, commands):
            part(lab, alice, bob)
        eve = lab.user("alice", "eve@example.net/x")
        sid = new_sid()
        for place in ("alice", "bob"):
            open_leg(lab, place, sid, eve.jid, bob.jid)
        expect_error(eve.iq(f"<query xmlns='{BYTESTREAMS}'/>", "get"), "forbidden", "auth", "a stranger asks")
        expect_error(activate(eve, sid, bob.jid), "forbidden", "auth", "a stranger activates (CVE-2026-43504)")
