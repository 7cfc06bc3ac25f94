#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every step of the proposal of 13 December 2002, over Prosody and over ejabberd.

    STEPS names each step and the exchanges that show it; an exchange marks what it has seen, and
    what it marks must be just what the table says.  `tandem` plays against an actor that knows no
    more than the proposal's own stanzas, in both roles; the Proxy is tandemd.
"""

import contextlib
import re
import subprocess

from actor import MGMT, answer, claim, connect, connection, endpoint, listen, offer, query, refuse
from harness import PORT, RELAY, RELAY_AT, Lab, Peer, expect, expect_error, expect_result, fail, new_sid, until

SERVERS = "prosody", "ejabberd"

STEPS = {  # what the proposal asks for, and the exchanges that show it
    "PF1": ("an Initiator wishes for a connection", "tandem_offers tandem_is_offered"),
    "PF2": ("offers its addresses under a stream id", "tandem_offers tandem_is_offered"),
    "PF3": ("the Target connects to one", "tandem_offers tandem_is_offered"),
    "PF4": ("tells that one's JID which connection is its own", "tandem_offers tandem_is_offered"),
    "PF5": ("tells the Initiator which it took", "tandem_offers tandem_is_offered"),
    "PF6": ("the Initiator gets PF4", "tandem_offers tandem_is_offered"),
    "PF7": ("answers it; both are clear to send", "tandem_offers tandem_is_offered"),
    "PF8": ("the end", "tandem_offers tandem_is_offered"),
    "A1.1": ("an Initiator without an address offers none", "tandem_has_no_address offers_tandem_none"),
    "A1.2": ("which is an error", "tandem_has_no_address offers_tandem_none"),
    "A1.3": ("the Target may offer, under the same stream id", "tandem_has_no_address offers_tandem_none"),
    "A2.1": ("no address can be reached: an error", "tandem_is_unreachable tandem_reaches_none"),
    "A2.2": ("the Target may offer, under the same stream id", "tandem_is_unreachable tandem_reaches_none"),
    "A4": ("PF4 is answered by an error", "tandem_is_unknown"),
    "A4.1": ("the Target closes", "tandem_is_unknown"),
    "A4.2": ("an end without a connection", "tandem_is_unknown"),
    "A5.1": ("an offer that is not wanted: an error", "tandem_is_unwanted tandem_does_not_want"),
    "A5.2": ("an end without a connection", "tandem_is_unwanted tandem_does_not_want"),
    "A6": ("the connection is a Proxy's, unknown to the Target", "by_proxy tandem_by_proxy"),
    "A6.1": ("the Proxy gets PF4", "by_proxy tandem_by_proxy"),
    "A6.2": ("finds the connection it is about", "by_proxy tandem_by_proxy"),
    "A6.3": ("the Initiator gets PF5", "by_proxy tandem_by_proxy"),
    "A6.4": ("connects to the Proxy and tells it so", "by_proxy tandem_by_proxy"),
    "A6.5": ("the Proxy gets that", "by_proxy tandem_by_proxy"),
    "A6.6": ("finds the connection it is about", "by_proxy tandem_by_proxy"),
    "A6.7": ("finds the two of one stream id", "by_proxy tandem_by_proxy"),
    "A6.8": ("tells both that they are clear to send", "by_proxy tandem_by_proxy"),
    "A6.9": ("and so they are", "by_proxy tandem_by_proxy"),
}


def client(lab, place):
    """One of 2002: it knows the proposal's stanzas and nothing else."""
    return lab.user(place, f"{place}@example.org/{new_sid()}")


def told(leg):
    """The proposal's words: the IP and port of the peer one is connected to."""
    return endpoint(*leg.getpeername())


def sampled(leg):
    """The proposal's samples: the Proxy's IP with the own port."""
    return endpoint(leg.getpeername()[0], leg.getsockname()[1])


def named(result):
    """The JID of the connection in a PF5."""
    return expect_result(result, "PF5").xml.find("{whoknows}query/{whoknows}connection").get("jid")


def pipe(lab, place, *options, user=None):
    return Peer(lab, place, "pipe", *options, user=user, stdin=subprocess.PIPE)


def waiting(lab, place, partner, *options):
    """A `tandem pipe` that waits for an offer."""
    peer = pipe(lab, place, "--from", partner, *options)
    until(lambda: "ready " in peer.err.read_text(), "the pipe is ready")
    peer.jid = re.search(r"ready (\S+)", peer.err.read_text())[1]
    return peer


def clear_to_send(peer, leg):
    """Bytes both ways between `tandem` and a connection, and the end."""
    leg.settimeout(20)
    peer.child.stdin.write(b"to you")
    peer.child.stdin.flush()
    expect(leg.recv(100), b"to you", "bytes from tandem")
    leg.sendall(b"and to you")
    until(lambda: peer.out.read_bytes() == b"and to you", "bytes to tandem")


def ended(peer, leg):
    """Both close; a client of 2002 says no more than that."""
    peer.child.stdin.close()
    expect(leg.recv(100), b"", "tandem's end")
    leg.close()
    peer.expect(0)


