#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Who knows a session's four-tuple but not its sequence numbers neither ends nor disturbs it.

    alice ===+=== relay ======= bob        bytes both ways all the time
             |
          mallory, on alice's wire:  RST, SYN, FIN, data, ACK and ICMP errors, as if from alice to
                                     the relay and as if from the relay to alice

Her numbers sweep the whole space in steps smaller than the windows, so that some of them are within
(RFC 5961: only a challenge must follow), or are random.  Then the session falls silent, she sweeps
it again, and the time of the transitory timer passes.
"""

import hashlib
import random
import socket
import struct
import threading
import time

from harness import PORT, RELAY_AT, Lab, Task, expect, expect_result, fail, new_sid, until
from wire import ACK, FIN, PSH, RST, SYN, checksum, ethernet, ipv4, tcp

MALLORY = b"\x02\0\0\0\x06\x66"
BUFFER = 1 << 20  # of the legs' kernels
STEP = 1 << 18
SWEEP = range(12345, 1 << 32, STEP)
RANDOM = 2000  # of each kind, each way
ERRORS = 300
ROUNDS = 5
OPTIONS = b"\1\1\x08\x0a"  # and two timestamps
PIECE = 16 << 10
GAP = 0.005  # seconds between pieces: the session is never silent, and its windows stay open
TRANSITORY = 3  # seconds

FRAGMENTATION_NEEDED = (3, 4)
ICMP_ERRORS = ((3, 0), (3, 1), (3, 2), (3, 3), FRAGMENTATION_NEEDED, (3, 13), (4, 0), (11, 0), (12, 0))


def info(leg, offset):
    """A 32-bit field of tcp_info."""
    return struct.unpack_from("I", leg.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), offset)[0]


def receive_window(leg):
    return info(leg, 64)  # tcpi_rcv_ssthresh


def path_mtu(leg):
    return info(leg, 60)  # tcpi_pmtu


class Stream:
    """Bytes from one leg to the other, but for pauses; nothing may be lost or added."""

    def __init__(self, sender, receiver):
        self.sender, self.receiver = sender, receiver
        self.arrived, self.sent = 0, None
        self.pausing, self.ending = threading.Event(), threading.Event()
        self.sending, self.reading = Task(self.send), Task(self.read)

    def send(self):
        source, sum, size = random.Random(1), hashlib.sha256(), 0
        while not self.ending.wait(GAP):
            if self.pausing.is_set():
                self.sent = size
                continue
            piece = source.randbytes(PIECE)
            self.sender.sendall(piece)
            sum.update(piece)
            size += PIECE
        self.sender.shutdown(socket.SHUT_WR)
        return size, sum.hexdigest()

    def read(self):
        sum = hashlib.sha256()
        while piece := self.receiver.recv(1 << 20):
            sum.update(piece)
            self.arrived += len(piece)
        return self.arrived, sum.hexdigest()

    def pause(self):
        self.pausing.set()
        until(lambda: self.arrived == self.sent, "all that was sent arrives")

    def resume(self):
        before, self.sent = self.arrived, None
        self.pausing.clear()
        until(lambda: self.arrived > before, "bytes arrive again")

    def end(self):
        self.ending.set()
        expect(self.reading.result(), self.sending.result(), "what arrived of a stream")


class Mallory:
    """A third host on the wire between alice and the relay."""

    def __init__(self, lab, leg):
        alice, service = leg.getsockname(), leg.getpeername()
        self.chance = random.Random(5961)
        self.ways = []  # (socket, destination MAC, source, destination)
        for interface, place, victim, ends in (
            ("relay1", "relay", "eth1", (alice, service)),
            ("alice0", "alice", "eth0", (service, alice)),
        ):
            with lab.inside("wire"):
                raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            raw.bind((interface, 0))
            mac = lab.run(place, "cat", f"/sys/class/net/{victim}/address").stdout.strip()
            self.ways.append((raw, bytes.fromhex(mac.replace(":", "")), *ends))
        self.sent = 0

    def number(self):
        return self.chance.getrandbits(32)

    def send(self, way, protocol, payload):
        raw, mac, source, destination = way
        raw.send(ethernet(mac, MALLORY, ipv4(source[0], destination[0], payload, protocol=protocol)))
        self.sent += way is self.ways[0]

    def segments(self, flags, numbers, payload=b"", ways=None):
        for seq in numbers:
            for way in ways or self.ways:
                options = OPTIONS + struct.pack("!II", self.number(), self.number())
                segment = tcp(
                    *way[2:], seq=seq, ack=self.number() if flags & ACK else 0, flags=flags,
                    options=self.chance.choice((b"", options)), payload=payload,
                )
                self.send(way, socket.IPPROTO_TCP, segment)

    def errors(self, kind, code, count):
        """ICMP errors about a segment that the one they are sent to may have sent."""
        mtu = struct.pack("!HH", 0, 576 if (kind, code) == FRAGMENTATION_NEEDED else 0)
        for _ in range(count):
            for way in self.ways:
                _, _, source, destination = way
                lost = tcp(destination, source, seq=self.number(), ack=self.number(), payload=bytes(1000))
                quote = ipv4(destination[0], source[0], lost)[:28]
                error = struct.pack("!BBH", kind, code, 0) + mtu + quote
                error = error[:2] + struct.pack("!H", checksum(error)) + error[4:]
                self.send(way, socket.IPPROTO_ICMP, error)

    def random(self, flags, payload=b""):
        self.segments(flags, (self.number() for _ in range(RANDOM)), payload)


def connect(lab, place):
    leg = lab.socket(place)
    leg.setsockopt(socket.SOL_SOCKET, 33, BUFFER)  # SO_RCVBUFFORCE
    leg.settimeout(20)
    leg.connect((RELAY_AT[place], PORT))
    return leg


def sweep_until_challenged(lab, mallory, flags, name, places=("alice", "bob"), ways=None):
    """Sweep until a number was within the windows; the attack's own frames may be lost."""
    before = {place: lab.kernel_counts(place)[name] for place in places}

    def challenged():
        return all(lab.kernel_counts(place)[name] > before[place] for place in before)

    for _ in range(ROUNDS):
        mallory.segments(flags, SWEEP, ways=ways)
        if challenged():
            return
    fail(f"{name}: {before} before, {[lab.kernel_counts(place)[name] for place in before]} now")


