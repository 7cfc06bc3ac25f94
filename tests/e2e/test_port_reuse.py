#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""However a session ends, its ends may connect again from the same ports at once, and its account
is right all the same.

    alice:P ==== relay ==== bob:Q        ends; the relay remembers it for a while
    alice:P ---- SYN -----> relay        a new leg: claimed, spliced, bytes
    bob:Q   ---- SYN -----> relay        so is this, and one from another port of his

alice's wire is slow, so that FINs sent at the same time cross each other.  Neither kernel keeps
connections in TIME-WAIT, which would hold the port back.
"""

import collections
import re
import socket

from harness import (
    PORT, RELAY_AT, Lab, Task, exchange, expect, expect_reset, expect_result, fail, new_sid, reaches,
    receive, until,
)

DELAY = 60  # ms each way
TCP_REPAIR = 19
FIN_WAIT1, CLOSE = 4, 7  # the kernel's names for states
ATTEMPTS = 10


def connect(lab, place, port):
    return lab.connect(place, RELAY_AT[place], PORT, port)


def claim_both(alice, bob, a, b):
    sid = new_sid()
    hers, his = alice.claim(a, sid, peer=bob.jid), bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(hers), "alice's claim")
    expect_result(bob.answer(his), "bob's claim")


def state(leg):
    return leg.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]


def finish(leg):
    leg.shutdown(socket.SHUT_WR)


def close(*legs):
    """Close legs of which nothing is left in the kernel, not even an ACK that is to come."""
    for leg in legs:
        until(lambda: state(leg) == CLOSE, "the connection has ended")
        leg.close()


# --- the ways to end a session --------------------------------------------------------------------


def alice_first(a, b):
    """A half-closed while: one FIN, data against it, the other FIN."""
    finish(a)
    expect(receive(b)[0], 0, "bytes before EOF")
    b.sendall(b"still here")
    finish(b)
    expect(receive(a)[0], 10, "bytes before EOF")
    close(a, b)


def bob_first(a, b):
    alice_first(b, a)


def alice_at_once_bob_behind(a, b):
    """FINs on data; bob's while alice's data is on its way."""
    a.sendall(b"last words")
    finish(a)
    b.sendall(b"mine too")
    finish(b)
    expect(receive(b)[0], 10, "bytes before EOF")
    expect(receive(a)[0], 8, "bytes before EOF")
    close(a, b)


def crossing(a, b):
    """Simultaneous close: each sends its FIN before it has the other's."""
    finish(a)
    finish(b)
    crossed = state(a) == FIN_WAIT1 and state(b) == FIN_WAIT1
    for leg in (a, b):
        expect(receive(leg)[0], 0, "bytes before EOF")
    close(a, b)
    return crossed


def kill(lab, leg, other):
    lab.kill_peer(leg)
    expect_reset(other)
    other.close()


def reset_by_alice(a, b):
    kill(lab, a, b)


def reset_by_bob(a, b):
    kill(lab, b, a)


def reset_behind_fin(a, b):
    finish(a)
    expect(receive(b)[0], 0, "bytes before EOF")
    kill(lab, b, a)


def resets_crossing(a, b):
    """Each machine is reset by its own doing, and hears of the other's RST afterwards."""
    lab.kill_peer(a)
    lab.kill_peer(b)


def crash(a, b):
    """alice's machine forgets without a word.  Her new SYN goes to bob, as all of a live session
    does; his challenge makes her kernel reset the old connection, and her SYN comes again."""
    a.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
    a.close()
    return b


FINISHED = (alice_first, bob_first, alice_at_once_bob_behind, crossing)
WAYS = (*FINISHED[:3], reset_by_alice, reset_by_bob, reset_behind_fin, resets_crossing, crash)


class Ports:
    """alice's and bob's ports, used again and again."""

    def __init__(self, lab, alice, bob):
        self.lab, self.alice, self.bob = lab, alice, bob
        self.legs = connect(lab, "alice", 0), connect(lab, "bob", 0)
        self.sessions = 0
        self.ended = collections.Counter()
        self.begin()

    def begin(self):
        claim_both(self.alice, self.bob, *self.legs)
        reaches(*self.legs)
        self.sessions += 1

    def end_and_again(self, way, keep_bobs):
        """End the session in a way, and begin one from alice's port, and bob's or another."""
        ports = [leg.getsockname()[1] for leg in self.legs]
        said = way(*self.legs)
        self.ended["finished" if way in FINISHED else "reset"] += 1
        a = connect(self.lab, "alice", ports[0])
        if way is crash:
            expect_reset(said, "bob's leg of the session that alice has forgotten")
            said.close()
        self.legs = a, connect(self.lab, "bob", ports[1] if keep_bobs else 0)
        self.begin()
        return said


with Lab(wire=f"delay={DELAY}") as lab:
    for place in ("alice", "bob"):
        lab.sysctl(place, tcp_max_tw_buckets=0)
    ports = Ports(lab, lab.user("alice"), lab.user("bob"))
    for keep_bobs in (True, False):
        for way in WAYS:
            try:
                ports.end_and_again(way, keep_bobs)
            except Exception as error:
                raise AssertionError(f"{way.__name__}, bob's port {'kept' if keep_bobs else 'new'}") from error
        for _ in range(ATTEMPTS):
            if ports.end_and_again(crossing, keep_bobs):
                break
        else:
            fail(f"in {ATTEMPTS} attempts no two FINs crossed")
    until(
        lambda: lab.metric("tandem_sessions_closed_total") == ports.sessions - 1,
        "every session but the last is told to have ended",
    )
    expect(lab.metric("tandem_sessions", state="spliced"), 1, "spliced sessions")
    accounts = re.findall(r"session closed: .* reason=(\w+) bytes=(\d+)/(\d+)", lab.log())
    expect(collections.Counter(reason for reason, *_ in accounts), ports.ended, "sessions by how they ended")
    # at least what reaches() sends
    expect([account for account in accounts if min(map(int, account[1:])) < 5], [], "accounts short of bytes")
    exchange(*ports.legs)
