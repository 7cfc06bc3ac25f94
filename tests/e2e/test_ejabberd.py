#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Over ejabberd as over Prosody: discovery, claims, a file, and the server's restart.

    alice, bob --- ejabberd --- relay (a component of example.org)
"""

from harness import Lab, RELAY, digest, exchange, expect, expect_result, make_file, receiver, sender, splice, until

DISCO = "http://jabber.org/protocol/disco"
SIZE = 1 << 20

with Lab(server="ejabberd") as lab:
    alice, bob = lab.user("alice"), lab.user("bob")

    items = expect_result(alice.iq(f"<query xmlns='{DISCO}#items'/>", "get", "example.org"), "the items")
    expect(RELAY in [e.get("jid") for e in items.xml.iter(f"{{{DISCO}#items}}item")], True, "the relay is found")
    info = expect_result(alice.iq(f"<query xmlns='{DISCO}#info'/>", "get"), "the relay's features")
    features = [e.get("var") for e in info.xml.iter(f"{{{DISCO}#info}}feature")]
    expect("whoknows" in features, True, f"the endpoint service among {features}")

    exchange(*splice(lab, alice, bob))

    file = make_file(lab.dir / "file", SIZE)
    getting = receiver(lab, lab.dir / "in")
    giving = sender(lab, file, getting.jid)
    giving.expect(0)
    getting.expect(0)
    expect(tuple(getting.line("received")[1:3]), (str(SIZE), digest(1, SIZE)), "what receive says")

    # sessions live on while the server is away
    legs = splice(lab, alice, bob)
    lab.stop("ejabberd")
    until(lambda: lab.metric("tandem_xmpp_connected") == 0, "the relay noticed")
    exchange(*legs)
    lab.start("ejabberd")
    until(lambda: lab.metric("tandem_xmpp_connected") == 1, "the relay is back", 40)
    exchange(*splice(lab, lab.user("alice", "alice@example.org/again"), lab.user("bob", "bob@example.org/again")))
