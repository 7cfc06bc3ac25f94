# SPDX-License-Identifier: BSD-3-Clause
"""A client of SOCKS5 bytestreams (XEP-0065 1.8.2), written from the specification alone: the bytes
on a leg, the IQs, and the socket's own ways to send them piece by piece."""

import fcntl
import hashlib
import socket
import struct
import termios

from harness import TIMEOUT, fail, expect, expect_result, new_sid, receive_exactly, until

BYTESTREAMS = "http://jabber.org/protocol/bytestreams"
RIVAL = "proxy.example.org"  # the XMPP server's own proxy65
SOCKS = {"services.socks5": "{port: 7777}"}  # setting of the lab

METHODS = b"\x05\x01\x00"
METHOD_REPLY = b"\x05\x00"


def name_of(sid, requester, target):
    """The 40 digits that both sides connect to."""
    return hashlib.sha1(f"{sid}{requester}{target}".encode()).hexdigest().encode()


def connect_request(name):
    return b"\x05\x01\x00\x03" + bytes([len(name)]) + name + b"\x00\x00"


def connect_reply(name, code=0):
    return b"\x05" + bytes([code]) + b"\x00\x03" + bytes([len(name)]) + name + b"\x00\x00"


def send_whole(leg, data):
    leg.sendall(data)


def send_bytewise(leg, data):
    """One byte a segment: each waits until the one before is acknowledged."""
    leg.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(len(data)):
        leg.sendall(data[i : i + 1])
        until(lambda: unacknowledged(leg) == 0, "the byte is acknowledged", interval=0.001)


def unacknowledged(leg):
    answer = fcntl.ioctl(leg.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
    return struct.unpack("i", answer)[0]


def connect(lab, place, host, port):
    with lab.inside(place):
        return socket.create_connection((host, port), timeout=TIMEOUT)


def negotiate(leg, name, send=send_whole):
    """Method selection and CONNECT, each after the answer to the one before."""
    send(leg, METHODS)
    expect(receive_exactly(leg, 2), METHOD_REPLY, "the method reply")
    send(leg, connect_request(name))
    expect(receive_exactly(leg, 47), connect_reply(name), "the CONNECT reply")


def activation(sid, target):
    return f"<query xmlns='{BYTESTREAMS}' sid='{sid}'><activate>{target}</activate></query>"


def streamhosts(user, to):
    """[(host, port), ...] as the proxy tells them."""
    answer = expect_result(user.iq(f"<query xmlns='{BYTESTREAMS}'/>", "get", to), "the address query")
    found = list(answer.xml.iter(f"{{{BYTESTREAMS}}}streamhost"))
    if not found or any(host.get("jid").split("/")[0] != to for host in found):
        fail(f"streamhosts: {answer}")
    return [(host.get("host"), int(host.get("port"))) for host in found]


def open_legs(lab, requester, target, to, sid, send=send_whole):
    """The target's leg, then the requester's, as clients connect them; both negotiated."""
    name = name_of(sid, requester.jid, target.jid)
    host, port = streamhosts(requester, to)[0]
    legs = []
    for user in (target, requester):
        legs.append(connect(lab, user.place, host, port))
        negotiate(legs[-1], name, send)
    return legs[1], legs[0]


def bytestream(lab, requester, target, to, sid=None, send=send_whole):
    """An active bytestream: the requester's leg and the target's."""
    sid = sid or new_sid()
    legs = open_legs(lab, requester, target, to, sid, send)
    expect_result(requester.iq(activation(sid, target.jid), to=to), "the activation")
    return legs