# --- the exchanges: each yields the steps it has just seen ------------------------------------------


def accepted(lab, target, tandem, iq, sid, told_by):
    """From PF3 to PF8 by hand, towards a `tandem` that has offered; yields the steps."""
    place = target.jid.partition("@")[0]
    jid, ip, port = next(c for c in told_by if c[0] == iq.get("from") and c[1] in MGMT.values())
    leg = connect(lab, place, ip, port)
    yield "PF3"
    id = target.ask(query(sid, told(leg)), to=jid)
    answer(target, iq, query(sid, f"<connection jid='{jid}'/>"))
    yield "PF4", "PF5"
    result = expect_result(target.answer(id), "PF7")
    expect(len(result.xml.find("{whoknows}query")), 0, "children of PF7's query")
    yield "PF6"
    clear_to_send(tandem, leg)
    yield "PF7"
    ended(tandem, leg)
    yield "PF8"


def offered(lab, initiator, tandem, sid):
    """From PF2 to PF8 by hand, towards a `tandem` that is offered to; yields the steps."""
    place = initiator.jid.partition("@")[0]
    with contextlib.closing(listen(lab, place, 0)) as server:
        here = server.getsockname()
        id = initiator.ask(query(sid, connection(initiator.jid, *here)), to=tandem.jid)
        yield "PF2"
        leg, _ = server.accept()
    yield "PF3"
    iq, end = claim(initiator)
    expect((iq.get("from"), iq.find("{whoknows}query").get("sid")), (tandem.jid, sid), "whose PF4 it is")
    expect((end.get("ip"), int(end.get("port"))), here, "the end that PF4 names")
    yield "PF4", "PF6"
    answer(initiator, iq, "<query xmlns='whoknows'/>")
    result = expect_result(initiator.answer(id), "PF5").xml.find("{whoknows}query")
    expect((result.get("sid"), result[0].get("jid")), (sid, initiator.jid), "what PF5 names")
    yield "PF5"
    clear_to_send(tandem, leg)
    yield "PF7"
    ended(tandem, leg)
    yield "PF8"


def takes_its_turn(lab, initiator, tandem, sid):
    """`tandem`, a Target until now, offers under the same stream id: PF1 to PF8."""
    iq, again, connections = offer(initiator)
    expect(again, sid, "the stream id of the Target's offer")
    for _ in accepted(lab, initiator, tandem, iq, sid, connections):
        pass


def takes_our_turn(lab, target, tandem, jid, sid):
    """`tandem`, an Initiator until now, is offered to under the same stream id: PF1 to PF8."""
    tandem.jid = jid
    for _ in offered(lab, target, tandem, sid):
        pass


def tandem_offers(lab):
    target = client(lab, "alice")
    tandem = pipe(lab, "bob", "--direct", target.jid)
    yield "PF1"
    iq, sid, connections = offer(target)
    expect(bool(sid) and (iq.get("from"), MGMT["bob"]) in [c[:2] for c in connections], True, "PF2")
    yield "PF2"
    yield from accepted(lab, target, tandem, iq, sid, connections)


def tandem_is_offered(lab):
    initiator = client(lab, "bob")
    tandem = waiting(lab, "alice", initiator.jid)
    yield "PF1"
    yield from offered(lab, initiator, tandem, new_sid())


def tandem_has_no_address(lab):
    target = client(lab, "alice")  # the relay does not serve carol
    tandem = pipe(lab, "bob", "--no-listen", target.jid, user="carol@example.org")
    iq, sid, connections = offer(target)
    expect(connections, [], "what an Initiator without an address offers")
    yield "A1.1"
    refuse(target, iq)
    yield "A1.2"
    takes_our_turn(lab, target, tandem, iq.get("from"), sid)
    yield "A1.3"


def offers_tandem_none(lab):
    initiator = client(lab, "bob")
    tandem, sid = waiting(lab, "alice", initiator.jid), new_sid()
    id = initiator.ask(query(sid), to=tandem.jid)
    yield "A1.1"
    expect_error(initiator.answer(id), "item-not-found", "cancel", "an offer of nothing")
    yield "A1.2"
    takes_its_turn(lab, initiator, tandem, sid)
    yield "A1.3"


def tandem_is_unreachable(lab):
    target = client(lab, "alice")
    tandem = pipe(lab, "bob", "--direct", target.jid)
    iq, sid, _ = offer(target)
    refuse(target, iq)
    yield "A2.1"
    takes_our_turn(lab, target, tandem, iq.get("from"), sid)
    yield "A2.2"


def tandem_reaches_none(lab):
    initiator = client(lab, "bob")
    tandem, sid = waiting(lab, "alice", initiator.jid), new_sid()
    nobody = connection(initiator.jid, MGMT["bob"], 5999)
    expect_error(initiator.iq(query(sid, nobody), to=tandem.jid), "item-not-found", "cancel", "nobody listens there")
    yield "A2.1"
    takes_its_turn(lab, initiator, tandem, sid)
    yield "A2.2"


