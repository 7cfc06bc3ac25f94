#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""What sets the relay apart from Prosody's own proxy65, both in one lab and by the same client:
half-close, a request in pieces, and a one-way stream that outlives every timer, all shortened to
seconds.  Says what it saw of either, for the table in the README.

    alice --- eth1 [ relay ] eth2 --- bob        alice, bob --- mgmt --- xmpp: proxy.example.org
"""

import socket
import time

from harness import Lab, RELAY, Task, digest, expect, new_sid, receive, receive_exactly, send_all
from socks import METHODS, METHOD_REPLY, RIVAL, SOCKS, bytestream, connect, connect_reply, connect_request, name_of
from socks import streamhosts

SHORT = {
    **SOCKS,
    "timers.match": "1s",
    "timers.claim": "2s",
    "timers.pair": "2s",
    "timers.idle": "3s",
    "timers.transitory": "3s",
}


def half_close(to):
    """Does an answer come back after the request was ended by FIN?"""
    mine, his = bytestream(lab, alice, bob, to)
    send_all(mine, 1, 10_000)
    expect(receive(his), (10_000, digest(1, 10_000)), "the request")
    try:
        his.sendall(b"the answer")
        his.shutdown(socket.SHUT_WR)
        return receive_exactly(mine, 10) == b"the answer"
    except (AssertionError, OSError):
        return False


def in_pieces(to):
    """Is the CONNECT request understood that comes in two segments?"""
    host, port = streamhosts(alice, to)[0]
    name = name_of(new_sid(), alice.jid, bob.jid)
    leg = connect(lab, "alice", host, port)
    leg.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    leg.sendall(METHODS)
    expect(receive_exactly(leg, 2), METHOD_REPLY, "the method reply")
    request = connect_request(name)
    leg.sendall(request[:20])
    time.sleep(0.2)  # a reader of whole messages sees the first piece alone
    leg.settimeout(3)
    try:
        leg.sendall(request[20:])
        return receive_exactly(leg, 47) == connect_reply(name)
    except (AssertionError, OSError):
        return False


def one_way(to, seconds):
    """Does a stream in one direction live, the other being silent?"""
    mine, his = bytestream(lab, alice, bob, to)
    reader = Task(receive, his)
    end = time.monotonic() + seconds
    sent = 0
    try:
        while time.monotonic() < end:
            mine.sendall(b"x" * 1000)
            sent += 1000
            time.sleep(0.1)
        mine.shutdown(socket.SHUT_WR)
        return reader.result()[0] == sent
    except OSError:
        return False


with Lab(SHORT, rival=True) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    seen = {}
    for to in (RELAY, RIVAL):
        seen[to] = {
            "half-close": half_close(to),
            "handshake in pieces": in_pieces(to),
            "one way, 8 s": one_way(to, 8),
        }
        for what, works in seen[to].items():
            print(f"{to}: {what}: {'works' if works else 'fails'}")
    expect(all(seen[RELAY].values()), True, f"the relay: {seen[RELAY]}")
    expect(seen[RIVAL]["half-close"], False, "half-close through proxy65")
    expect(seen[RIVAL]["handshake in pieces"], False, "a handshake in pieces through proxy65")
    expect(seen[RIVAL]["one way, 8 s"], False, "a one-way stream through proxy65, beyond its read time-out")
