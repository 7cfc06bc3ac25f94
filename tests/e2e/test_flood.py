#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Under 50,000 SYNs a second from everywhere handshakes, claims and a transfer go on as before.

    alice's wire ==== 50,000 SYN/s from random addresses ====> relay
    alice, bob: 200 handshakes within 5 s, 100 sessions out of them, 100 Mbit/s over one
"""

import errno
import re
import select
import socket
import time

from harness import (
    BUILD, PORT, RELAY_AT, Lab, Task, expect, expect_error, expect_result, fail,
    new_sid, reaches, splice, until,
)

RATE = 50_000  # SYNs a second that must have left
ASKED = 53_000  # what the sender is asked for, so that its average does not fall short
HANDSHAKES = 200
WITHIN = 5  # seconds
PACE = 100e6 / 8  # bytes a second
KEPT = 80e6 / 8
TRANSFER = 5  # seconds

settings = {
    "limits.half_open": 8192,
    "limits.legs_per_source": 2 * HANDSHAKES,
    "limits.sessions_per_jid": 2 * HANDSHAKES,
    "timers.claim": "120s",
}


def cookies(result):
    return lab.metric("tandem_syn_cookies_total", result=result)


def mac(place, interface):
    return lab.run(place, "cat", f"/sys/class/net/{interface}/address").stdout.strip()


def handshakes(number):
    """That many legs, begun at once, alice's and bob's in turn; (legs, seconds to the last)."""
    legs, poll = [], select.poll()
    began = time.monotonic()
    for i in range(number):
        place = ("alice", "bob")[i % 2]
        leg = lab.socket(place)
        leg.setblocking(False)
        expect(leg.connect_ex((RELAY_AT[place], PORT)), errno.EINPROGRESS, "connect")
        poll.register(leg, select.POLLOUT)
        legs.append(leg)
    by_fd = {leg.fileno(): leg for leg in legs}
    last = began
    while by_fd:
        ready = poll.poll(max(0, (began + 4 * WITHIN - time.monotonic()) * 1000))
        if not ready:
            fail(f"{len(by_fd)} of {number} handshakes not complete after {4 * WITHIN} s")
        for fd, _ in ready:
            leg = by_fd.pop(fd)
            poll.unregister(fd)
            error = leg.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            expect(error, 0, "result of a connect")
            leg.settimeout(20)
        last = time.monotonic()
    return legs, last - began


def send_paced(leg, rate, seconds):
    piece = bytes(int(rate / 200))
    began, sent = time.monotonic(), 0
    while (elapsed := time.monotonic() - began) < seconds:
        if sent < elapsed * rate:
            leg.sendall(piece)
            sent += len(piece)
        else:
            time.sleep(0.001)
    leg.shutdown(socket.SHUT_WR)
    return sent


def count(leg):
    """(bytes until EOF, seconds from the first one)."""
    size, began = 0, None
    while block := leg.recv(1 << 20):
        began = began or time.monotonic()
        size += len(block)
    return size, time.monotonic() - began


with Lab(settings) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    before = splice(lab, alice, bob)
    relay = mac("relay", "eth1")
    flood = lab.spawn(
        "alice", BUILD / "tests" / "e2e" / "flood",
        *("eth0", relay, RELAY_AT["alice"], PORT, ASKED, 100), log="flood",
    )
    until(lambda: cookies("sent") > 0, "cookies are in force")
    invalid = cookies("invalid")

    legs, took = handshakes(HANDSHAKES)
    print(f"{HANDSHAKES} handshakes in {took:.2f} s")
    if took > WITHIN:
        fail(f"{HANDSHAKES} handshakes took {took:.1f} s")

    # what cannot be decided now is not guessed at
    for rule in "bc":
        id = alice.claim(legs[0], new_sid(), peer=bob.jid, rule=rule)
        expect_error(alice.answer(id), "resource-constraint", "wait", f"rule {rule} in the flood")

    pairs = list(zip(legs[::2], legs[1::2], [new_sid() for _ in legs[::2]]))
    hers = [alice.claim(leg, sid, peer=bob.jid) for leg, _, sid in pairs]
    his = [bob.claim(leg, sid, peer=alice.jid) for _, leg, sid in pairs]
    for user, ids in ((alice, hers), (bob, his)):
        for id in ids:
            expect_result(user.answer(id), "a claim in the flood")
    reaches(*before)

    one, other, _ = pairs[0]
    receiving = Task(count, other)
    sent = send_paced(one, PACE, TRANSFER)
    size, seconds = receiving.result(60)
    print(f"transfer: {size * 8 / seconds / 1e6:.1f} Mbit/s of {PACE * 8 / 1e6:.0f}")
    expect(size, sent, "bytes that arrived")
    if size / seconds < KEPT:
        fail(f"the transfer fell to {size * 8 / seconds / 1e6:.1f} Mbit/s")
    for one, other, _ in pairs[1:]:
        reaches(one, other)

    flood.terminate()
    expect(flood.wait(20), 0, "status of flood")
    said = (lab.dir / "flood").read_text()
    syns, seconds = map(float, re.fullmatch(r"(\d+) SYNs in ([\d.]+) s\n", said).groups())
    print(f"flood: {syns / seconds:.0f} SYN/s, cookies: {cookies('sent'):.0f} sent of {syns:.0f},",
          f"{cookies('valid'):.0f} valid")
    if syns / seconds < RATE:
        fail(f"the flood reached {syns / seconds:.0f} SYN/s only: this proves nothing")
    if cookies("sent") < syns / 2:
        fail(f"{cookies('sent'):.0f} cookies sent for {syns:.0f} SYNs")
    if cookies("valid") < HANDSHAKES:
        fail(f"{cookies('valid'):.0f} cookies valid after {HANDSHAKES} handshakes")

    # afterwards the relay counts candidates again
    def claims_by_rule(rule):
        first, second = lab.connect("alice"), lab.connect("bob")
        sid = new_sid()
        ids = (
            alice.claim(first, sid, peer=bob.jid, rule=rule),
            bob.claim(second, sid, peer=alice.jid, rule=rule),
        )
        answers = alice.answer(ids[0]), bob.answer(ids[1])
        if any(answer.condition == "resource-constraint" for answer in answers):
            return False
        for answer in answers:
            expect_result(answer, f"rule {rule} after the flood")
        reaches(first, second)
        return True

    until(lambda: claims_by_rule("b"), "cookies go out of force", timeout=30, interval=1)
    sent = cookies("sent")
    expect(claims_by_rule("c"), True, "rule c after the flood")
    expect(cookies("sent"), sent, "cookies sent after the flood")
    until(lambda: lab.metric("tandem_legs", state="half_open") == 0, "the table is empty")
