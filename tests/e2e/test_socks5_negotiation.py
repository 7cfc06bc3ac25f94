#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Linux's TCP and the relay's part of SOCKS5, as far as nobody has to activate anything.

    alice ---- 05 .. ----> relay:7777    however it is cut
    alice <--- 05 .. ----- relay         and FIN behind each refusal
"""

import socket
import time

from harness import Lab, expect, expect_reset, expect_untouched, receive_exactly, reaches, splice, until
from wire import FIN, SYN, read_segments

PORT = 7777
CLAIM = 3  # seconds
NAME = b"0123456789abcdef0123456789abcdef01234567"
METHODS = b"\5\1\0"
REQUEST = b"\5\1\0\3\x28" + NAME + b"\0\0"
REPLY = b"\5\0\0\3\x28" + NAME + b"\0\0"
ANY = b"\0\1\0\0\0\0\0\0"

REFUSED = (
    ("no method", b"\5\0", b"\5\xff"),
    ("a password", b"\5\1\2", b"\5\xff"),
    ("BIND", METHODS + b"\5\2\0\3\x28" + NAME + b"\0\0", b"\5\0\5\7" + ANY),
    ("an address", METHODS + b"\5\1\0\1\x7f\0\0\1\0\x19", b"\5\0\5\x08" + ANY),
    ("a host", METHODS + b"\5\1\0\3\x09localhost\0\x19", b"\5\0\5\5" + ANY),
)


def legs(lab):
    return lab.metric("tandem_legs", state="unclaimed")


def say(leg, text, size):
    """In segments of `size`, or all at once."""
    for at in range(0, len(text), size):
        leg.sendall(text[at : at + size])
        time.sleep(0.002)


def refusals(lab, relay=None):
    for what, said, heard in REFUSED:
        for size in (1, len(said)):
            with lab.connect("alice", relay, port=PORT) as leg:
                leg.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                say(leg, said, size)
                expect(receive_exactly(leg, len(heard)), heard, f"answer to {what}")
                expect(leg.recv(1), b"", f"the end after {what}")
    until(lambda: legs(lab) == 0, "the refused are forgotten")


def wait(lab, size, early):
    """Connects to a name that nobody activates; what comes early stays with its sender."""
    with lab.connect("alice", port=PORT) as leg:
        leg.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        say(leg, METHODS, size)
        expect(receive_exactly(leg, 2), b"\5\0", "the choice")
        say(leg, REQUEST + early, size)
        until(lambda: unacknowledged(lab, leg) == len(early), "the request is acknowledged, and no more")
        expect(receive_exactly(leg, len(REPLY)), REPLY, "the reply")
        expect_untouched(leg, "who waits")
        expect_reset(leg, "who waited too long", timeout=CLAIM + 5)


def unacknowledged(lab, leg):
    """Bytes in the send queue of alice's kernel."""
    line = lab.run("alice", "ss", "-tnH", f"sport = :{leg.getsockname()[1]}").stdout.split()
    return int(line[2])


with Lab({"services.socks5": "{port: 7777}", "timers.claim": f"{CLAIM}s"}) as lab:
    with lab.capture("alice", "eth0") as capture:
        refusals(lab)
        refusals(lab, "2001:db8:1::10")
        for size, early in ((1, b""), (47, b""), (1000, b"early" * 20)):
            wait(lab, size, early)
        with lab.connect("alice", port=PORT) as leg:
            leg.sendall(b"GET / HTTP/1.1\r\n\r\n")
            expect_reset(leg, "who speaks something else")
        until(lambda: legs(lab) == 0, "nobody is left")
    relay = [s for s in read_segments(capture) if s.source[1] == PORT]
    expect({s.window for s in relay if s.has(SYN)}, {520}, "the window of a SYN|ACK")
    expect(any(s.has(FIN) for s in relay), True, "a refusal ends with a FIN")
    reaches(*splice(lab, lab.user("alice"), lab.user("bob")))  # the other service goes on
