#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Clients that know the proposal alone, of 2002: no <file/>, no size, an endpoint of two numbers,
side for sid, the answer to PF4 after PF5; as Initiator and as Target, directly and by the relay.

    alice$ tandem receive, pipe <---- bob, by hand       alice, by hand <---- bob$ tandem send, pipe
"""

import subprocess

from actor import MGMT, answer, claim, connect, connection, endpoint, listen, offer, query
from harness import (
    RELAY,
    RELAY_AT,
    Lab,
    Peer,
    blocks,
    digest,
    expect,
    expect_error,
    expect_result,
    fail,
    make_file,
    new_sid,
    receive,
    receiver,
    until,
)

SIZE = (1 << 20) + 7
PIPE = subprocess.PIPE


def offered(lab, bob, to, port):
    """PF1 to PF7 of a plain Initiator: the connection that is clear to send."""
    server = listen(lab, "bob", port)
    id = bob.ask(query(new_sid(), connection(bob.jid, MGMT["bob"], port), name="side"), to=to)
    leg, _ = server.accept()
    server.close()
    pf4, _ = claim(bob)
    pf5 = expect_result(bob.answer(id), "PF5 comes before PF4 is answered")
    expect(pf5.xml.find("{whoknows}query/{whoknows}connection").get("jid"), bob.jid, "the connection of PF5")
    answer(bob, pf4, "<query xmlns='whoknows'/>")
    return leg


def offered_by_relay(lab, bob, to):
    """The same through the relay; bob tells its address and his port, as the samples do."""
    sid = new_sid()
    id = bob.ask(query(sid, connection(RELAY, RELAY_AT["alice"], 4000), name="side"), to=to)
    expect_result(bob.answer(id), "PF5")
    leg = lab.connect("bob")
    ip, own = RELAY_AT["bob"], leg.getsockname()[1]
    expect_result(bob.iq(query(sid, endpoint(ip, own), name="side")), "A6.8")
    return leg


def received(lab, way, *options):
    """`tandem receive` takes what a plain Initiator sends, to its end."""
    bob = lab.user("bob")
    inbox = lab.dir / "in"
    getting = receiver(lab, inbox, *options)
    leg = offered(lab, bob, getting.jid, 6003) if way == "direct" else offered_by_relay(lab, bob, getting.jid)
    for block in blocks(1, SIZE):
        leg.sendall(block)
    leg.close()
    getting.expect(0)
    word, size, sum, path = getting.line("received-unconfirmed")
    expect((size, sum), (str(SIZE), digest(1, SIZE)), f"{way}: what came")
    name = path.rpartition("/")[2]
    expect(name == "named" if options else name.startswith("received-"), True, f"its name, {name}")
    expect((inbox / name).stat().st_size, SIZE, "the file")
    if "not known" not in (text := getting.err.read_text()):
        fail(text)


def cut(lab):
    """A reset is an error, and leaves no file."""
    bob = lab.user("bob")
    getting = receiver(lab, lab.dir / "cut")
    leg = offered(lab, bob, getting.jid, 6004)
    leg.sendall(b"half of")
    lab.kill_peer(leg)
    getting.expect(5)
    expect(list((lab.dir / "cut").iterdir()), [], "files")


def sent(lab, reading, name):
    """`tandem send` serves a plain Target, whose endpoint reads as the list had it."""
    alice = lab.user("alice")
    file = make_file(lab.dir / "file", SIZE)
    how = ("--no-direct", "--via", RELAY) if reading == "relay" else ("--direct",)
    giving = Peer(lab, "bob", "send", file, alice.jid, *how)
    pf2, sid, told = offer(alice)
    jid = pf2.get("from")
    if reading == "relay":
        leg = lab.connect("alice")
        id = alice.ask(query(sid, endpoint(RELAY_AT["alice"], leg.getsockname()[1]), name=name))
        answer(alice, pf2, query(sid, f"<connection jid='{RELAY}'/>", name=name))
        expect_result(alice.answer(id), "A6.8")
    else:
        port = next(port for whose, ip, port in told if whose == jid and ip == MGMT["bob"])
        leg = connect(lab, "alice", MGMT["bob"], port)
        own = leg.getsockname()
        numbers = {"own end": own, "own port": (MGMT["bob"], own[1]), "his end": (MGMT["bob"], port)}[reading]
        expect_result(alice.iq(query(sid, endpoint(*numbers), name=name), to=jid), "PF7")
        answer(alice, pf2, query(sid, f"<connection jid='{jid}'/>", name=name))
    expect(receive(leg), (SIZE, digest(1, SIZE)), f"{reading}: what came")
    leg.close()
    giving.expect(0)
    expect(giving.line("sent-unconfirmed")[1:], [str(SIZE), digest(1, SIZE)], "what bob says")
    expect([r for r in alice.requests if r.find("{urn:tandem:file:0}complete") is not None], [], "our words")


def not_taken(lab):
    """It resets: then it has not got all."""
    alice = lab.user("alice")
    giving = Peer(lab, "bob", "send", make_file(lab.dir / "file", SIZE), alice.jid, "--direct")
    pf2, sid, told = offer(alice)
    port = next(port for whose, ip, port in told if ip == MGMT["bob"])
    leg = connect(lab, "alice", MGMT["bob"], port)
    expect_result(alice.iq(query(sid, endpoint(*leg.getsockname())), to=pf2.get("from")), "PF7")
    answer(alice, pf2, query(sid, f"<connection jid='{pf2.get('from')}'/>"))
    leg.recv(100)
    lab.kill_peer(leg)
    giving.expect(5)


def never_a_guess(lab):
    """Two connections fit two numbers: neither gets the file."""
    alice = lab.user("alice")
    file = make_file(lab.dir / "file", 99)
    giving = Peer(lab, "bob", "send", file, alice.jid, "--direct", "--timeout", "5")
    pf2, sid, told = offer(alice)
    jid = pf2.get("from")
    port = next(port for whose, ip, port in told if ip == MGMT["bob"])
    stranger, leg = (connect(lab, "alice", MGMT["bob"], port) for _ in range(2))
    guess = query(sid, endpoint(MGMT["bob"], port))
    expect_error(alice.iq(guess, to=jid), "conflict", "cancel", "two fit")
    answer(alice, pf2, query(sid, f"<connection jid='{jid}'/>"))
    giving.expect(6)
    for each in stranger, leg:
        expect(each.recv(1), b"", "what either got")


def piped(lab):
    """pipe, in both roles; each end is passed on."""
    bob = lab.user("bob")
    alice = Peer(lab, "alice", "pipe", "--from", "bob@example.org", "--resource", "p", stdin=PIPE)
    until(lambda: "ready " in alice.err.read_text(), "alice's pipe is ready")
    leg = offered(lab, bob, "alice@example.org/p", 6005)
    leg.sendall(b"question")
    leg.shutdown(1)
    until(lambda: alice.out.read_bytes() == b"question", "the question")
    alice.child.stdin.write(b"reply")
    alice.child.stdin.close()
    expect(leg.recv(100) + leg.recv(100), b"reply", "the reply")
    alice.expect(0)

    carol = lab.user("alice")
    giving = Peer(lab, "bob", "pipe", "--direct", carol.jid, stdin=PIPE)
    pf2, sid, told = offer(carol)
    port = next(port for whose, ip, port in told if ip == MGMT["bob"])
    leg = connect(lab, "alice", MGMT["bob"], port)
    answer(carol, pf2, query(sid, f"<connection jid='{pf2.get('from')}'/>"))  # PF5 before PF4
    expect_result(carol.iq(query(sid, endpoint(*leg.getsockname())), to=pf2.get("from")), "PF7")
    giving.child.stdin.write(b"question")
    giving.child.stdin.close()
    expect(leg.recv(100) + leg.recv(100), b"question", "the question")
    leg.sendall(b"reply")
    leg.close()
    giving.expect(0)
    expect(giving.out.read_bytes(), b"reply", "the reply")


with Lab() as lab:
    received(lab, "direct")
    received(lab, "relay", "--output", "named")
    cut(lab)
    for reading in "own end", "own port", "his end", "relay":
        sent(lab, reading, "side" if reading == "own port" else "sid")
    not_taken(lab)
    never_a_guess(lab)
    piped(lab)
