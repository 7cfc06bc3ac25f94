#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A port whose frames are tagged: everything that works on an untagged one does, in its VLAN only.

    alice             wire                    relay                 bob
    eth0 ---- alice0 [impair] relay1 ==== eth1, vlan: 100
                                 |        eth2, no tags -------- eth0
                              stranger

The wire is what a switch is: alice's frames have no tags, the relay's port is in VLAN 100.  A stranger on
the trunk gets no answer in another VLAN, without a tag or with two, and is counted; nor does one at
bob's end with a tag.
"""

import socket
import struct

from harness import (
    PORT, RELAY_AT, RELAY_AT6, Lab, Task, digest, expect, fail, is_reset, receive, send_all, splice,
    until,
)
from wire import RST, SYN, checksum, ethernet, ipv4, tcp

SIZE = 16 << 20
VLAN, OTHER = 100, 200
STRANGER = bytes.fromhex("020000000099")
FRAMES = 20  # of each kind
TP_STATUS_VLAN_VALID = 1 << 4
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23


# --- what the stranger says -----------------------------------------------------------------------


def arp(own, target):
    ends = STRANGER + socket.inet_aton(own) + bytes(6) + socket.inet_aton(target)
    return struct.pack("!HHBBH", 1, 0x0800, 6, 4, 1) + ends


def solicitation(own, target):
    """Who has this IPv6 address?"""
    own, target = (socket.inet_pton(socket.AF_INET6, a) for a in (own, target))
    to = socket.inet_pton(socket.AF_INET6, "ff02::1:ff00:0")[:13] + target[13:]
    body = struct.pack("!BBHI", 135, 0, 0, 0) + target + b"\1\1" + STRANGER
    pseudo = own + to + struct.pack("!II", len(body), socket.IPPROTO_ICMPV6)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    return struct.pack("!IHBB", 6 << 28, len(body), socket.IPPROTO_ICMPV6, 255) + own + to + body


def questions(lab, place):
    """(MAC, EtherType, packet): each is answered by who hears it, but for the last, a RST."""
    relay = "eth1" if place == "alice" else "eth2"
    text = lab.run("relay", "cat", f"/sys/class/net/{relay}/address").stdout.strip()
    mac = bytes.fromhex(text.replace(":", ""))
    own, at, at6 = RELAY_AT[place].rpartition(".")[0] + ".66", RELAY_AT[place], RELAY_AT6[place]
    ends = (own, 1234), (at, PORT)
    solicited = b"\x33\x33\xff" + socket.inet_pton(socket.AF_INET6, at6)[13:]
    return [
        (b"\xff" * 6, 0x0806, arp(own, at)),
        (solicited, 0x86DD, solicitation(at6.rpartition("::")[0] + "::66", at6)),
        (mac, 0x0800, ipv4(own, at, tcp(*ends, flags=SYN))),
        (mac, 0x0800, ipv4(own, at, tcp(*ends, seq=1, flags=RST))),
    ]


class Stranger:
    """A station of its own at an interface: what it says, and what is said to it, with the tag."""

    def __init__(self, lab, place, interface):
        with lab.inside(place):
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.socket.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.socket.bind((interface, 3))  # ETH_P_ALL
        self.socket.setblocking(False)
        self.heard = []  # VLAN, or None, and EtherType of each frame to it

    def say(self, tags, mac, ethertype, packet):
        """`tags`: (EtherType, TCI) pairs."""
        types = [kind for kind, _ in tags] + [ethertype]
        body = b"".join(struct.pack("!HH", tci, after) for (_, tci), after in zip(tags, types[1:]))
        self.socket.send(ethernet(mac, STRANGER, body + packet, types[0]))

    def listen(self):
        while True:
            try:
                frame, aside, _, _ = self.socket.recvmsg(65536, 64)
            except BlockingIOError:
                return self.heard
            if frame[:6] == STRANGER:
                status, *_, tci, _ = struct.unpack("IIIHHHH", aside[0][2])
                tagged = status & TP_STATUS_VLAN_VALID
                self.heard.append((tci if tagged else None, int.from_bytes(frame[12:14], "big")))


# --- what the relay does --------------------------------------------------------------------------


def dropped(lab):
    return lab.metric("tandem_dropped_packets_total", reason="vlan")


def pings(lab, place, address, *options):
    done = lab.run(place, "ping", "-n", "-c", "3", "-i", "0.2", "-W", "2", *options, address, check=False)
    return " 0% packet loss" in done.stdout


def transfer(lab, users, number, relays):
    a, b = splice(lab, *users, relays=relays)
    readers = [Task(receive, a), Task(receive, b)]
    for sender in [Task(send_all, a, 2 * number, SIZE), Task(send_all, b, 2 * number + 1, SIZE)]:
        sender.result()
    expect(readers[0].result(), (SIZE, digest(2 * number + 1, SIZE)), f"{relays}: what alice read")
    expect(readers[1].result(), (SIZE, digest(2 * number, SIZE)), f"{relays}: what bob read")
    a.close()
    b.close()


def unheard(lab, stranger, asked, tags):
    """Nobody answers, and the counter counts all; that the relay is done is known by then."""
    before = dropped(lab)
    for _ in range(FRAMES):
        for question in asked:
            stranger.say(tags, *question)
    until(lambda: dropped(lab) >= before + FRAMES * len(asked), f"frames tagged {tags} are counted")
    expect(stranger.listen(), [], f"answers to frames tagged {tags}")


def heard(stranger, asked, tags, vlan):
    """Each question is answered, in the same VLAN."""
    for question in asked[:-1]:
        stranger.say(tags, *question)
        answer = (vlan, question[1])
        until(lambda: answer in stranger.listen(), f"an answer {answer} to a frame tagged {tags}")
    expect({tag for tag, _ in stranger.listen()}, {vlan}, f"tags of what answers {tags}")
    stranger.say(tags, *asked[-1])
    until(lambda: lab.metric("tandem_legs", state="half_open") == 0, "no half-open leg is left")
    stranger.listen()
    stranger.heard.clear()


with Lab(relay=False, wire=f"vlan={VLAN}") as lab:
    lab.set_port(0, vlan=VLAN)
    lab.start("tandemd")
    users = lab.user("alice"), lab.user("bob")

    for place in ("alice", "bob"):
        for address in (RELAY_AT[place], RELAY_AT6[place]):
            if not pings(lab, place, address):
                fail(f"{place} cannot ping {address}")
    if not pings(lab, "alice", RELAY_AT["alice"], "-M", "do", "-s", "1472"):
        fail("a full-size frame does not pass the TAP")

    for number, relays in enumerate((
            (RELAY_AT["alice"], RELAY_AT["bob"]),
            (RELAY_AT6["alice"], RELAY_AT6["bob"]),
            (RELAY_AT["alice"], RELAY_AT6["bob"]),
            (RELAY_AT6["bob"], RELAY_AT["alice"]),  # each by the other's address
    )):
        transfer(lab, users, number, relays)
    a, b = splice(lab, *users)
    lab.kill_peer(a)
    until(lambda: is_reset(b), "bob's leg is reset")
    for direction, counts in lab.wire_counts().items():
        expect(counts["strayed"], 0, f"frames of {direction} that were not tagged as they should be")

    on_trunk, asked = Stranger(lab, "wire", "relay1"), questions(lab, "alice")
    heard(on_trunk, asked, [(0x8100, VLAN)], VLAN)
    for tags in (
            [],
            [(0x8100, 0xE000)],  # a mere priority
            [(0x8100, OTHER)],
            [(0x88A8, VLAN)],
            [(0x8100, VLAN), (0x8100, VLAN)],
    ):
        unheard(lab, on_trunk, asked, tags)
    beside_bob, asked = Stranger(lab, "bob", "eth0"), questions(lab, "bob")
    unheard(lab, beside_bob, asked, [(0x8100, VLAN)])
    heard(beside_bob, asked, [], None)
    heard(beside_bob, asked, [(0x8100, 0xE000)], None)
