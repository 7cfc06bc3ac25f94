#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A partner that is allowed, and hostile: as Initiator and as Target, over the XMPP server.  Each
gets a clear error, nothing is connected to that policy forbids, and the exit status says what it was.

    bob, by hand ----> alice$ tandem forward, receive, pipe        alice, by hand <---- bob$ tandem send
"""

import hashlib
import json

from actor import (
    FILE,
    MGMT,
    STREAM,
    answer,
    claim,
    connect,
    connection,
    endpoint,
    event,
    events,
    listen,
    offer,
    query,
    refuse,
    request,
)
from harness import Lab, Peer, expect, expect_error, expect_result, fail, make_file, new_sid, receiver, until

RELAY = "relay.example.org"
GOOD = 6010
HOSTILE = 'evil "\\</x>\u00e4'  # a resource


def offers(lab):
    """What an Initiator may put in PF2; alice goes on after each."""
    bob = lab.user("bob", f"bob@example.org/{HOSTILE}")
    alice = Peer(lab, "alice", "forward", "--json", "--exec", "cat", "--from", "bob@example.org")
    until(lambda: "ready" in alice.out.read_text(), "alice is ready")
    jid = event(alice, "ready")["jid"]
    server = listen(lab, "bob", GOOD)
    server.settimeout(0)

    def offered(payload):
        """The answer to such a query, and the connections tried for it."""
        before = len(events(alice))
        reply = bob.iq(payload, to=jid)
        if reply.condition == "item-not-found":  # then she offers; no
            refuse(bob, offer(bob)[0], "not-acceptable")
            until(lambda: [e for e in events(alice)[before:] if e["event"] == "failed"], "alice goes on")
        tried = [e["connections"] for e in events(alice)[before:] if e["event"] == "connecting"]
        return reply, [(c["ip"], c["port"]) for group in tried for c in group]

    # malformed
    for what, payload in {
        "no sid": f"<query xmlns='whoknows'>{STREAM}</query>",
        "an empty sid": query("", STREAM),
        "a long sid": query("x" * 129, STREAM),
        "two sids": f"<query xmlns='whoknows' sid='a' side='b'>{STREAM}</query>",
        "file and stream": query("a", STREAM + FILE.format("a", 1)),
        "a file without size": query("a", "<file xmlns='urn:tandem:file:0' name='a'/>"),
        "a negative size": query("a", FILE.format("a", -1)),
    }.items():
        expect_error(offered(payload)[0], "bad-request", "modify", what)
    expect_error(offered(query("a", FILE.format("a", 1)))[0], "not-acceptable", "cancel", "a file")

    # where she must not go, one by one
    low = (MGMT["bob"], 1023)
    for ip, port in [
        *((ip, GOOD) for ip in ("127.0.0.1", "::1", "169.254.1.1", "fe80::1", "224.0.0.1", "ff02::1")),
        *((ip, GOOD) for ip in ("0.0.0.0", "::", "255.255.255.255", "10.1.2.3", "172.16.1.1", "192.168.1.1")),
        *((ip, GOOD) for ip in ("100.64.1.1", "fd00::1", f"::ffff:{MGMT['bob']}", f"::{MGMT['bob']}")),
        low,
    ]:
        for whose in bob.jid, RELAY:
            reply, tried = offered(query(new_sid(), connection(whose, ip, port) + STREAM))
            expect_error(reply, "item-not-found", "cancel", ip)
            expect(tried, [], f"tried for {ip}")
    foreign = "carol@example.org/lab", "bob@example.org", "bob@example.org/other", "alice@example.org/x"
    for whose in foreign:
        reply, tried = offered(query(new_sid(), connection(whose, MGMT["bob"], GOOD) + STREAM))
        expect_error(reply, "item-not-found", "cancel", whose)
        expect(tried, [], f"tried of {whose}")

    # 16 are read, 8 tried
    good = connection(bob.jid, MGMT["bob"], GOOD)
    forbidden = connection(bob.jid, "127.0.0.1", GOOD)
    closed = [connection(bob.jid if n % 2 else RELAY, MGMT["bob"], 6100 + n) for n in range(16)]
    for what, inner, n in [
        ("the 17th", forbidden * 16 + good, 0),
        ("the 9th", "".join(closed[:8]) + good, 8),
        ("some of each", forbidden * 8 + "".join(closed[:8]) + good, 8),
        ("10,000 that are none", "<connection/>" * 10000 + good, 0),
        ("4,000", closed[0] + connection("r", "::1", GOOD) * 4000 + good, 1),
    ]:
        reply, tried = offered(query(new_sid(), inner + STREAM))
        expect_error(reply, "item-not-found", "cancel", what)
        expect(len(tried), n, f"tried of {what}")
    try:
        fail(f"connected to {server.accept()}")
    except BlockingIOError:
        pass
    server.settimeout(20)
    taken = ("the 16th", forbidden * 15 + good), ("the 8th", "".join(closed[:7]) + good)
    for n, (what, inner) in enumerate(taken, 1):
        id = bob.ask(query(sid := new_sid(), inner + STREAM), to=jid)
        leg, _ = server.accept()
        pf4, _ = claim(bob)
        expect(pf4.find("{whoknows}query").get("sid"), sid, "sid of PF4")
        answer(bob, pf4)
        expect_result(bob.answer(id), what)
        leg.sendall(b"x")
        expect(leg.recv(1), b"x", what)
        leg.shutdown(1)
        expect_result(bob.iq(f"<end xmlns='urn:tandem:stream:0' sid='{sid}' bytes='1'/>", to=jid), "his end")
        expect(leg.recv(1), b"", "her end")
        answer(bob, request(bob, "{urn:tandem:stream:0}end"))
        until(lambda: [e["event"] for e in events(alice)].count("carried") == n, "it was carried")
        leg.close()
    expect(event(alice, "carried")["partner"], bob.jid, "the partner in JSON")
    expect(alice.child.poll(), None, "alice goes on")
    alice.child.terminate()
    alice.expect(143)
    server.close()


def connected(lab, bob, payload, jid):
    """PF1 to PF7 with alice: the connection, its sid."""
    server = listen(lab, "bob", GOOD)
    id = bob.ask(query(sid := new_sid(), connection(bob.jid, MGMT["bob"], GOOD) + payload), to=jid)
    leg, _ = server.accept()
    server.close()
    answer(bob, claim(bob)[0])
    expect_result(bob.answer(id), "PF5")
    return leg, sid


def files(lab):
    """What may be told of a file, and sent instead."""
    bob = lab.user("bob")
    empty = hashlib.sha256(b"").hexdigest()
    five = hashlib.sha256(b"12345").hexdigest()
    for number, (what, sent, told, sum, status) in enumerate(
        [
            ("as told", b"12345", 5, five, 0),
            ("more bytes than told", b"123456", 5, five, 5),
            ("fewer", b"1234", 5, five, 5),
            ("another hash", b"12345", 5, empty, 5),
            ("another size", b"12345", 6, five, 5),
        ]
    ):
        inbox = lab.dir / f"files{number}"
        getting = receiver(lab, inbox)
        leg, sid = connected(lab, bob, FILE.format("name", 5), getting.jid)
        leg.sendall(sent)
        leg.shutdown(1)
        word = f"<complete xmlns='urn:tandem:file:0' sid='{sid}' bytes='{told}' sha256='{sum}'/>"
        bob.ask(word, to=getting.jid)
        getting.expect(status)
        expect(len(list(inbox.iterdir())), int(status == 0), f"files after {what}")
        leg.close()
    for name in "../up", ".profile", "a&#x9b;b", "a&#x202e;b", "", ".", "..", "x" * 256:
        getting = receiver(lab, lab.dir / "names")
        named = connection(bob.jid, MGMT["bob"], GOOD) + FILE.format(name, 5)
        reply = bob.iq(query(new_sid(), named), to=getting.jid)
        expect(reply.condition in ("not-acceptable", "bad-request"), True, f"{name!r}: {reply}")
        if reply.condition == "bad-request":  # not taken for an offer at all
            getting.child.terminate()
        getting.expect(143 if reply.condition == "bad-request" else 4)


def ends(lab):
    """Of a stream: counts that are not true."""
    bob = lab.user("bob")
    jid = "alice@example.org/ends"
    for bytes, status in (3, 0), (2, 5), (4, 5), (0, 5):
        alice = Peer(lab, "alice", "pipe", "--json", "--from", "bob@example.org", "--resource", "ends")
        until(lambda: "ready" in alice.err.read_text(), "alice's pipe is ready")
        leg, sid = connected(lab, bob, STREAM, jid)
        leg.sendall(b"123")
        leg.shutdown(1)
        answer(bob, request(bob, "{urn:tandem:stream:0}end"))
        wrong = bob.iq(f"<end xmlns='urn:tandem:stream:0' sid='{new_sid()}' bytes='3'/>", to=jid)
        expect_error(wrong, "item-not-found", "cancel", "another sid")
        bob.ask(f"<end xmlns='urn:tandem:stream:0' sid='{sid}' bytes='{bytes}'/>", to=jid)
        alice.expect(status)
        expect(alice.out.read_bytes(), b"123", "what came is hers in any case")
        last = [json.loads(line) for line in alice.err.read_text().splitlines()][-1]
        expect(last.get("code", 0), status, "her last event")
        leg.close()


def answers(lab):
    """What a Target may answer."""
    for what, payload, status in [
        ("another sid", lambda sid, jid: query(new_sid(), f"<connection jid='{jid}'/>"), 4),
        ("what was not offered", lambda sid, jid: query(sid, "<connection jid='carol@example.org/x'/>"), 4),
        ("itself", lambda sid, jid: query(sid, "<connection jid='alice@example.org/lab'/>"), 4),
        ("nothing", lambda sid, jid: query(sid), 4),
        ("no query", lambda sid, jid: "", 4),
        ("no claim", lambda sid, jid: query(sid, f"<connection jid='{jid}'/>"), 6),
        ("a claim that is not true", None, 6),
    ]:
        alice = lab.user("alice")
        file = make_file(lab.dir / "file", 100)
        giving = Peer(lab, "bob", "send", "--json", "--direct", file, alice.jid)
        pf2, sid, told = offer(alice)
        jid = pf2.get("from")
        # somebody else's answer is none
        carol = lab.user("alice", "carol@example.org/lab")
        answer(carol, pf2, query(sid, f"<connection jid='{jid}'/>"), to=jid)
        if payload is None:
            port = next(port for whose, ip, port in told if ip == MGMT["bob"])
            leg = connect(lab, "alice", MGMT["bob"], port)
            own = leg.getsockname()
            for numbers in [(MGMT["bob"], port, own[0], own[1] - 1), (MGMT["bob"], port - 1, *own)]:
                reply = alice.iq(query(sid, endpoint(*numbers)), to=jid)
                expect_error(reply, "item-not-found", "cancel", what)
            payload = lambda sid, jid: query(sid, f"<connection jid='{jid}'/>")  # noqa: E731
        answer(alice, pf2, payload(sid, jid))
        giving.expect(status)
        expect(event(giving, "error")["code"], status, f"{what}: the code told")
        alice.close()
        carol.close()

    # words for the terminal
    alice = lab.user("alice")
    giving = Peer(lab, "bob", "send", "--json", "--direct", file, alice.jid)
    pf2, _, _ = offer(alice)
    text = f"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>\u009b2J\u202etandem: all went well</text>"
    condition = "<not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
    head = f"type='error' to='{pf2.get('from')}' id='{pf2.get('id')}'"
    alice.send(f"<iq {head}><error type='cancel'>{condition}{text}</error></iq>")
    giving.expect(4)
    for said in giving.err.read_text(), event(giving, "error")["message"]:
        if "?2J?tandem" not in said:
            fail(f"not cleaned: {said!r}")


with Lab() as lab:
    offers(lab)
    files(lab)
    ends(lab)
    answers(lab)