def attack(lab, mallory):
    sweep_until_challenged(lab, mallory, RST, "TCPChallengeACK")
    sweep_until_challenged(lab, mallory, SYN, "TCPSYNChallenge")
    for flags in (RST | ACK, SYN | ACK, FIN | ACK, FIN, ACK):
        mallory.random(flags)
    for flags in (ACK | PSH, FIN | ACK | PSH):
        mallory.random(flags, b"mallory was here")
    ignored = lab.metric("tandem_dropped_packets_total", reason="icmp_window")
    for kind, code in ICMP_ERRORS:
        mallory.errors(kind, code, ERRORS)
    until(
        lambda: lab.metric("tandem_dropped_packets_total", reason="icmp_window") >= ignored + ERRORS,
        "errors that quote what is not outstanding are counted",
    )


def attack_silent(lab, mallory, streams):
    """What she sends while nobody else does is not taken for the session's end, nor hides it."""
    for stream in streams:
        stream.pause()
    # Only towards bob: had alice been challenged, her answer would show that she lives.
    sweep_until_challenged(lab, mallory, RST, "TCPChallengeACK", ["bob"], mallory.ways[:1])
    swept = time.monotonic()
    until(lambda: time.monotonic() > swept + TRANSITORY + 2, "the transitory timer would be over")
    for flags in (PSH, FIN):
        mallory.segments(flags, SWEEP)
    expect(lab.metric("tandem_sessions", state="spliced"), 1, "spliced sessions")
    for stream in streams:
        stream.resume()
    expect(lab.metric("tandem_sessions_closed_total"), 0, "sessions that ended")


with Lab({"timers.transitory": f"{TRANSITORY}s"}, wire="") as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b, sid = connect(lab, "alice"), connect(lab, "bob"), new_sid()
    hers, his = alice.claim(a, sid, peer=bob.jid), bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(hers))
    expect_result(bob.answer(his))
    streams = [Stream(a, b), Stream(b, a)]
    until(lambda: min(map(receive_window, (a, b))) > 1.5 * STEP, "the windows are wider than a step")

    mallory = Mallory(lab, a)
    relayed = lab.metric("tandem_relayed_packets_total")
    attack(lab, mallory)
    arrived = [stream.arrived for stream in streams]
    until(
        lambda: all(stream.arrived > before for stream, before in zip(streams, arrived)),
        "bytes still arrive both ways",
    )
    expect(lab.metric("tandem_sessions", state="spliced"), 1, "spliced sessions")
    expect(lab.metric("tandem_sessions_closed_total"), 0, "sessions that ended")
    if lab.metric("tandem_relayed_packets_total") - relayed < mallory.sent / 4:
        fail("the attack did not come through: the ends cannot have judged it")
    if lab.kernel_counts("alice")["OutOfWindowIcmps"] == 0:
        fail("alice's kernel saw no ICMP error about her leg")
    expect([path_mtu(leg) for leg in (a, b)], [1500, 1500], "path MTUs")
    attack_silent(lab, mallory, streams)
    for stream in streams:
        stream.end()
    a.close()
    b.close()
    until(
        lambda: lab.metric("tandem_sessions_closed_total", reason="finished") == 1,
        "the session ends as finished",
    )
