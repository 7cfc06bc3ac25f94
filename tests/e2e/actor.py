# SPDX-License-Identifier: BSD-3-Clause
"""Initiators and Targets of the proposal by hand, for scripts that play `tandem`'s partner."""

import contextlib
import json
import socket
from xml.sax.saxutils import quoteattr

from harness import STANZAS, TIMEOUT, ElementTree, fail

MGMT = {"alice": "203.0.113.1", "bob": "203.0.113.3"}  # where the two reach each other
FILE = "<file xmlns='urn:tandem:file:0' name='{}' size='{}'/>"
STREAM = "<stream xmlns='urn:tandem:stream:0'/>"


def query(sid, inner="", name="sid"):
    """`name`: the proposal's samples have side for sid."""
    return f"<query xmlns='whoknows' {name}={quoteattr(sid)}>{inner}</query>"


def connection(jid, ip, port):
    return f"<connection jid={quoteattr(jid)} ip='{ip}' port='{port}'/>"


def endpoint(ip, port, from_ip=None, from_port=None):
    own = f" from-ip='{from_ip}' from-port='{from_port}'" if from_ip else ""
    return f"<endpoint ip='{ip}' port='{port}'{own}/>"


def request(user, what="{whoknows}query", timeout=TIMEOUT, child=None):
    """The next request to `user` that has such an element; others before it are forgotten."""

    def find():
        while user.requests:
            iq = user.requests.pop(0)
            element = iq.find(what)
            if element is not None and (child is None or element.find(child) is not None):
                return iq

    found = []
    with user.arrived:
        if not user.arrived.wait_for(lambda: found.append(find()) or found[-1] is not None, timeout):
            fail(f"{user.jid} is not asked {what} {child or ''} within {timeout} s")
        return found[-1]


def offer(user, timeout=TIMEOUT):
    """PF2 as it arrives: (the IQ, its sid, [(jid, ip, port), ...])."""
    iq = request(user, timeout=timeout)
    element = iq.find("{whoknows}query")
    if element.find("{whoknows}endpoint") is not None:
        fail(f"a claim, not an offer: {ElementTree.tostring(iq)}")
    told = [(c.get("jid"), c.get("ip"), int(c.get("port"))) for c in element.iter("{whoknows}connection")]
    return iq, element.get("sid"), told


def claim(user, timeout=TIMEOUT):
    """PF4 as it arrives: (the IQ, its <endpoint/>)."""
    iq = request(user, timeout=timeout, child="{whoknows}endpoint")
    return iq, iq.find("{whoknows}query/{whoknows}endpoint")


def answer(user, iq, payload="", to=None):
    user.send(f"<iq type='result' to={quoteattr(to or iq.get('from'))} id='{iq.get('id')}'>{payload}</iq>")


def refuse(user, iq, condition="item-not-found", to=None):
    error = f"<error type='cancel'><{condition} xmlns='{STANZAS}'/></error>"
    user.send(f"<iq type='error' to={quoteattr(to or iq.get('from'))} id='{iq.get('id')}'>{error}</iq>")


def listen(lab, place, port, host=None):
    """A socket that waits for a direct connection in `place`."""
    with lab.inside(place):
        server = socket.create_server((host or MGMT[place], port))
    server.settimeout(TIMEOUT)
    return server


def connect(lab, place, ip, port):
    with lab.inside(place):
        return socket.create_connection((ip, port), timeout=TIMEOUT)


@contextlib.contextmanager
def dropped(lab, place, rule):
    """Packets that `rule` of nftables fits do not come into `place`."""
    table = "add table inet d; add chain inet d i { type filter hook input priority 0; }"
    lab.run(place, "nft", f"{table}; add rule inet d i {rule} drop")
    yield
    lab.run(place, "nft", "delete table inet d")


def events(peer):
    """What `tandem --json` has told until now."""
    return [json.loads(line) for line in peer.out.read_text().splitlines()]


def event(peer, name):
    """The first event of that name."""
    found = [e for e in events(peer) if e["event"] == name]
    return found[0] if found else fail(f"no event {name}: {events(peer)} {peer.err.read_text()}")
