#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A server that does not let the component in is tried again, later and later; a session goes on.

    fake XMPP server <---- attempt, attempt ... attempt ........ attempt ---- relay
    alice ==== a session from before ==== bob
"""

import time

from fake_server import HEADER, FakeServer
from harness import Lab, expect, fail, reaches, until

EARLY = {
    "garbage for a header": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "a header without an id": HEADER.replace("id='4711'", "").encode(),
    "a refused handshake": f"{HEADER}<stream:error><not-authorized/></stream:error>".encode(),
}

with Lab(xmpp=False) as lab:
    server = FakeServer(lab)
    stream = server.start_tandemd(lab)
    a, b = stream.splice(lab)
    stream.close()

    attempts = []
    for what, data in EARLY.items():
        early = server.accept(timeout=60)
        attempts.append(time.monotonic())
        early.read("<stream:stream [^>]*>")
        early.send(data)
        early.wait_closed()
        early.close()
        expect(lab.http("/healthz")[0], 503, f"healthz after {what}")
    stream = server.stream(timeout=60)
    attempts.append(time.monotonic())
    gaps = [later - earlier for earlier, later in zip(attempts, attempts[1:])]
    if gaps[-1] < 1.5 * gaps[0] or min(gaps) < 0.1:
        fail(f"no backoff: attempts come {gaps} s apart")
    until(lambda: lab.http("/healthz")[0] == 200, "healthy in the end")
    stream.ping("alive")
    reaches(a, b)
