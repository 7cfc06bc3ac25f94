# SPDX-License-Identifier: BSD-3-Clause
"""An XMPP server's component port where every byte is the script's own choice (XEP-0114)."""

import hashlib
import re
import socket

from harness import RELAY, TIMEOUT, XMPP, Task, endpoint, fail, new_sid

HEADER = (
    "<stream:stream xmlns='jabber:component:accept' "
    f"xmlns:stream='http://etherx.jabber.org/streams' from='{RELAY}' id='4711'>"
)


class FakeServer:
    """Listens where tandemd looks for its server.  For a lab without Prosody."""

    def __init__(self, lab):
        self.secret = (lab.dir / "secret").read_text().strip()
        with lab.inside("xmpp"):
            self.listener = socket.create_server((XMPP, 5347))

    def accept(self, timeout=TIMEOUT):
        """The next connection of tandemd, before anything was said."""
        self.listener.settimeout(timeout)
        try:
            return Stream(self.listener.accept()[0], self.secret)
        except TimeoutError:
            fail(f"tandemd does not connect within {timeout} s")

    def stream(self, timeout=TIMEOUT):
        """The next connection, with the handshake done."""
        stream = self.accept(timeout)
        stream.handshake()
        return stream

    def start_tandemd(self, lab):
        """Start tandemd and return its stream."""
        accepting = Task(self.stream)
        lab.start("tandemd")
        return accepting.result()


class Stream:
    def __init__(self, channel, secret):
        self.channel, self.secret = channel, secret
        self.channel.settimeout(TIMEOUT)
        self.buffer = ""

    def send(self, data):
        self.channel.sendall(data if isinstance(data, bytes) else data.encode())

    def read(self, pattern, timeout=TIMEOUT):
        """Read until `pattern` is found; returns the match and forgets all up to its end."""
        self.channel.settimeout(timeout)
        while not (match := re.search(pattern, self.buffer, re.S)):
            try:
                block = self.channel.recv(65536)
            except TimeoutError:
                fail(f"no {pattern} within {timeout} s, only {self.buffer!r}")
            if not block:
                fail(f"the stream ended before {pattern}: {self.buffer!r}")
            self.buffer += block.decode()
        self.buffer = self.buffer[match.end() :]
        return match

    def handshake(self):
        self.read(rf"<stream:stream [^>]*to=['\"]{RELAY}['\"][^>]*>")
        self.send(f"<?xml version='1.0'?>{HEADER}")
        wanted = hashlib.sha1(f"4711{self.secret}".encode()).hexdigest()
        got = self.read("<handshake[^>]*>([^<]*)</handshake>")[1]
        if got != wanted:
            fail(f"handshake {got}, expected {wanted}")
        self.send("<handshake/>")

    def answer(self, id, timeout=TIMEOUT):
        """The text of the IQ answer with this id."""
        return self.read(rf"<iq [^>]*\bid=['\"]{id}['\"][^>]*(/>|>.*?</iq>)", timeout)[0]

    def claim(self, leg, sid, name, id=None):
        """The claim of name@example.org; nothing is read."""
        head = f"type='set' id='{id or name}' from='{name}@example.org/lab' to='{RELAY}'"
        self.send(f"<iq {head}>{endpoint(leg, sid)}</iq>")

    def splice(self, lab):
        """Two legs, claimed and spliced."""
        legs, sid = {name: lab.connect(name) for name in ("alice", "bob")}, new_sid()
        for name, leg in legs.items():
            self.claim(leg, sid, name)
        for name in legs:
            if "result" not in (text := self.answer(name)):
                fail(f"{name}'s claim: {text}")
        return legs.values()

    def ping(self, id):
        """The relay still answers on this stream."""
        self.send(
            f"<iq type='get' id='{id}' from='alice@example.org/lab' to='{RELAY}'>"
            "<ping xmlns='urn:xmpp:ping'/></iq>"
        )
        text = self.answer(id)
        if "result" not in text:
            fail(f"the ping's answer: {text}")

    def wait_closed(self, timeout=TIMEOUT):
        """Wait until tandemd has closed the connection."""
        self.channel.settimeout(timeout)
        try:
            while self.channel.recv(65536):
                pass
        except ConnectionResetError:
            pass
        except TimeoutError:
            fail(f"tandemd does not close the stream within {timeout} s")

    def close(self):
        self.channel.close()
