#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Whatever well-formed stanza a server lets through, it is skipped or answered, and the stream goes on.

    fake XMPP server ---- 32 MiB stanza, bare text, foreign elements ... ping ----> relay
"""

from fake_server import FakeServer
from harness import Lab, RELAY, expect, fail

HEAD = f"from='alice@example.org/lab' to='{RELAY}'"

# (what, answered?, the stanza; its id is X)
STANZAS = (
    ("32 MiB of text", True, f"<iq type='set' id='X' {HEAD}><q xmlns='whoknows'>{'a' * (32 << 20)}</q></iq>"),
    ("depth 100,000", True, f"<iq type='set' id='X' {HEAD}>{'<d>' * 100000}{'</d>' * 100000}</iq>"),
    ("1 MiB of attributes", True, f"<iq type='set' id='X' {HEAD}><q {' '.join(f'a{i}=%r' % 'x' for i in range(100000))}/></iq>"),
    ("a large message", False, f"<message id='X' {HEAD}><body>{'a' * (1 << 20)}</body></message>"),
    ("a large result", False, f"<iq type='result' id='X' {HEAD}><q>{'a' * (1 << 20)}</q></iq>"),
    ("CDATA that looks like an end", True, f"<iq type='set' id='X' {HEAD}><q><![CDATA[</q></iq>{']' * 200000}]]></q></iq>"),
    ("a > in an attribute", None, f"<iq type='set' id='X' {HEAD}><q a='>/>' b=\"'/>\"/></iq>"),
    ("no from", False, f"<iq type='get' id='X' to='{RELAY}'><ping xmlns='urn:xmpp:ping'/></iq>"),
    ("an unknown element", False, "<unheard xmlns='urn:of' id='X'/>"),
    ("spaces between stanzas", False, " \n\t " * 1000),
)

with Lab(xmpp=False) as lab:
    stream = FakeServer(lab).start_tandemd(lab)
    before = lab.run("relay", "grep", "VmRSS", f"/proc/{lab.pid('tandemd')}/status").stdout
    for number, (what, answered, stanza) in enumerate(STANZAS):
        stream.send(stanza.replace("'X'", f"'x{number}'"))
        if answered is not False:
            text = stream.answer(f"x{number}")
            wanted = "policy-violation" if answered else "service-unavailable"
            if wanted not in text:
                fail(f"{what}: {text}, expected {wanted}")
        stream.ping(f"ping{number}")
        if f"x{number}" in stream.buffer:
            fail(f"{what}: was answered: {stream.buffer!r}")
    after = lab.run("relay", "grep", "VmRSS", f"/proc/{lab.pid('tandemd')}/status").stdout
    grown = int(after.split()[1]) - int(before.split()[1])
    if grown > 8 << 10:
        fail(f"tandemd has grown by {grown} KiB: a stanza over the cap was kept")
    expect(lab.metric("tandem_xmpp_connected"), 1, "tandem_xmpp_connected")
