# SPDX-License-Identifier: BSD-3-Clause
"""Frames as bytes: reading what tcpdump wrote, and building what no kernel would send."""

import socket
import struct
from dataclasses import dataclass, field

FIN, SYN, RST, PSH, ACK, URG = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


def checksum(data):
    """The Internet checksum (RFC 1071) of `data`; 0 when `data` holds a valid one."""
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


@dataclass
class Segment:
    """One IPv4 TCP segment of a capture."""

    time: float
    source: tuple
    destination: tuple
    seq: int
    ack: int
    flags: int
    window: int
    options: dict
    payload: bytes
    ttl: int
    valid: bool  # both checksums verify and the lengths agree
    ethernet: bytes = field(repr=False, default=b"")

    def has(self, flag):
        return bool(self.flags & flag)


def parse_options(raw):
    """TCP options as {kind: value bytes}; None when they are ill-formed."""
    options, i = {}, 0
    while i < len(raw):
        kind = raw[i]
        if kind == 0:
            break
        if kind == 1:
            i += 1
            continue
        if i + 1 >= len(raw) or raw[i + 1] < 2 or i + raw[i + 1] > len(raw):
            return None
        options[kind] = raw[i + 2 : i + raw[i + 1]]
        i += raw[i + 1]
    return options


def parse_frame(time, frame):
    """A Segment, or None when the frame is not whole IPv4 TCP."""
    if len(frame) < 34 or frame[12:14] != b"\x08\x00" or frame[14] >> 4 != 4 or frame[23] != 6:
        return None
    ip_header = (frame[14] & 15) * 4
    total = struct.unpack_from("!H", frame, 16)[0]
    ip = frame[14 : 14 + total]
    if struct.unpack_from("!H", ip, 6)[0] & 0x3FFF or len(ip) < ip_header + 20:
        return None
    tcp = ip[ip_header:]
    sport, dport, seq, ack, offset, flags, window = struct.unpack_from("!HHIIBBH", tcp)
    tcp_header = (offset >> 4) * 4
    pseudo = ip[12:20] + struct.pack("!HH", 6, len(tcp))
    options = parse_options(tcp[20:tcp_header])
    valid = (
        len(ip) == total
        and options is not None
        and checksum(ip[:ip_header]) == 0
        and checksum(pseudo + tcp) == 0
    )
    return Segment(
        time,
        (socket.inet_ntoa(ip[12:16]), sport),
        (socket.inet_ntoa(ip[16:20]), dport),
        seq,
        ack,
        flags,
        window,
        options or {},
        tcp[tcp_header:],
        ip[8],
        valid,
        frame[:14],
    )


def read_capture(path):
    """All frames of a pcap file as (time, bytes)."""
    with open(path, "rb") as file:
        header = file.read(24)
        if header[:4] == b"\xd4\xc3\xb2\xa1":
            order = "<"
        elif header[:4] == b"\xa1\xb2\xc3\xd4":
            order = ">"
        else:
            raise ValueError(f"{path} is not a pcap file")
        frames = []
        while len(record := file.read(16)) == 16:
            seconds, micros, kept, length = struct.unpack(order + "IIII", record)
            frame = file.read(kept)
            if len(frame) != kept:
                break
            if kept != length:
                raise ValueError(f"{path}: a frame was cut")
            frames.append((seconds + micros / 1e6, frame))
        return frames


def read_segments(path):
    """The TCP segments of a pcap file."""
    return [s for s in (parse_frame(*frame) for frame in read_capture(path)) if s]


def ipv4(source, destination, payload, *, protocol=6, options=b"", **lies):
    """An IPv4 packet.  `lies` overrides version, ihl, total, id, fragment, ttl or checksum."""
    ihl = lies.get("ihl", 5 + len(options) // 4)
    total = lies.get("total", 20 + len(options) + len(payload))
    head = struct.pack(
        "!BBHHHBBH4s4s",
        (lies.get("version", 4) << 4) | ihl,
        0,
        total,
        lies.get("id", 1),
        lies.get("fragment", 0),
        lies.get("ttl", 64),
        protocol,
        0,
        socket.inet_aton(source),
        socket.inet_aton(destination),
    )
    head += options
    head = head[:10] + struct.pack("!H", lies.get("checksum", checksum(head))) + head[12:]
    return head + payload


def tcp(source, destination, *, seq=0, ack=0, flags=ACK, window=1000, options=b"", payload=b"", **lies):
    """A TCP segment between (ip, port) pairs.  `lies` overrides offset or checksum."""
    offset = lies.get("offset", 5 + len(options) // 4)
    head = struct.pack(
        "!HHIIBBHHH", source[1], destination[1], seq, ack, offset << 4, flags, window, 0, 0
    )
    whole = head + options + payload
    pseudo = (
        socket.inet_aton(source[0])
        + socket.inet_aton(destination[0])
        + struct.pack("!HH", 6, len(whole))
    )
    total = lies.get("checksum", checksum(pseudo + whole))
    return whole[:16] + struct.pack("!H", total) + whole[18:]


def ethernet(destination, source, packet, ethertype=0x0800):
    return destination + source + struct.pack("!H", ethertype) + packet
