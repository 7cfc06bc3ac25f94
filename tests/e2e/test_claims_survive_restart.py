#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A claim that waits for its partner survives a restart of the XMPP server.

    alice  claims ... Prosody stops, starts ... alice and bob log in again, bob claims -> both results
"""

from harness import Lab, expect_result, new_sid, reaches, until

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, sid = lab.connect("alice"), new_sid()
    hers = alice.claim(a, sid, peer=bob.jid)
    until(lambda: lab.metric("tandem_sessions", state="claimed") == 1, "the claim has its leg")

    lab.stop("prosody")
    until(lambda: lab.http("/healthz")[0] == 503, "the stream is down")
    lab.start("prosody")
    until(lambda: lab.http("/healthz")[0] == 200, "the component comes back", timeout=60)
    alice, bob = lab.user("alice"), lab.user("bob")
    b = lab.connect("bob")
    his = bob.claim(b, sid, peer=alice.jid)
    expect_result(bob.answer(his), "the claim after the restart")
    expect_result(alice.answer(hers), "the claim before the restart")
    reaches(a, b)
