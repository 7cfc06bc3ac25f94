#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A side that has finished sending still receives: FIN passes one way only.

    alice ---- data, FIN ----> bob
    alice <--- data, later --- bob
    alice <------- FIN ------- bob
"""

import socket

from harness import Lab, Task, digest, expect, expect_untouched, receive, reaches, send_all, splice

SIZE = 1 << 20

with Lab() as lab:
    a, b = splice(lab, lab.user("alice"), lab.user("bob"))
    reaches(a, b)

    reading = Task(receive, b)
    send_all(a, seed=1, size=SIZE)
    expect(reading.result(), (SIZE, digest(1, SIZE)), "what bob read to EOF")
    expect_untouched(a, "alice's leg after her FIN")

    # longer than any FIN handling takes, in pieces that each come through
    for seed in range(2, 12):
        reading = Task(lambda: a.recv(3, socket.MSG_WAITALL))
        b.sendall(b"%03d" % seed)
        expect(reading.result(), b"%03d" % seed, "bytes behind alice's FIN")
    reading = Task(receive, a)
    send_all(b, seed=20, size=SIZE)
    expect(reading.result(), (SIZE, digest(20, SIZE)), "what alice read to EOF")
    a.close()
    b.close()
