#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The negotiation in any pieces: a byte a segment, all bytes in one, payload right behind; and
payload sent early, which must neither get lost nor pass before the activation.

    alice --- eth1 [ relay, port 7777 ] eth2 --- bob
"""

import time

from harness import (
    Lab,
    RELAY,
    RELAY_AT,
    exchange,
    expect,
    expect_result,
    expect_untouched,
    new_sid,
    receive_exactly,
)
from socks import (
    METHODS,
    METHOD_REPLY,
    SOCKS,
    activation,
    bytestream,
    connect,
    connect_reply,
    connect_request,
    name_of,
    send_bytewise,
)

EARLY = bytes(range(256)) * 40


def both(sid):
    """The target's leg and the requester's, nothing said yet."""
    return [connect(lab, place, RELAY_AT[place], 7777) for place in ("bob", "alice")], name_of(sid, alice.jid, bob.jid)


with Lab(SOCKS) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")

    exchange(*bytestream(lab, alice, bob, RELAY, send=send_bytewise))

    # all at once
    sid = new_sid()
    legs, name = both(sid)
    for leg in legs:
        leg.sendall(METHODS + connect_request(name))
    for leg in legs:
        expect(receive_exactly(leg, 49), METHOD_REPLY + connect_reply(name), "both replies")
    expect_result(alice.iq(activation(sid, bob.jid)), "the activation")
    exchange(legs[1], legs[0])

    # 255 methods, of which one will do
    sid = new_sid()
    legs, name = both(sid)
    for leg in legs:
        leg.sendall(b"\x05\xff" + bytes(range(1, 255)) + b"\x00")
        expect(receive_exactly(leg, 2), METHOD_REPLY, "of 255 methods")
        leg.sendall(connect_request(name))
        expect(receive_exactly(leg, 47), connect_reply(name), "the CONNECT reply")
    expect_result(alice.iq(activation(sid, bob.jid)), "the activation")
    exchange(legs[1], legs[0])

    # payload in the segment of the request, on both legs, long before the activation
    sid = new_sid()
    legs, name = both(sid)
    for leg in legs:
        leg.sendall(METHODS + connect_request(name) + EARLY)
    for leg in legs:
        expect(receive_exactly(leg, 49), METHOD_REPLY + connect_reply(name), "both replies before payload")
    time.sleep(1.5)  # long enough for probes into the closed window
    for leg in legs:
        expect_untouched(leg, "a leg before the activation")
    expect_result(alice.iq(activation(sid, bob.jid)), "the activation")
    for leg in legs:
        expect(receive_exactly(leg, len(EARLY)), EARLY, "the early bytes")
    exchange(legs[1], legs[0])

    # payload right behind the activation, before its result
    sid = new_sid()
    legs, name = both(sid)
    for leg in legs:
        leg.sendall(METHODS + connect_request(name))
        receive_exactly(leg, 49)
    ask = alice.ask(activation(sid, bob.jid))
    legs[1].sendall(EARLY)
    expect_result(alice.answer(ask), "the activation")
    expect(receive_exactly(legs[0], len(EARLY)), EARLY, "what was sent right behind the activation")
    exchange(legs[1], legs[0])

    # refusals, byte by byte
    for bytes_, reply, what in (
        (b"\x05\x01\x02", b"\x05\xff", "no acceptable method"),
        (METHODS + b"\x05\x02\x00\x03", METHOD_REPLY + b"\x05\x07", "BIND"),
        (METHODS + b"\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50", METHOD_REPLY + b"\x05\x08", "an IPv4 address"),
    ):
        leg = connect(lab, "alice", RELAY_AT["alice"], 7777)
        leg.sendall(bytes_)
        expect(receive_exactly(leg, len(reply)), reply, what)
        try:
            while leg.recv(100):
                pass
        except ConnectionResetError:
            pass
