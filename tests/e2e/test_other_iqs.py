#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A ping is answered, an unknown IQ gets service-unavailable, and a result or an error gets nothing.

    alice ---- IQs ----> Prosody ----> relay
"""

from harness import Lab, RELAY, expect_error, expect_result

UNKNOWN = (
    ("get", "<query xmlns='urn:unheard:of'/>"),
    ("set", "<query xmlns='urn:unheard:of'/>"),
    ("get", "<endpoint xmlns='whoknows'/>"),
    ("get", "<query xmlns='jabber:iq:register'/>"),
)

with Lab() as lab:
    alice = lab.user("alice")
    expect_result(alice.ping(), "a ping")
    for kind, payload in UNKNOWN:
        expect_error(alice.iq(payload, kind), "service-unavailable", "cancel", payload)

    silent = []
    for kind in ("result", "error"):
        id = f"silent-{kind}"
        alice.send(f"<iq type='{kind}' to='{RELAY}' id='{id}'><query xmlns='whoknows' sid='x'/></iq>")
        silent.append(id)
    alice.send(f"<message to='{RELAY}' type='chat' id='silent'><body>hello</body></message>")
    expect_result(alice.ping(), "a ping behind them")  # a stream keeps its order
    for id in silent:
        alice.unanswered(id, 0)
