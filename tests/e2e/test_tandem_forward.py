#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`tandem forward` carries a local port's connections to the partner's server or command.

    client --> 127.0.0.1:PORT bob$ forward ==== relay ==== alice$ forward --> 127.0.0.1:7000, or sh
"""

import socket

from harness import TIMEOUT, Lab, Peer, Task, digest, expect, fail, is_reset, receive, send_all, until

SIZE = 3 << 20


def target(lab, *options):
    peer = Peer(lab, "alice", "forward", "--from", "bob@example.org", *options)
    peer.jid = peer.line("ready")[1]
    return peer


def connect(lab, port, place="bob"):
    with lab.inside(place):
        return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)


with Lab() as lab:
    for place in "alice", "bob":
        lab.run(place, "ip", "link", "set", "lo", "up")

    # a command: half-close reaches it, and its end comes back; one after the other
    alice = target(lab, "--exec", "tr a-z A-Z; echo by $TANDEM_PEER")
    bob = Peer(lab, "bob", "forward", "--no-direct", "--listen", "0", alice.jid)
    port = int(bob.line("listening")[2])
    for number in range(2):
        client = connect(lab, port)
        client.sendall(b"hello %d\n" % number)
        client.shutdown(socket.SHUT_WR)
        got = b"".join(iter(lambda: client.recv(4096), b""))
        expect(got.startswith(b"HELLO %d\nby bob@example.org/" % number), True, got)
        client.close()
    alice.child.terminate()
    alice.expect(143)

    # nobody takes offers there now: the local connection is reset, and forward goes on
    expect(is_reset(connect(lab, port)), True, "a connection nobody takes is reset")
    expect(bob.child.poll(), None, "bob's forward goes on")

    # a server on alice's loopback, bytes both ways at once
    with lab.inside("alice"):
        server = socket.create_server(("127.0.0.1", 7000))
    alice = target(lab, "--to", "7000", "--once")
    client = connect(lab, port)
    server.settimeout(TIMEOUT)
    served, _ = server.accept()
    tasks = [Task(send_all, client, 1, SIZE), Task(send_all, served, 2, SIZE)]
    reads = [Task(receive, served), Task(receive, client)]
    for task in tasks:
        task.result(40)
    for seed, task in enumerate(reads, 1):
        expect(task.result(40), (SIZE, digest(seed, SIZE)), f"stream {seed}")
    alice.expect(0)
    expect(alice.line("carried")[2:], [str(SIZE), str(SIZE)], "the counts")
    served.close()

    # cut: the local server sees no orderly end of half a stream
    alice = target(lab, "--to", "localhost:7000", "--once")
    client = connect(lab, port)
    served, _ = server.accept()
    served.settimeout(TIMEOUT)
    client.sendall(b"half of")
    expect(served.recv(100), b"half of", "what came")
    bob.child.kill()
    bob.wait()
    expect(is_reset(served, 40), True, "a cut connection is reset locally")
    alice.expect(5, 40)

    # nothing listens: refused before anything is connected
    server.close()
    alice = target(lab, "--to", "7000", "--once")
    bob = Peer(lab, "bob", "forward", "--no-direct", "--listen", "0", "--once", alice.jid)
    client = connect(lab, int(bob.line("listening")[2]))
    alice.expect(2)
    bob.expect(4)
