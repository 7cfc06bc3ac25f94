#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Without --via `tandem send` finds the relay by service discovery, over Prosody and ejabberd.

    bob$ tandem send -> items of example.org? -> features of each? -> relay.example.org
"""

import sys

from harness import Lab, Peer, digest, expect, make_file, receiver

SIZE = 1 << 16


def send(lab, server):
    file = make_file(lab.dir / "file", SIZE)
    getting = receiver(lab, lab.dir / "in")
    giving = Peer(lab, "bob", "send", "--no-direct", file, getting.jid)
    giving.expect(0)
    getting.expect(0)
    expect(tuple(getting.line("received")[1:3]), (str(SIZE), digest(1, SIZE)), f"received over {server}")


for server in sys.argv[1:] or ("prosody", "ejabberd"):
    with Lab(server=server) as lab:
        send(lab, server)

# nobody there who relays: an error that says so, and soon
with Lab(relay=False) as lab:
    giving = Peer(lab, "bob", "send", "--no-direct", make_file(lab.dir / "file", 1), "alice@example.org")
    giving.expect(4)
    expect("lists no relay" in giving.err.read_text(), True, giving.err.read_text())
