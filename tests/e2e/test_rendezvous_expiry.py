#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A reservation that nobody uses ends, and its port rests for a minute before it is anybody's.

    alice ---- reserves the one port there is; a leg waits at it
    RESERVE s later: the leg is reset, the port refuses, and cannot be reserved for another REST s
"""

import time

from harness import Lab, expect, expect_error, expect_reset, expect_untouched, fail, until
from rendezvous import connect, query, reserve

RESERVE, REST = 3, 60

with Lab({"services.rendezvous": "{ports: 10000-10000}", "timers.reserve": f"{RESERVE}s"}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    sid, ends = reserve(alice, bob.jid)
    leg = connect(lab, "alice", ends[4])
    time.sleep(RESERVE - 1)
    reserve(bob, alice.jid, sid)  # renewed
    time.sleep(RESERVE - 1)
    expect_untouched(leg)
    expect_reset(leg)
    ended = time.monotonic()
    expect(lab.metric("tandem_reservations"), 0, "reservations")
    try:
        connect(lab, "alice", ends[4])
        fail("the port takes a connection")
    except ConnectionRefusedError:
        pass

    def exhausted():
        answer = alice.iq(query("A02", bob.jid), "get")
        if answer.type == "result":
            return False
        expect_error(answer, "resource-constraint", "wait", "no port left", limit="reservations")
        return True

    expect(exhausted(), True, "the port rests")
    until(lambda: not exhausted(), "the port is given again", REST + 5, 0.5)
    rested = time.monotonic() - ended
    if not REST - 1 < rested < REST + 3:
        fail(f"the port rested for {rested:.1f} s")
