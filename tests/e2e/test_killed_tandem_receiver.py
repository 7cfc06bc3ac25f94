#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A `tandem receive` that is killed resets the sender, which says so and ends with status 5; of the
file nothing is left.

    bob$ tandem send -> 5 <---- RST ---- alice$ tandem receive (SIGKILL halfway)
"""

from harness import Lab, expect, make_file, receiver, sender, until

with Lab() as lab:
    file = make_file(lab.dir / "file", 1 << 30)
    getting = receiver(lab, lab.dir / "in")
    giving = sender(lab, file, getting.jid)
    until(lambda: lab.metric("tandem_relayed_bytes_total") > 1 << 20, "the transfer is under way")
    getting.child.kill()
    getting.wait()
    giving.expect(5, timeout=60)
    expect(list((lab.dir / "in").iterdir()), [], "files left")
