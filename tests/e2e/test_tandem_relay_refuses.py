#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A relay that refuses the couple, or is none, makes both sides of `tandem` end with status 4.

    mallory is on the relay's deny list; xmpp.example.org is no relay
"""

from harness import Lab, Peer, RELAY, expect, make_file, receiver

with Lab({"access.deny": "[mallory@example.org]"}) as lab:
    file = make_file(lab.dir / "file", 1000)
    inbox = lab.dir / "in"
    getting = receiver(lab, inbox, sender="mallory@example.org")
    Peer(lab, "bob", "send", file, getting.jid, "--via", RELAY, user="mallory@example.org").expect(4)
    giving = Peer(lab, "bob", "send", file, getting.jid, "--via", "example.org")
    giving.expect(4)
    expect(list(inbox.iterdir()), [], "files")
