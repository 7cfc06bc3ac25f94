#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A RST that lies ahead of what was acknowledged passes too: the receiver is reset.

Whether it took the RST the relay learns only if it sends anything more; so the session ends then, or
by the transitory timer.

    alice (aborts with data in flight) ---- data, RST ----> bob
"""

from harness import BLOCK, Lab, expect, reaches, splice, until

with Lab({"timers.transitory": "3s"}) as lab:
    a, b = splice(lab, lab.user("alice"), lab.user("bob"))
    reaches(a, b)
    a.setblocking(False)
    try:
        while True:
            a.send(bytes(BLOCK))
    except BlockingIOError:
        pass
    lab.kill_peer(a)

    def drained():
        try:
            return not b.recv(BLOCK) and "EOF"
        except ConnectionResetError:
            return "reset"

    expect(until(drained, "the end of bob's leg"), "reset", "how bob's leg ended")
    until(
        lambda: lab.metric("tandem_sessions", state="spliced") == 0,
        "the session is over",
    )
