#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A third party that connects to the whole range, again and again, while two meet there, gets nothing.

    alice, bob    ROUNDS times: reserve, connect, claim; then byte-exact, or both `conflict`
    scanner       every port of the range, and stays where it is let in: no byte, ever
"""

import select
import socket
import threading

from harness import RELAY_AT, Lab, exchange, expect, fail, until
from rendezvous import claim, connect, reserve

ROUNDS = 30
FIRST, LAST = 10000, 10255


class Scanner(threading.Thread):
    """Connects to all ports round after round; `found` counts those that took it."""

    def __init__(self, lab):
        super().__init__(daemon=True)
        self.lab, self.done, self.rounds, self.found, self.error = lab, False, 0, 0, None
        self.start()

    def run(self):
        try:
            while not self.done:
                self.scan()
                self.rounds += 1
        except BaseException as error:
            self.error = error

    def scan(self):
        waiting = select.poll()
        legs = {}
        with self.lab.inside("bob"):
            for port in range(FIRST, LAST + 1):
                leg = socket.socket()
                leg.setblocking(False)
                leg.connect_ex((RELAY_AT["bob"], port))
                legs[leg.fileno()] = leg
                waiting.register(leg, select.POLLIN)
        # what is refused or reset is readable with an error; data would be readable without
        for _ in range(10):
            for fd, _ in waiting.poll(20):
                waiting.unregister(fd)
                leg = legs.pop(fd)
                try:
                    fail(f"the scanner got {leg.recv(100)!r} at {leg.getpeername()}")
                except OSError:
                    leg.close()
        for leg in legs.values():
            try:
                self.found += bool(leg.getpeername())
            except OSError:
                pass
            self.lab.kill_peer(leg)


def round_of(lab, alice, bob):
    """True: they met; False: both were told of a conflict, or could not connect."""
    sid, ends = reserve(alice, bob.jid)
    try:
        legs = [connect(lab, place, ends[4], timeout=3) for place in ("alice", "bob")]
    except TimeoutError:  # four are there already
        return False
    ids = [claim(alice, legs[0], sid, bob.jid), claim(bob, legs[1], sid, alice.jid)]
    answers = [alice.answer(ids[0]), bob.answer(ids[1])]
    expect(answers[0].condition, answers[1].condition, "what both are told")
    if answers[0].type == "result":
        exchange(*legs)
        return True
    if answers[0].condition not in ("conflict", "item-not-found"):
        fail(f"{answers[0]}")
    return False


SETTINGS = {
    "services.rendezvous": f"{{ports: {FIRST}-{LAST}}}",
    "limits.legs_per_source": 1000,
    "limits.sessions_per_jid": 1000,
    "limits.reservations_per_jid": 100,
}

with Lab(SETTINGS) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    scanner = Scanner(lab)
    until(lambda: scanner.rounds > 0, "a first scan")
    # an address that is only reserved is one the scanner can find
    reserve(alice, bob.jid)
    until(lambda: scanner.found > 0 or scanner.error, "the scanner finds what is reserved")
    outcomes = [round_of(lab, alice, bob) for _ in range(ROUNDS)]
    scanner.done = True
    scanner.join()
    if scanner.error:
        raise scanner.error
    print(f"{sum(outcomes)} of {ROUNDS} met, {scanner.found} connections of {scanner.rounds} scans")
    expect(True in outcomes, True, "some met")
