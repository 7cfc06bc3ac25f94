#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""An interface with more queues than there are workers is heard on all of them.

    alice ==4 queues== relay, one worker ==4 queues== bob
"""

from harness import Lab, Task, exchange, expect, fail, splice, until

QUEUES = 4
SESSIONS = 24

with Lab({"dataplane.memory": "512M", "limits.sessions_per_jid": SESSIONS}, queues=QUEUES) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    pairs = [splice(lab, alice, bob) for _ in range(SESSIONS)]
    transfers = [Task(exchange, a, b, 1 << 18) for a, b in pairs]
    for task in transfers:
        task.result()
    until(
        lambda: lab.metric("tandem_sessions_closed_total", reason="finished") == SESSIONS,
        "every session ends as finished",
    )
    for interface in ("eth1", "eth2"):
        counts = lab.received_by_queue(interface)
        expect(len(counts), QUEUES, f"queues of {interface}")
        if min(counts) == 0:
            fail(f"{interface}: nothing came by some queue: {counts}")
    log = lab.log()
    for port in ("net_af_xdp0", "net_af_xdp1"):
        expect(lab.metric("tandem_port_steering", port=port, mode="software"), 1, f"{port} in software")
        expect(lab.metric("tandem_port_steering", port=port, mode="rte_flow"), 0, f"{port} by rte_flow")
        if f"port {port},iface=eth" not in log or f"{QUEUES} queue(s), service traffic is told apart in software" not in log:
            fail(f"the log does not tell how {port} is steered")
