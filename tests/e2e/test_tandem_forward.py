#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`tandem forward` carries a local port's connections to the partner's server or command.

    client --> 127.0.0.1:PORT bob$ forward ==== relay ==== alice$ forward --> 127.0.0.1:7000, or sh
"""

import socket
import time

from harness import (
    TIMEOUT,
    Lab,
    Peer,
    Task,
    digest,
    expect,
    expect_untouched,
    is_reset,
    receive,
    send_all,
)

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

    # one at a time: others wait, connected, as many as the kernel holds for us, and come in their turn
    alice = target(lab, "--exec", "cat")
    clients = [connect(lab, port) for _ in range(3)]
    for number, client in enumerate(clients):
        client.sendall(b"%d" % number)
    for number, client in enumerate(clients):
        expect(client.recv(10), b"%d" % number, "its own byte")
        for other in clients[number + 1 :]:
            expect_untouched(other, "one that waits")
        client.close()
    first = connect(lab, port)
    first.sendall(b"x")
    expect(first.recv(1), b"x", "the one served")
    waiting = []
    for _ in range(40):
        with lab.inside("bob"):
            one = socket.socket()
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
        waiting.append(one)
    time.sleep(0.5)
    held = sum(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1 for one in waiting)
    expect(16 <= held <= 17, True, f"{held} wait")
    for one in waiting + [first]:
        one.close()
    bob.child.terminate()
    bob.expect(143)
    alice.child.terminate()
    alice.expect(143)
    bob = Peer(lab, "bob", "forward", "--no-direct", "--listen", "0", alice.jid)
    port = int(bob.line("listening")[2])

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