def tandem_is_unknown(lab):
    initiator = client(lab, "bob")
    tandem = waiting(lab, "alice", initiator.jid)
    with contextlib.closing(listen(lab, "bob", 0)) as server:
        mine = connection(initiator.jid, *server.getsockname())
        initiator.ask(query(new_sid(), mine), to=tandem.jid)
        leg, _ = server.accept()
    iq, _ = claim(initiator)
    refuse(initiator, iq)
    yield "A4"
    leg.settimeout(20)
    with contextlib.suppress(ConnectionResetError):  # closes it is all the proposal says
        expect(leg.recv(1), b"", "the connection after the error")
    yield "A4.1"
    tandem.expect(4)
    yield "A4.2"


def tandem_does_not_want(lab):
    initiator = client(lab, "bob")
    tandem = waiting(lab, "alice", "carol@example.org")
    with contextlib.closing(listen(lab, "bob", 0)) as server:
        mine = connection(initiator.jid, *server.getsockname())
        refused = initiator.iq(query(new_sid(), mine), to=tandem.jid)
        expect_error(refused, "not-acceptable", "cancel", "the unwanted offer")
        yield "A5.1"
        server.settimeout(0.5)
        with contextlib.suppress(TimeoutError):
            fail(f"a connection nevertheless, {server.accept()}")
    yield "A5.2"
    tandem.child.kill()


def tandem_is_unwanted(lab):
    target = client(lab, "alice")
    tandem = pipe(lab, "bob", "--direct", target.jid)
    iq, _, _ = offer(target)
    refuse(target, iq, "not-acceptable")
    yield "A5.1"
    tandem.expect(4)
    yield "A5.2"


def by_proxy(lab):
    """The samples of the proposal as they stand, `side` included."""
    initiator, target, sid = client(lab, "bob"), client(lab, "alice"), new_sid()
    known = lab.metric("tandem_legs", state="claimed")
    id = initiator.ask(query(sid, connection(RELAY, RELAY_AT["alice"], PORT)), to=target.jid)
    iq, _, ((proxy, ip, port),) = offer(target)
    theirs = lab.connect("alice", ip, port)
    claimed = target.ask(query(sid, sampled(theirs), "side"), to=proxy)
    yield "A6"
    until(lambda: lab.metric("tandem_legs", state="claimed") == known + 1, "the Proxy knows the Target's")
    yield "A6.1", "A6.2"
    answer(target, iq, query(sid, f"<connection jid='{proxy}'/>"))
    expect(named(initiator.answer(id)), RELAY, "the Proxy that PF5 names")
    yield "A6.3"
    target.unanswered(claimed, 0.2)
    ours = lab.connect("bob", RELAY_AT["bob"], PORT)
    also = initiator.ask(query(sid, sampled(ours), "side"), to=proxy)
    yield "A6.4"
    for user, asked in (initiator, also), (target, claimed):
        clear = expect_result(user.answer(asked), "clear to send")
        expect(len(clear.xml.find("{whoknows}query")), 0, "children of the Proxy's result")
    yield "A6.5", "A6.6", "A6.7", "A6.8"
    ours.sendall(b"connection")
    expect(theirs.recv(100), b"connection", "bytes through the Proxy")
    theirs.sendall(b"established")
    expect(ours.recv(100), b"established", "bytes through the Proxy")
    yield "A6.9"
    ours.close()
    theirs.close()


def tandem_by_proxy(lab):
    initiator, sid = client(lab, "bob"), new_sid()
    tandem = waiting(lab, "alice", initiator.jid)
    known = lab.metric("tandem_legs", state="claimed")
    id = initiator.ask(query(sid, connection(RELAY, RELAY_AT["alice"], PORT)), to=tandem.jid)
    expect(named(initiator.answer(id)), RELAY, "the Proxy that PF5 names")
    yield "A6", "A6.3"
    until(lambda: lab.metric("tandem_legs", state="claimed") == known + 1, "the Proxy knows the Target's")
    yield "A6.1", "A6.2"
    leg = lab.connect("bob", RELAY_AT["bob"], PORT)
    clear = initiator.ask(query(sid, sampled(leg)), to=RELAY)
    yield "A6.4"
    expect_result(initiator.answer(clear), "clear to send")
    yield "A6.5", "A6.6", "A6.7", "A6.8"
    clear_to_send(tandem, leg)
    yield "A6.9"
    ended(tandem, leg)


# --- the table, walked ------------------------------------------------------------------------------


def walk(lab, server):
    wanted = {}
    for step, (_, names) in STEPS.items():
        for name in names.split():
            wanted.setdefault(name, set()).add(step)
    for name, steps in wanted.items():
        seen = set()
        for marked in globals()[name](lab):
            seen |= {marked} if isinstance(marked, str) else set(marked)
        expect(seen, steps, f"steps that {name} has shown")
        print(f"{server}: {name}: {', '.join(step for step in STEPS if step in seen)}", flush=True)


for server in SERVERS:
    with Lab({"access.deny": "[carol@example.org]"}, server=server) as lab:
        walk(lab, server)
