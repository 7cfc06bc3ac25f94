#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The address query tells where the endpoint service is: an address and port that take a leg.

    alice ---- get <query xmlns='whoknows'/> ----> relay: <connection jid ip port/> elements
"""

from harness import RELAY, WHOKNOWS, Lab, expect, expect_error, expect_result

with Lab() as lab:
    alice = lab.user("alice")
    answer = expect_result(alice.iq("<query xmlns='whoknows'/>", "get"))
    connections = answer.xml.findall(f"{{{WHOKNOWS}}}query/{{{WHOKNOWS}}}connection")
    if not connections:
        raise AssertionError(f"no connection in {answer}")
    for connection in connections:
        expect(connection.get("jid"), RELAY, "jid")
        expect(connection.get("port"), "4000", "port")
        lab.connect("alice", connection.get("ip")).close()

    for half in ("sid='A01'", "peer='bob@example.org/lab'", f"sid='A01' peer='{alice.jid}'"):
        answer = alice.iq(f"<query xmlns='whoknows' {half}/>", "get")
        expect_error(answer, "bad-request", "modify", f"a query with {half}")
