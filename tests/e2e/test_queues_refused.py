#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A port must have all queues of its interface: frames on the others would go to the kernel.

    alice ==2 queues== relay       with queues: 1, and: 4      tandemd starts nothing, and says why
"""

from harness import TANDEMD, Lab, expect, fail

with Lab(relay=False, queues=2) as lab:
    file = lab.dir / "tandem.yaml"
    text = file.read_text()
    for queues, cure in ((1, "`ethtool -L eth1 rx 1`, or queues: 2"), (4, "`ethtool -L eth1 rx 4`, or queues: 2")):
        file.write_text(text.replace("queues: 2", f"queues: {queues}"))
        done = lab.run("relay", "env", f"RUNTIME_DIRECTORY={lab.dir}/run", TANDEMD, "-c", file, check=False)
        expect(done.returncode, 1, f"exit status with queues: {queues}")
        if "eth1 has 2 receive queue" not in done.stdout or cure not in done.stdout:
            fail(f"queues: {queues}: {done.stdout}")
    if lab.run("relay", "ip", "-o", "link", "show", "type", "tun").stdout:
        fail("a TAP is left")
    rules = lab.run("relay", "nft", "list", "ruleset", check=False).stdout
    expect(rules.strip(), "", "nftables rules left")
