#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""64 MiB each way at once through one session arrive byte-exact, and both ends see EOF.

    alice ==wire 0== relay ==wire 1== bob        (the drawing in platform/lab)
      64 MiB ----------------------->
      <----------------------- 64 MiB
"""

from harness import Lab, exchange, expect, splice, until

SIZE = 64 << 20

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    exchange(*splice(lab, alice, bob), size=SIZE, timeout=120)

    relayed = until(lambda: lab.metric("tandem_relayed_bytes_total"), "relayed bytes are counted")
    if relayed < 2 * SIZE:
        raise AssertionError(f"only {relayed:.0f} bytes are counted as relayed")
    expect(lab.metric("tandem_setup_seconds_count"), 1, "set-up times measured, one a session")
