#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Names count by their namespace, not by their prefix; a same-named element elsewhere is no claim.

    fake XMPP server (Prosody would rewrite prefixes) ---- <w:query xmlns:w='whoknows'> ----> relay
    alice ==== leg ==== relay ==== leg ==== bob
"""

from fake_server import FakeServer
from harness import Lab, RELAY, fail, new_sid, reaches

ALICE, BOB = "alice@example.org/lab", "bob@example.org/lab"


def claim(leg, sid, id, sender, template):
    own, relay = leg.getsockname(), leg.getpeername()
    end = f"ip='{relay[0]}' port='{relay[1]}' from-ip='{own[0]}' from-port='{own[1]}'"
    return template.format(sid=sid, end=end, head=f"type='set' id='{id}' from='{sender}' to='{RELAY}'")


PREFIXED = "<iq {head}><w:query xmlns:w='whoknows' sid='{sid}'><w:endpoint {end}/></w:query></iq>"
DECLARED_ABOVE = (
    "<c:iq xmlns:c='jabber:component:accept' xmlns='whoknows' {head}>"
    "<query sid='{sid}'><x:endpoint xmlns:x='whoknows' {end}></x:endpoint></query></c:iq>"
)
NOT_A_CLAIM = "<iq {head}><whoknows:query xmlns:whoknows='other' sid='{sid}'/></iq>"
WRONG_ENDPOINT = (
    "<iq {head}><query xmlns='whoknows' xmlns:o='other' sid='{sid}'><o:endpoint {end}/></query></iq>"
)

with Lab(xmpp=False) as lab:
    server = FakeServer(lab)
    stream = server.start_tandemd(lab)
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()

    stream.send(claim(a, sid, "n1", ALICE, NOT_A_CLAIM))
    if "service-unavailable" not in (text := stream.answer("n1")):
        fail(f"a query of another namespace: {text}")
    stream.send(claim(a, sid, "n2", ALICE, WRONG_ENDPOINT))
    if "bad-request" not in (text := stream.answer("n2")):
        fail(f"an endpoint of another namespace: {text}")

    stream.send(claim(a, sid, "p1", ALICE, PREFIXED))
    stream.send(claim(b, sid, "p2", BOB, DECLARED_ABOVE))
    for id in ("p1", "p2"):
        if "result" not in (text := stream.answer(id)):
            fail(f"the claim {id}: {text}")
    reaches(a, b)
