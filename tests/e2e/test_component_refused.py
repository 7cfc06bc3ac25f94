#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Why the XMPP server does not let the component in is in the log, and no secret is.

    Prosody: another secret, or another component's name <---- relay
"""

from harness import TANDEMD, Lab, expect, fail, until

WRONG = "a-secret-that-nobody-knows"


def refused(log_name, needle, lab):
    child = lab.spawn("relay", TANDEMD, "-c", lab.dir / "tandem.yaml", log=log_name)
    log = lab.dir / log_name
    line = "XMPP stream not established: stream error"
    until(lambda: line in log.read_text(errors="replace"), f"a refusal in {log_name}")
    said = [text for text in log.read_text(errors="replace").splitlines() if line in text]
    if needle not in said[0] or "xmpp.secret_file" not in said[0]:
        fail(f"the log does not say {needle}: {said}")
    if WRONG in log.read_text(errors="replace"):
        fail("the secret is in the log")
    status, _, body = lab.http("/healthz")
    expect(status, 503, f"healthz: {body}")
    child.terminate()
    expect(child.wait(20), 0, "exit status")


with Lab(relay=False) as lab:
    (lab.dir / "secret").write_text(f"{WRONG}\n")
    refused("secret.log", "not-authorized", lab)

with Lab({"xmpp.jid": "other.example.org"}, relay=False) as lab:
    refused("jid.log", "host-unknown", lab)
