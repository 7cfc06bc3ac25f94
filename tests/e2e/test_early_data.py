#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Bytes sent before clear-to-send are not lost: they arrive first, at once after the splice.

    alice sends, claims ... bob claims -> both spliced -> alice's early bytes are there in 200 ms
    bob sends too, before he claims
"""

import time

from harness import Lab, Task, expect, expect_result, expect_untouched, new_sid, receive_exactly

PROMPT = 0.2  # seconds

early = {"alice": b"early from alice " * 100, "bob": b"early from bob " * 100}


def read(leg, size):
    data = receive_exactly(leg, size)
    return data, time.monotonic()


with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()
    a.sendall(early["alice"])
    b.sendall(early["bob"])
    hers = alice.claim(a, sid, peer=bob.jid)
    alice.unanswered(hers, 2)  # the probes of the closed window have backed off by now
    expect_untouched(b, "bob's leg before he claimed it")

    readers = {"bob": Task(read, b, len(early["alice"])), "alice": Task(read, a, len(early["bob"]))}
    his = bob.claim(b, sid, peer=alice.jid)
    cleared = max(expect_result(alice.answer(hers)).when, expect_result(bob.answer(his)).when)
    for reader, sender in (("bob", "alice"), ("alice", "bob")):
        data, when = readers[reader].result()
        expect(data, early[sender], f"early bytes of {sender}")
        if when - cleared > PROMPT:
            raise AssertionError(f"{sender}'s early bytes came {when - cleared:.3f} s after clear-to-send")

    a.sendall(b"then this")
    expect(receive_exactly(b, 9), b"then this", "bytes after the early ones")
