#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A sender that is killed is told from one that has finished: truncated, status 5, no file left.

    bob$ tandem send (SIGKILL halfway) ---- FIN or RST ----> alice$ tandem receive -> 5
"""

import time

from harness import Lab, expect, make_file, receiver, sender, until

with Lab() as lab:
    inbox = lab.dir / "in"
    file = make_file(lab.dir / "file", 1 << 30)
    getting = receiver(lab, inbox)
    giving = sender(lab, file, getting.jid)
    until(lambda: lab.metric("tandem_relayed_bytes_total") > 1 << 20, "the transfer is under way")
    giving.child.kill()
    giving.wait()
    started = time.monotonic()
    getting.expect(5, timeout=60)
    if "truncated" not in (said := getting.err.read_text()).lower():
        raise AssertionError(f"receive does not say that the file is truncated: {said!r}")
    expect(list(inbox.iterdir()), [], "files left")
    if time.monotonic() - started > 30:
        raise AssertionError("receive took more than 30 s to notice")
