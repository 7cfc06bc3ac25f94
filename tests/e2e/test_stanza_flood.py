#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A flood of stanzas costs time and nothing else: every IQ has one answer, others are served, no memory grows.

    fake XMPP server ---- 40,000 IQs of strangers and of one user ----> relay
    alice ==== a session from before, one claimed in the middle of it ==== bob
"""

import re

from fake_server import FakeServer
from harness import RELAY, Lab, Task, expect, fail, new_sid, reaches, until

ROUNDS, IQS = 4, 10000


def head(type, id, who):
    return f"<iq type='{type}' id='{id}' from='{who}' to='{RELAY}'>"


def iqs(round):
    """One round of the flood; each id is used once."""
    claim = "<query xmlns='whoknows' sid='{}'><endpoint ip='192.0.2.10' port='{}'/></query></iq>"
    for n in range(IQS // 5):
        id = f"f{round}-{n}-"
        yield head("set", id + "0", f"m{n}@evil.example/x") + claim.format(id, n + 1)
        yield head("set", id + "1", "mallory@example.org/x") + claim.format(id, n + 1)
        yield head("set", id + "2", "mallory@example.org/y") + claim.format("same", n + 1)
        yield head("get", id + "3", "mallory@example.org/x") + "<query xmlns='unheard:of'/></iq>"
        yield head("get", id + "4", f"{'x' * 900}{n}@evil.example/x") + "<ping xmlns='urn:xmpp:ping'/></iq>"


def resident_kib(lab):
    with open(f"/proc/{lab.pid('tandemd')}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


def splice(lab, stream, name):
    legs, sid = (lab.connect("alice"), lab.connect("bob")), new_sid()
    for who, leg in zip(("alice", "bob"), legs):
        stream.claim(leg, sid, who, f"{name}-{who}")
    return legs


def collect(stream, wanted, answers):
    """Read answers until each of `wanted` is there."""
    stream.channel.settimeout(60)
    while not wanted <= answers.keys():
        block = stream.channel.recv(1 << 20)
        if not block:
            fail("the stream ended in the flood")
        *whole, stream.buffer = (stream.buffer + block.decode()).split("<iq ")[1:] or [""]
        stream.buffer = "<iq " + stream.buffer
        for text in whole:
            note(text, answers)
        if stream.buffer.endswith("</iq>") or re.fullmatch(r"<iq [^>]*/>", stream.buffer):
            note(stream.buffer, answers)
            stream.buffer = ""


def note(text, answers):
    id = re.search(r'\bid="([^"]*)"', text)[1]
    kind = re.search(r'\btype="([^"]*)"', text)[1]
    if kind in ("result", "error"):
        answers.setdefault(id, []).append(kind)


with Lab({"timers.match": "2s", "timers.pair": "5s"}, xmpp=False) as lab:
    server = FakeServer(lab)
    stream = server.start_tandemd(lab)
    answers = {}
    before = splice(lab, stream, "before")
    collect(stream, {"before-alice", "before-bob"}, answers)
    reaches(*before)

    sizes = []
    for round in range(ROUNDS):
        flood = list(iqs(round))
        wanted = {re.search(r"id='([^']*)'", text)[1] for text in flood}
        half = len(flood) // 2
        sending = Task(stream.send, "".join(flood[:half]))
        reading = Task(collect, stream, {re.search(r"id='([^']*)'", t)[1] for t in flood[:half]}, answers)
        sending.result(60)
        reading.result(60)
        middle = splice(lab, stream, f"middle{round}")
        sending = Task(stream.send, "".join(flood[half:]))
        collect(stream, {f"middle{round}-alice", f"middle{round}-bob"} | wanted, answers)
        sending.result(60)
        reaches(*middle)
        reaches(*before)
        for leg in middle:
            leg.close()
        sizes.append(resident_kib(lab))
    twice = {id: kinds for id, kinds in answers.items() if len(kinds) != 1}
    expect(twice, {}, "IQs answered more than once")
    if sizes[-1] > sizes[1] + 2048:
        fail(f"tandemd grows: {sizes} KiB")
    for state in ("waiting", "claimed", "splicing"):
        until(lambda: lab.metric("tandem_sessions", state=state) == 0, f"no session is {state}")
