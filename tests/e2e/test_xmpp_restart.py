#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A restart of the XMPP server does not touch a running transfer; new claims work afterwards.

    alice ---- 32 MiB, halfway Prosody stops ... starts ----> bob
"""

from harness import Lab, Task, digest, expect, receive, reaches, send_all, splice, until

SIZE = 32 << 20

with Lab() as lab:
    a, b = splice(lab, lab.user("alice"), lab.user("bob"))
    sending = Task(send_all, a, 1, SIZE)
    until(lambda: lab.metric("tandem_relayed_bytes_total"), "the transfer has begun")

    # bob does not read yet, so the transfer is under way for as long as it takes
    lab.stop("prosody")
    until(lambda: lab.http("/healthz")[0] == 503, "healthz tells that the stream is down")
    expect(sending.is_alive(), True, "the transfer is under way")
    expect(Task(receive, b).result(60), (SIZE, digest(1, SIZE)), "what bob read without the server")
    sending.result()
    a.close()
    b.close()

    lab.start("prosody")
    until(lambda: lab.http("/healthz")[0] == 200, "the component comes back", timeout=60)
    a, b = splice(lab, lab.user("alice"), lab.user("bob"))
    reaches(a, b)
