#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every malformed claim is answered bad-request, at once, and leaves nothing behind.

    alice ---- ill-made claims ----> relay
"""

from harness import Lab, WHOKNOWS, expect, expect_error, expect_result, reaches, splice

GOOD = {"ip": "192.0.2.10", "port": "4000", "from-ip": "192.0.2.1", "from-port": "2000"}


def claim(sid="sid='S'", body=None, **changes):
    if body is None:
        values = {k.replace("_", "-"): v for k, v in changes.items()}
        attributes = {k: v for k, v in {**GOOD, **values}.items() if v is not None}
        body = "<endpoint " + " ".join(f"{k}='{v}'" for k, v in attributes.items()) + "/>"
    return f"<query xmlns='{WHOKNOWS}' {sid}>{body}</query>"


BAD = {
    "no sid": claim(sid=""),
    "an empty sid": claim(sid="sid=''"),
    "a sid of 129 bytes": claim(sid=f"sid='{'x' * 129}'"),
    "a sid of 129 bytes in 43 characters": claim(sid=f"sid='{'€' * 43}'"),
    "no endpoint": claim(body=""),
    "an endpoint of another namespace": claim(body="<endpoint xmlns='other' ip='192.0.2.10' port='1'/>"),
    "no ip": claim(ip=None),
    "no port": claim(port=None),
    "an empty ip": claim(ip=""),
    "a name for ip": claim(ip="relay.example.org"),
    "a short ip": claim(ip="192.0.2"),
    "an ip with a zero in front": claim(ip="192.0.2.010"),
    "an octal ip": claim(ip="0300.0.2.10"),
    "an ip with blanks": claim(ip=" 192.0.2.10"),
    "port 0": claim(port="0"),
    "port 65536": claim(port="65536"),
    "port 4294971296": claim(port="4294971296"),
    "a port with a sign": claim(port="+4000"),
    "a negative port": claim(port="-1"),
    "a hexadecimal port": claim(port="0xfa0"),
    "a port with a tail": claim(port="4000x"),
    "a port of blanks": claim(port=" "),
    "from-ip alone": claim(from_port=None),
    "from-port alone": claim(from_ip=None),
    "from-port 0": claim(from_port="0"),
    "a name for from-ip": claim(from_ip="localhost"),
    "peer that is oneself": claim(sid="sid='S' peer='alice@example.org/lab'"),
}

with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    for what, payload in BAD.items():
        expect_error(alice.iq(payload, timeout=2), "bad-request", "modify", what)
    for state in ("waiting", "claimed"):
        expect(lab.metric("tandem_sessions", state=state), 0, f"{state} sessions")
    expect(lab.metric("tandem_iq_total", kind="claim", result="bad-request"), len(BAD), "IQs counted")
    reaches(*splice(lab, alice, bob))
