# SPDX-License-Identifier: BSD-3-Clause
"""Relays between alice and bob, each in a lab's place for them, on wires that are made alike:

    alice eth0 ==wire 0== eth1 [ relay ] eth2 ==wire 1== eth0 bob

A contender has a name and connects so many streams.  One that polls is stopped while others have
their turn.
"""

import contextlib
import os
import signal
import socket

from harness import HOME, RELAY_AT, TIMEOUT, Lab, Task, expect_result, new_sid, splice
from socks import RIVAL, activation, connect, name_of, negotiate

USERS = ("alice", "bob")
SERVED_AT = 5000  # bob's own port, for those who connect to him
HAPROXY_AT = 6000
PROXY65_AT = 7778
OFF = ("tx", "tso", "gso", "gro")
MAX_WORKERS = 16

HAPROXY = f"""
global
    maxconn 1000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    option splice-auto
frontend alice
    bind {RELAY_AT['alice']}:{HAPROXY_AT}
    default_backend bob
backend bob
    server bob {HOME['bob']}:{SERVED_AT}
"""


def close(legs):
    """At once, and nothing of it stays in the kernel."""
    for leg in legs:
        with contextlib.suppress(OSError):
            leg.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        leg.close()


def without_offloads(lab):
    """At all four ends of the wires."""
    for place, interfaces in (("alice", ["eth0"]), ("bob", ["eth0"]), ("relay", ["eth1", "eth2"])):
        for interface in interfaces:
            for feature in OFF:
                lab.run(place, "ethtool", "-K", interface, feature, "off")


class Tandem:
    """tandemd, with ports of a kind, and with such offloads at the users' ends as those can bear.

    On ports of the kernel's it has a worker on each core, as the others have their threads.  There
    the kernel does on a worker's core all that a frame costs it, up to the far user's TCP.
    """

    name = "tandem"

    def __init__(self, stack, kind, offloads):
        settings = {"limits.sessions": 4000, "limits.sessions_per_jid": 2000, "limits.legs_per_source": 1000}
        options = {} if offloads else {"offload": "off"}
        if kind:
            options["ports"] = kind
        cores = min(os.cpu_count(), MAX_WORKERS)
        if kind == "kernel":
            # Control's lcore has no core of its number, and goes where there is room.
            settings |= {"dataplane.workers": list(range(cores)), "dataplane.control": cores}
        self.lab = stack.enter_context(Lab(settings, relay=False, **options))
        if kind == "kernel":
            # On wires that are as the others'.
            for port in (0, 1):
                self.lab.set_port(port, queues=cores)
        if not offloads:
            without_offloads(self.lab)
        self.lab.start("tandemd")
        self.users = [self.lab.user(place) for place in USERS]
        stack.callback(self.resume)
        self.pause()

    def pause(self):
        os.kill(self.lab.pid("tandemd"), signal.SIGSTOP)

    def resume(self):
        os.kill(self.lab.pid("tandemd"), signal.SIGCONT)

    def connect(self, streams):
        return [splice(self.lab, *self.users) for _ in range(streams)]


class Rival:
    """Whatever stands in the relay's place instead, over the kernel's sockets or routes."""

    def __init__(self, lab):
        self.lab = lab

    def pause(self):
        pass

    resume = pause

    def to_bob(self, address, streams):
        """Streams that alice begins, towards a listener of bob's."""
        with self.lab.inside("bob"):
            listener = socket.create_server((HOME["bob"], SERVED_AT), backlog=streams)
        with listener:
            return [self.one_to_bob(listener, address) for _ in range(streams)]

    def one_to_bob(self, listener, address):
        accepted = Task(listener.accept)
        mine = connect(self.lab, "alice", *address)
        return mine, accepted.result()[0]


class Forwarding(Rival):
    name = "kernel forwarding"

    def connect(self, streams):
        return self.to_bob((HOME["bob"], SERVED_AT), streams)


class Haproxy(Rival):
    name = "HAProxy splice"

    def __init__(self, lab):
        super().__init__(lab)
        file = lab.dir / "haproxy.cfg"
        file.write_text(HAPROXY)
        lab.spawn("relay", "haproxy", "-db", "-f", file, log="haproxy.log")

    def connect(self, streams):
        return self.to_bob((RELAY_AT["alice"], HAPROXY_AT), streams)


class Proxy65(Rival):
    """The XMPP server's own relay of SOCKS5 bytestreams."""

    def __init__(self, lab, name):
        super().__init__(lab)
        self.name = name
        self.users = [lab.user(place) for place in USERS]

    def connect(self, streams):
        return [self.bytestream() for _ in range(streams)]

    def bytestream(self):
        alice, bob = self.users
        sid = new_sid()
        legs = {}
        for user in (bob, alice):
            legs[user.place] = connect(self.lab, user.place, RELAY_AT[user.place], PROXY65_AT)
            negotiate(legs[user.place], name_of(sid, alice.jid, bob.jid))
        expect_result(alice.iq(activation(sid, bob.jid), to=RIVAL, timeout=TIMEOUT), "the activation")
        return legs["alice"], legs["bob"]


def rivals_lab(stack, server, offloads):
    """A lab whose relay is the kernel's: with addresses on the wires, and routes between them."""
    lab = stack.enter_context(Lab(server=server, rival="wires", offload="on" if offloads else "off"))
    lab.batch(
        "relay",
        f"address add {RELAY_AT['alice']}/24 dev eth1\naddress add {RELAY_AT['bob']}/24 dev eth2\n",
    )
    lab.sysctl("relay", ip_forward=1)
    for place, other in (("alice", "bob"), ("bob", "alice")):
        lab.batch(place, f"route add {HOME[other]}/32 via {RELAY_AT[place]}\n")
    if not offloads:
        without_offloads(lab)
    return lab


def contenders(stack, kind, offloads):
    """All of them, ours first; their labs end with `stack`."""
    ours = Tandem(stack, kind, offloads)
    prosody, ejabberd = (rivals_lab(stack, server, offloads) for server in ("prosody", "ejabberd"))
    return ours, [
        Haproxy(prosody),
        Proxy65(prosody, "Prosody proxy65"),
        Proxy65(ejabberd, "ejabberd proxy65"),
        Forwarding(prosody),
    ]
