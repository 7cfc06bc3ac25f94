#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Garbage, a DTD, a comment or a broken stanza ends the component stream; tandemd comes back.

    fake XMPP server ---- garbage ----> relay: closes, connects again
    alice ==== a session from before ==== bob: goes on
"""

from fake_server import FakeServer
from harness import RELAY, Lab, expect, reaches, until

ESTABLISHED = {
    "garbage": b"\x00\xff\xfe<<<>>>&&& \x80\x81" * 50,
    "a DTD": "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;'>]><iq>&lol2;</iq>",
    "a comment": "<!-- hello -->",
    "a processing instruction": "<?php exit ?>",
    "tags that do not match": f"<iq to='{RELAY}' from='a@b'><query></iq></query>",
    "an undefined entity": f"<iq type='get' id='e' to='{RELAY}' from='a@b'><q>&undefined;</q></iq>",
    "bytes that are not UTF-8": b"<iq type='get' id='u' to='relay.example.org' from='a@b'><q>\xc3\x28</q></iq>",
    "the stream's end": "</stream:stream>",
    "a stream error": "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
}

with Lab(xmpp=False) as lab:
    server = FakeServer(lab)
    for what, data in ESTABLISHED.items():
        stream = server.start_tandemd(lab)
        a, b = stream.splice(lab)
        stream.send(data)
        stream.wait_closed()
        stream.close()
        stream = server.stream(timeout=15)
        until(lambda: lab.http("/healthz")[0] == 200, f"healthy again after {what}")
        stream.ping("alive")
        reaches(a, b, what.encode())
        lab.stop("tandemd")
        expect(lab.status("tandemd"), 0, f"exit status of tandemd after {what}")
        stream.close()
