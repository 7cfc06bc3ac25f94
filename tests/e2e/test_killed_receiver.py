#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""When the receiver is killed in mid-transfer its RST passes, and the sender is reset.

    alice ---- data ----> bob (SIGKILL, unread data in his socket)
    alice <---- RST -----
"""

import subprocess

from harness import Lab, Task, expect, expect_result, new_sid, send_all, until

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    a, b, sid = lab.connect("alice"), lab.connect("bob"), new_sid()
    hers, his = alice.claim(a, sid, peer=bob.jid), bob.claim(b, sid, peer=alice.jid)
    expect_result(alice.answer(hers))
    expect_result(bob.answer(his))

    holder = subprocess.Popen(["sleep", "600"], pass_fds=[b.fileno()])
    lab.children.append(holder)
    sending = Task(send_all, a, 1, 256 << 20)
    until(lambda: len(b.recv(65536, 2)) == 65536, "unread data in bob's socket")  # MSG_PEEK
    b.close()
    holder.kill()
    holder.wait()
    try:
        sending.result()
        raise AssertionError("the sender noticed nothing")
    except (ConnectionResetError, BrokenPipeError):
        pass
    until(
        lambda: lab.metric("tandem_sessions_closed_total", reason="reset") == 1,
        "the session ends as reset",
    )
    expect(lab.metric("tandem_sessions", state="spliced"), 0, "spliced sessions")
