#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A driver that takes the rules when asked and refuses them when told is served in software.

    kernel ==TAP wire0== relay          (net_tap: rte_flow, and this kernel has no flower)

Where the kernel has flower and all it takes, the rules are in force instead: the log and the metrics
must agree on which it is, and the port must be up.
"""

from harness import Lab, expect, fail

with Lab({"dataplane.memory": "512M"}, relay=False) as lab:
    file = lab.dir / "tandem.yaml"
    text = file.read_text().replace("net_af_xdp0,iface=eth1", "net_tap8,iface=wire0")
    file.write_text(text)
    lab.start("tandemd")
    lines = [line for line in lab.log().splitlines() if line.startswith("info: port net_tap8,")]
    expect(len(lines), 1, f"lines about how net_tap8 is steered: {lab.log()}")
    steered = lab.metric("tandem_port_steering", port="net_tap8", mode="rte_flow")
    expect(lab.metric("tandem_port_steering", port="net_tap8", mode="software"), 1 - steered, "the other mode")
    wanted = "rte_flow steers service traffic to 1 queue(s) and the rest to queue 1" if steered else \
        "1 queue(s), service traffic is told apart in software: "
    if wanted not in lines[0] or lines[0].endswith("software: "):
        fail(f"the log says {lines[0]!r}, the metric {steered}")
    expect(lab.metric("tandem_port_up", port="net_tap8"), 1, "net_tap8 is up")
