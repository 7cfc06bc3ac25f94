#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Truncated, lying and forged packets are counted drops: nothing crashes, no session suffers.

    alice (AF_PACKET) ---- thousands of bad frames ----> relay
    alice ==== a session that keeps echoing, its own four-tuple among the forged ==== bob
"""

import random
import socket

from harness import PORT, HOME, Lab, Task, exchange, expect, fail, reaches, splice, until
from wire import ACK, FIN, PSH, RST, SYN, ethernet, ipv4, tcp

SERVICE = ("192.0.2.10", PORT)
NOP_OPTIONS = b"\1\1\1\1"


def header_lies(own, service):
    """One IP or TCP header lie each, with everything else right."""
    ends = own[0], service[0]
    syn = tcp(own, service, flags=SYN)
    data = tcp(own, service, seq=7, ack=9, flags=ACK | PSH, payload=b"forged")
    for version in (0, 5, 6, 15):
        yield ipv4(*ends, syn, version=version)
    for ihl in (0, 1, 4, 15):
        yield ipv4(*ends, syn, ihl=ihl)
    for total in (0, 19, 20, 39, len(syn) + 21, 1500, 65535):
        yield ipv4(*ends, syn, total=total)
    for segment in (syn, data):
        yield ipv4(*ends, segment, checksum=0xDEAD)
        for fragment in (0x2000, 0x0001, 0x1FFF, 0x3FFF):
            yield ipv4(*ends, segment, fragment=fragment)
        for length in range(20):
            yield ipv4(*ends, segment[:length])
        yield ipv4(*ends, segment, options=NOP_OPTIONS)
        yield ipv4(*ends, segment, options=b"\x83\x07\x04\xc0\x00\x02\x01\x00")  # loose source route
        yield ipv4(*ends, segment, options=b"\x44\x00\x00\x00")  # an option of length 0
        yield ipv4(*ends, segment, options=b"\x07\xff\x00\x00")  # one that runs over the end
    for offset in (0, 1, 4, 6, 15):
        yield ipv4(*ends, tcp(own, service, flags=SYN, offset=offset))
        yield ipv4(*ends, tcp(own, service, flags=ACK, offset=offset))
    for flags in (SYN, FIN | ACK, RST, RST | ACK, ACK | PSH):
        yield ipv4(*ends, tcp(own, service, flags=flags, checksum=0xBAD0, payload=b"x"))
    for flags in (0, FIN, SYN | FIN, SYN | RST, 0x3F, 0xFF, PSH):
        yield ipv4(*ends, tcp(own, service, seq=1, flags=flags, checksum=1))


def option_lies(own, service):
    """TCP options that lie about their length or hold what none may hold."""
    options = (
        b"\x02\x00\x00\x00", b"\x02\x01\x00\x00", b"\x02\x03\x05\x00", b"\x02\x28\x05\x78",
        b"\x02\x04\x00\x00", b"\x02\x04\xff\xff", b"\x03\x03\xff\x00", b"\x03\x02\x01\x01",
        b"\x08\x0a\x00\x00", b"\x08\x04\x00\x00", b"\x05\x02\x01\x01", b"\x05\x09" + bytes(10),
        b"\x05\xff\x00\x00", b"\x01\x01\x01\x02", b"\x01\x01\x01\x08", b"\xff\xff\xff\xff",
        b"\x02" * 40, b"\x08\x0a" + bytes(8) + b"\x08\x0a" + bytes(8) + bytes(20),
    )
    for option in options:
        for flags in (SYN, ACK):
            yield ipv4(own[0], service[0], tcp(own, service, seq=5, flags=flags, options=option))


def martians(service):
    for source in ("127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", service[0], "240.0.0.1"):
        yield ipv4(source, service[0], tcp((source, 1234), service, flags=SYN))


def mutations(own, service, number):
    """Valid packets with a few bytes changed, cut somewhere."""
    source = random.Random(4711)
    for _ in range(number):
        port = source.choice((own[1], source.randrange(1, 65536)))
        end = (own[0], port)
        flags = source.choice((SYN, ACK, ACK | PSH, FIN | ACK))
        options = source.choice((b"", b"\2\4\5\xb4\4\2\x08\x0a" + bytes(8) + b"\1\3\3\7"))
        whole = tcp(end, service, seq=source.getrandbits(32), flags=flags, options=options, payload=b"x" * 9)
        packet = bytearray(ipv4(end[0], service[0], whole))
        for _ in range(source.randrange(1, 4)):
            packet[source.randrange(len(packet))] = source.randrange(256)
        yield bytes(packet[: source.choice((len(packet), source.randrange(1, len(packet))))])


def bad_frames(relay, own_mac, live, service):
    stranger = (live[0], 1025)
    for own in (stranger, live):
        for packet in (*header_lies(own, service), *option_lies(stranger, service)):
            yield ethernet(relay, own_mac, packet)
    for packet in (*martians(service), *mutations(live, service, 3000)):
        yield ethernet(relay, own_mac, packet)
    for mac in (b"\xff" * 6, b"\x01\x00\x5e\x00\x00\x01"):
        yield ethernet(mac, own_mac, ipv4(stranger[0], service[0], tcp(stranger, service, flags=SYN)))
    syn = ipv4(stranger[0], service[0], tcp(stranger, service, flags=SYN))
    for length in range(len(syn)):
        yield ethernet(relay, own_mac, syn[:length])
    for ethertype in (0x8100, 0x88A8, 0x0806, 0x86DD, 0x0000, 0x05DC, 0xFFFF):
        for length in (0, 1, 2, 3, 4, 8, 27, 40):
            yield ethernet(relay, own_mac, bytes(length), ethertype)
    yield ethernet(relay, own_mac, ipv4(live[0], service[0], tcp(live, service, payload=b"x"), ttl=1))
    yield ethernet(relay, own_mac, ipv4(live[0], service[0], tcp(live, service, payload=b"x"), ttl=0))


def mac(lab, place, interface):
    text = lab.run(place, "cat", f"/sys/class/net/{interface}/address").stdout.strip()
    return bytes.fromhex(text.replace(":", ""))


with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b = splice(lab, alice, bob)
    reaches(a, b)
    with lab.inside("alice"):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(("eth0", 0))
    before = lab.metrics()
    frames = list(bad_frames(mac(lab, "relay", "eth1"), mac(lab, "alice", "eth0"), a.getsockname(), SERVICE))

    def flood():
        for _ in range(3):
            for frame in frames:
                raw.send(frame)

    flooding = Task(flood)
    echoes = 0
    while flooding.is_alive() or echoes < 50:
        reaches(a, b, b"echo %d" % echoes)
        echoes += 1
    flooding.result()
    expect(lab.running("tandemd"), True, "tandemd lives")
    exchange(a, b, 4 << 20)

    def dropped(reason):
        name = "tandem_dropped_packets_total"
        labels = (("reason", reason),)
        now = lab.metrics()
        if (name, labels) not in now:
            fail(f"no reason {reason} among the drops")
        return now[name, labels] - before[name, labels]

    for reason in ("malformed", "checksum", "fragment", "martian", "ttl"):
        until(lambda: dropped(reason) > 0, f"drops for {reason} are counted")
    reaches(*splice(lab, alice, bob))
