#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A1 and A2: an offer that is empty or unreachable swaps the roles, with the same sid; bytes still go
the way the command says.  And who may swap, when, and how often.

    bob$ tandem send --no-listen (offers nothing) ----> alice$ tandem receive
                     connects to her          <---- offers her own connection
"""

import subprocess

from actor import MGMT, STREAM, answer, connection, dropped, event, listen, offer, query, refuse, request
from harness import Lab, Peer, digest, expect, expect_error, fail, make_file, new_sid, receiver, until

SIZE = (1 << 20) + 3


def send(lab, name, *options, status=0, timeout=60):
    """One file from bob to alice; what his and her events say of the connection."""
    file = make_file(lab.dir / name, SIZE)
    getting = receiver(lab, lab.dir / "in")
    giving = Peer(lab, "bob", "send", "--json", *options, file, getting.jid)
    giving.expect(status, timeout)
    getting.expect(status, timeout)
    if status:
        expect(event(giving, "error")["code"], status, "code of the error")
        expect([f.name for f in (lab.dir / "in").iterdir() if f.name == name], [], "files")
    else:
        expect(getting.line("received")[1:3], [str(SIZE), digest(1, SIZE)], name)
        connected = event(giving, "connected")
        expect((connected["how"], connected["ip"]), ("direct", MGMT["alice"]), f"{name}: bob connected to")
    return giving, getting


def both_ways(lab):
    """pipe: the same, both directions."""
    alice = Peer(lab, "alice", "pipe", "--from", "bob@example.org", stdin=subprocess.PIPE)
    until(lambda: "ready " in alice.err.read_text(), "alice's pipe is ready")
    bob = Peer(lab, "bob", "pipe", "--no-listen", "alice@example.org", stdin=subprocess.PIPE)
    for peer, text in (alice, b"alice's"), (bob, b"bob's"):
        peer.child.stdin.write(text)
        peer.child.stdin.close()
    for peer, text in (alice, b"bob's"), (bob, b"alice's"):
        peer.expect(0, 40)
        expect(peer.out.read_bytes(), text, "what came")


def forwarded(lab):
    """forward: each local connection swaps anew."""
    alice = Peer(lab, "alice", "forward", "--from", "bob@example.org", "--exec", "cat")
    bob = Peer(lab, "bob", "forward", "--no-listen", "--listen", "0", alice.line("ready")[1])
    port = bob.line("listening")[2]
    for number in range(2):
        script = f"exec 3<>/dev/tcp/127.0.0.1/{port}; echo {number} >&3; head -1 <&3"
        expect(lab.run("bob", "bash", "-c", script).stdout, f"{number}\n", "the echo")
    for peer in alice, bob:
        peer.child.terminate()
        peer.expect(143)


def target_swaps(lab, timeout="20"):
    """bob offers nothing; returns him, alice by hand, his offer and its sid."""
    alice = lab.user("alice", f"alice@example.org/{new_sid()}")
    options = ("--no-listen", "--timeout", timeout)
    bob = Peer(lab, "bob", "pipe", *options, alice.jid, stdin=subprocess.PIPE)
    iq, sid, told = offer(alice)
    expect(told, [], "A1: what bob offers")
    return bob, alice, iq, sid


def taken_from_the_partner_alone(lab):
    carol = lab.user("alice", "carol@example.org/lab")
    bob, alice, iq, sid = target_swaps(lab)
    jid = iq.get("from")
    swap = query(sid, connection(alice.jid, MGMT["alice"], 6001) + STREAM)
    # too early: his offer is not answered yet
    expect_error(alice.iq(swap, to=jid), "not-acceptable", "cancel", "early")
    # somebody else's answer under the same id is none
    refuse(carol, iq, to=jid)
    expect_error(alice.iq(swap, to=jid), "not-acceptable", "cancel", "after a stranger's answer")
    refuse(alice, iq)
    until(lambda: "waiting for a connection" in bob.err.read_text(), "bob waits for her offer")
    expect_error(carol.iq(swap, to=jid), "not-acceptable", "cancel", "a stranger")
    other = query(new_sid(), connection(alice.jid, MGMT["alice"], 6001) + STREAM)
    expect_error(alice.iq(other, to=jid), "not-acceptable", "cancel", "another sid")
    server = listen(lab, "alice", 6001)
    id = alice.ask(swap, to=jid)
    leg, _ = server.accept()
    pf4 = request(alice, child="{whoknows}endpoint")
    expect(pf4.find("{whoknows}query").get("sid"), sid, "sid of PF4")
    answer(alice, pf4)
    expect(alice.answer(id).type, "result", "PF5")
    bob.child.stdin.write(b"hello")
    bob.child.stdin.flush()
    expect(leg.recv(5), b"hello", "what bob says")
    leg.close()
    bob.child.kill()
    bob.wait()
    server.close()


def only_in_time(lab):
    """30 s, or less where the time-out is."""
    bob, alice, iq, sid = target_swaps(lab, timeout="3")
    refuse(alice, iq)
    bob.expect(4, 15)
    expect("offers no connection of its own" in bob.err.read_text(), True, bob.err.read_text())
    request(alice, "{urn:tandem:file:0}cancel")
    answered = alice.iq(query(sid, connection(alice.jid, MGMT["alice"], 6001)), to=iq.get("from"))
    expect(answered.type, "error", "a swap too late")


def ends_at_once_when_refused(lab):
    """A5 is no A1: no swap."""
    bob, alice, iq, sid = target_swaps(lab)
    refuse(alice, iq, "not-acceptable")
    bob.expect(4, 10)


def twice(lab, third):
    """bob by hand: nothing, then no to alice's offer, then a good connection or again none."""
    bob = lab.user("bob", f"bob@example.org/{new_sid()}")
    options = ("--from", "bob@example.org", "--resource", "twice")
    alice = Peer(lab, "alice", "pipe", *options, stdin=subprocess.PIPE)
    jid = "alice@example.org/twice"
    until(lambda: "ready " in alice.err.read_text(), "alice's pipe is ready")
    sid = new_sid()
    expect_error(bob.iq(query(sid, STREAM), to=jid), "item-not-found", "cancel", "A1")
    swap, own, told = offer(bob)
    expect(own, sid, "sid of the swap")
    expect((jid, MGMT["alice"]) in [each[:2] for each in told], True, f"alice offers herself: {told}")
    refuse(bob, swap)
    server = listen(lab, "bob", 6002)
    again = connection(bob.jid, MGMT["bob"], 6002) if third else ""
    id = bob.ask(query(sid, again), to=jid)
    if third:
        leg, _ = server.accept()
        answer(bob, request(bob, child="{whoknows}endpoint"))
        expect(bob.answer(id).type, "result", "PF5")
        leg.sendall(b"at last")
        until(lambda: alice.out.read_bytes() == b"at last", "bob's bytes at alice")
        leg.close()  # he has said that he knows how to end a stream: without it, it is cut
        alice.expect(5)
    else:
        expect_error(bob.answer(id), "item-not-found", "cancel", "A1 again")
        request(bob, "{urn:tandem:file:0}cancel")
        alice.expect(4)
    server.close()


with Lab(relay=False) as lab:
    lab.run("bob", "ip", "link", "set", "lo", "up")
    giving, _ = send(lab, "a1", "--no-listen")
    expect(event(giving, "offering")["connections"], [], "A1: what bob offers")
    expect(event(giving, "offered")["swapped"], True, "A1: alice's offer is a swap")
    both_ways(lab)
    forwarded(lab)
    taken_from_the_partner_alone(lab)
    only_in_time(lab)
    ends_at_once_when_refused(lab)
    for third in False, True:
        twice(lab, third)

    syn = "tcp flags syn / syn,ack tcp dport >= 1024"
    with dropped(lab, "bob", syn):
        giving, _ = send(lab, "a2")
        if not event(giving, "offering")["connections"]:
            fail("A2 wants an offer")
        with dropped(lab, "alice", syn):
            giving, getting = send(lab, "neither", status=4)
    for peer in giving, getting:
        expect("can be reached" in (text := peer.err.read_text()) or "gave up" in text, True, text)

    # whoever wants nobody to learn his address connects to nobody but a relay
    giving, getting = send(lab, "shy", "--no-direct", status=4)
    expect("connecting" in giving.out.read_text(), False, giving.out.read_text())
