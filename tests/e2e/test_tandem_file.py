#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`tandem send` and `tandem receive` move a file: same bytes, base name only, nothing overwritten.

    bob$ tandem send dir/file alice@example.org/tandem --via relay.example.org
    alice$ tandem receive --from bob@example.org
"""

from harness import Lab, digest, expect, make_file, receiver, sender

SIZE = (8 << 20) + 17

with Lab() as lab:
    inbox, outbox = lab.dir / "in", lab.dir / "out"
    outbox.mkdir()
    file = make_file(outbox / "a file", SIZE)
    getting = receiver(lab, inbox)
    giving = sender(lab, file, getting.jid)
    giving.expect(0)
    getting.expect(0)
    said = str(SIZE), digest(1, SIZE)
    expect(tuple(giving.line("sent")[1:]), said, "what send says")
    expect(tuple(getting.line("received")[1:3]), said, "what receive says")
    expect([path.name for path in inbox.iterdir()], ["a file"], "files that arrived")
    expect((inbox / "a file").read_bytes(), file.read_bytes(), "the file")

    # again: the name is taken by now
    make_file(file, SIZE, seed=2)
    getting = receiver(lab, inbox)
    giving = sender(lab, file, getting.jid)
    if giving.wait() == 0 or getting.wait() == 0:
        raise AssertionError("a file of that name was there, and both ended with 0")
    expect([path.name for path in inbox.iterdir()], ["a file"], "files after the second time")
    first = make_file(lab.dir / "first", SIZE)
    expect((inbox / "a file").read_bytes(), first.read_bytes(), "the first file")

    # an empty file is a file
    getting = receiver(lab, inbox)
    giving = sender(lab, make_file(outbox / "empty", 0), getting.jid)
    giving.expect(0)
    getting.expect(0)
    expect((inbox / "empty").stat().st_size, 0, "size of the empty file")
