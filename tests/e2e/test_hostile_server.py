#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Garbage, a DTD, a comment or a broken stanza ends the component stream; tandemd comes back.

    fake XMPP server ---- garbage ----> relay: closes, connects again, a little later each time
    alice ==== a session from before ==== bob: goes on
"""

import time

from fake_server import HEADER, FakeServer
from harness import RELAY, Lab, endpoint, expect, fail, new_sid, reaches, until

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

EARLY = {
    "nothing": b"",
    "garbage for a header": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a DTD before the header": b"<?xml version='1.0'?><!DOCTYPE x><x>",
    "a header without an id": HEADER.replace("id='4711'", "").encode(),
    "a refused handshake": f"{HEADER}<stream:error><not-authorized/></stream:error>".encode(),
}


def spliced(lab, stream):
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()
    for name, leg in (("alice", a), ("bob", b)):
        head = f"type='set' id='{name}' from='{name}@example.org/lab' to='{RELAY}'"
        stream.send(f"<iq {head}>{endpoint(leg, sid)}</iq>")
    for name in ("alice", "bob"):
        if "result" not in (text := stream.answer(name)):
            fail(f"{name}'s claim: {text}")
    return a, b


with Lab(xmpp=False) as lab:
    server = FakeServer(lab)
    stream = server.start_tandemd(lab)
    a, b = spliced(lab, stream)

    for what, data in ESTABLISHED.items():
        stream.send(data)
        stream.wait_closed()
        stream.close()
        stream = server.stream(timeout=60)
        until(lambda: lab.http("/healthz")[0] == 200, f"healthy again after {what}")
        reaches(a, b, what.encode())
    stream.ping("alive")
    stream.close()

    attempts = []
    for what, data in EARLY.items():
        early = server.accept(timeout=60)
        attempts.append(time.monotonic())
        early.read("<stream:stream [^>]*>")
        early.send(data)
        early.close()
    gaps = [later - earlier for earlier, later in zip(attempts, attempts[1:])]
    if not sum(gaps[len(gaps) // 2 :]) > sum(gaps[: len(gaps) // 2]) or min(gaps) < 0.05:
        fail(f"no backoff: attempts come {gaps} s apart")
    expect(lab.http("/healthz")[0], 503, "healthz without a stream")
    reaches(a, b)
    server.stream(timeout=60)
    until(lambda: lab.http("/healthz")[0] == 200, "healthy in the end")
