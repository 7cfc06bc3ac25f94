#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`tandem receive` refuses who is not named by --from, and waits on for who is.

    bob$ tandem send ... -> refused, 4        alice$ tandem receive --from carol@example.org
    carol$ tandem send ... -> 0
"""

from harness import Lab, Peer, RELAY, expect, make_file, receiver, sender

with Lab() as lab:
    file = make_file(lab.dir / "file", 1000)
    getting = receiver(lab, lab.dir / "in", sender="carol@example.org")
    sender(lab, file, getting.jid).expect(4)
    expect(getting.child.poll(), None, "receive goes on")
    giving = Peer(lab, "bob", "send", file, getting.jid, "--via", RELAY, user="carol@example.org")
    giving.expect(0)
    getting.expect(0)
    expect((lab.dir / "in" / "file").read_bytes(), file.read_bytes(), "the file")
