#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""slixmpp's own XEP-0065 plugin on both ends, unmodified: it finds the relay by service discovery,
and a file goes through; then a hundred at a time.  Over Prosody and over ejabberd.

    alice (slixmpp) --- eth1 [ relay, port 7777 ] eth2 --- bob (slixmpp)
"""

import asyncio
import hashlib

from harness import Lab, RELAY, blocks, digest, expect, fail
from socks import SOCKS

SIZE, MANY, SMALL = 4 << 20, 100, 64 << 10
DEADLINE = 60
SETTINGS = {**SOCKS, "limits.sessions_per_jid": 2 * MANY, "limits.legs_per_source": 2 * MANY}


def run(user, coroutine):
    """A coroutine in the thread that owns the user's stream; its value."""
    return asyncio.run_coroutine_threadsafe(coroutine, user.loop).result(DEADLINE)


async def with_plugin(user):
    user.stream.register_plugin("xep_0030")
    user.stream.register_plugin("xep_0065", {"auto_accept": True})


class Arrival:
    """One stream at its target.  Wants the plugin's events of this stream, not of all."""

    def __init__(self, user, sid, requester):
        self.sum, self.size = hashlib.sha256(), 0
        self.done = user.loop.create_future()
        user.stream.add_event_handler(f"stream:{sid}:{requester}", self.on_stream, disposable=True)

    def on_stream(self, protocol):
        protocol.event = self.on_event

    def on_event(self, name, value):
        if name == "socks5_data":
            self.sum.update(value)
            self.size += len(value)
        elif name == "socks5_closed" and not self.done.done():
            self.done.set_result((self.size, self.sum.hexdigest()))


async def expecting(user, sids, requester):
    return [Arrival(user, sid, requester) for sid in sids]


async def arrived(arrivals):
    return await asyncio.gather(*(arrival.done for arrival in arrivals))


async def send(user, target, sid, seed, size):
    protocol = await user.stream["xep_0065"].handshake(target, sid=sid)
    if protocol is None:
        fail(f"no stream for {sid}")
    for block in blocks(seed, size):
        await protocol.write(block)
    protocol.transport.close()


async def send_all(user, target, sids, size):
    await asyncio.gather(*(send(user, target, sid, seed, size) for seed, sid in enumerate(sids)))


def transfer(sender, receiver, sids, size):
    """One stream a sid, all at once, byte-exact."""
    arrivals = run(receiver, expecting(receiver, sids, sender.jid))
    run(sender, send_all(sender, receiver.jid, sids, size))
    for seed, got in enumerate(run(receiver, arrived(arrivals))):
        expect(got, (size, digest(seed, size)), f"stream {sids[seed]}")


for server in ("prosody", "ejabberd"):
    with Lab(SETTINGS, server=server) as lab:
        alice, bob = lab.user("alice"), lab.user("bob")
        for user in (alice, bob):
            run(user, with_plugin(user))
        proxies = run(alice, alice.stream["xep_0065"].discover_proxies())
        expect([str(jid) for jid in proxies], [RELAY], f"proxies found over {server}")
        transfer(alice, bob, ["one"], SIZE)
        transfer(bob, alice, ["back"], SIZE)
        transfer(alice, bob, [f"many{n}" for n in range(MANY)], SMALL)
        expect(lab.metric("tandem_iq_total", kind="activate", result="ok"), MANY + 2, "activations")
