#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who scans the rendezvous range while two meet there gets nothing; at worst they get `conflict`.

    alice --- nat0 --- relay --- nat1 --- bob
                         |
                      scanner: connects to every port of the range, over and over, and keeps what holds

Both are behind NATs, so nothing but the address tells which connections are theirs.
"""

import errno
import select
import socket
import threading
import time

from harness import RELAY_AT, Lab, Peer, Task, digest, exchange, expect, expect_error, expect_reset, expect_result
from harness import expect_untouched, fail, make_file, new_sid, receiver, until
from rendezvous import connect, reserve

FIRST, LAST = 10000, 10299  # few: so it is often there in time
ROUNDS = 20
FILES = 3
SIZE = 1 << 18
HERE = RELAY_AT["alice"]
STRANGER = "198.51.100.77"
AT_ONCE = 256
GIVE_UP = 0.5  # seconds without an answer


class Scanner:
    """Runs in a thread of its own until told to stop()."""

    def __init__(self, lab):
        self.lab = lab
        self.held = {}  # port: socket, those that are or were connected
        self.waiting = {}  # fd: (socket, port, since)
        self.heard = b""
        self.passes = 0
        self.poll = select.epoll()
        self.stopping = threading.Event()
        self.task = Task(self.run)

    def run(self):
        with self.lab.inside("nat1"):
            while not self.stopping.is_set():
                for port in range(FIRST, LAST + 1):
                    if port not in self.held:
                        self.try_port(port)
                self.passes += 1
            for leg, _, _ in self.waiting.values():
                leg.close()

    def try_port(self, port):
        leg = socket.socket()
        leg.setblocking(False)
        leg.bind((STRANGER, 0))
        if leg.connect_ex((HERE, port)) != errno.EINPROGRESS:
            fail(f"port {port}: {leg}")
        self.waiting[leg.fileno()] = leg, port, time.monotonic()
        self.poll.register(leg, select.EPOLLOUT)
        self.look(0)
        while len(self.waiting) >= AT_ONCE:
            self.look(0.05)

    def look(self, timeout):
        for fd, _ in self.poll.poll(timeout):
            leg, port, _ = self.waiting.pop(fd)
            self.poll.unregister(fd)
            if leg.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                self.held[port] = leg
            else:
                leg.close()
        late = time.monotonic() - GIVE_UP
        while self.waiting and next(iter(self.waiting.values()))[2] < late:
            leg, _, _ = self.waiting.pop(next(iter(self.waiting)))
            leg.close()
        for port, leg in list(self.held.items()):
            try:
                self.heard += leg.recv(4096)
            except BlockingIOError:
                continue
            except ConnectionResetError:
                pass
            leg.close()  # reset, or closed, which a relay does not do
            self.held.pop(port)

    def stop(self):
        self.stopping.set()
        self.task.result()


def meet(lab, alice, bob, between=None):
    """Both come to the address reserved for them, alice first, and each claims at once; returns the
    answers to their claims and their legs."""
    sid, ends = reserve(alice, bob.jid)
    legs = [connect(lab, "alice", ends[4])]
    hers = alice.claim(legs[0], sid, peer=bob.jid)
    if between:
        between(ends[4][1], sid)
    legs.append(connect(lab, "bob", ends[4]))
    his = bob.claim(legs[1], sid, peer=alice.jid)
    return (alice.answer(hers), bob.answer(his)), legs


def expect_conflict(answers, legs):
    for answer, leg in zip(answers, legs):
        expect_error(answer, "conflict", "cancel", "a claim of two who are not alone")
        expect_reset(leg)


def a_round(lab, alice, bob):
    """Whether they met."""
    answers, legs = meet(lab, alice, bob)
    if answers[0].type == "result":
        expect_result(answers[1], "the partner of one who is clear to send")
        exchange(*legs)
        return True
    expect_conflict(answers, legs)
    return False


def scanner_is_there(lab, alice, bob, scanner, mallory=None):
    """The scanner has come between the two; mallory, who runs it, even knows the sid."""

    def scanned(port, sid):
        until(lambda: port in scanner.held, "the scanner comes by")
        leg = scanner.held[port]
        own = leg.getsockname(), leg.getpeername()
        for claimed, peer in ((sid, bob), (new_sid(), alice)) if mallory else ():
            answer = mallory.answer(mallory.claim(own, claimed, peer=peer.jid))
            expect_error(answer, "item-not-found", "cancel", "the scanner's claim")

    expect_conflict(*meet(lab, alice, bob, scanned))


def a_file(lab, number):
    """Whether it arrived; then it is whole, and otherwise there is none, and both say so."""
    file, directory = make_file(lab.dir / f"file{number}", SIZE), lab.dir / f"in{number}"
    getting = receiver(lab, directory)
    giving = Peer(lab, "bob", "send", file, getting.jid)
    statuses = giving.wait(40), getting.wait()
    if statuses == (0, 0):
        expect(tuple(getting.line("received")[1:3]), (str(SIZE), digest(1, SIZE)), "what receive says")
        return True
    expect(statuses, (4, 4), "exit statuses of the two who met somebody")
    if "conflict" not in (text := giving.err.read_text() + getting.err.read_text()):
        fail(text)
    expect(list(directory.iterdir()), [], "what is left of the file")
    return False


settings = {
    "services.rendezvous": f"{{ports: {FIRST}-{LAST}}}",
    "timers.match": "1s",
    "limits.sessions_per_jid": 4 * ROUNDS,
    "limits.reservations_per_jid": 4 * ROUNDS,
}
# with the delay bob's claim is there before his leg stands
for wire in None, "delay=50":
    with Lab(settings, nats="two", bob_wire=wire) as lab:
        lab.batch("nat1", f"address add {STRANGER}/24 dev wan1\n")
        alice, bob = lab.user("alice"), lab.user("bob")
        mallory = lab.user("bob", "mallory@example.org/lab")
        scanner = Scanner(lab)
        met = sum(a_round(lab, alice, bob) for _ in range(ROUNDS))
        files = sum(a_file(lab, number) for number in range(FILES))
        scanner_is_there(lab, alice, bob, scanner, mallory)
        for _ in range(ROUNDS):
            scanner_is_there(lab, alice, bob, scanner)
        scanner.stop()
        expect(scanner.heard, b"", "bytes the scanner got")
        print(f"{met} of {ROUNDS} met, {files} of {FILES} files arrived, {scanner.passes} times scanned")
        expect(a_round(lab, alice, bob), True, "whether they meet when nobody scans")
