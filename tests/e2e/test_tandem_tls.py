#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`tandem` talks only to a server whose certificate a given authority signed for the right domain.

    alice$ tandem receive --ca-file ANOTHER -> 3, and the password is not sent
"""

import subprocess

from harness import Lab, Peer, expect

with Lab() as lab:
    other = lab.dir / "other.crt"
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run(
        [*request, "-nodes", "-subj", "/CN=tandem lab", "-keyout", lab.dir / "other.key", "-out", other],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    (lab.dir / "ca.crt").rename(lab.dir / "good.crt")
    other.rename(lab.dir / "ca.crt")
    Peer(lab, "alice", "receive", "--from", "bob@example.org").expect(3)
    expect("Authenticated as" in lab.log("prosody"), False, "a login over an unverified stream")

    (lab.dir / "good.crt").rename(lab.dir / "ca.crt")
    (lab.dir / "password").chmod(0o644)
    Peer(lab, "alice", "receive", "--from", "bob@example.org").expect(2)
    (lab.dir / "password").chmod(0o600)
    (lab.dir / "password").write_text("wrong\n")
    Peer(lab, "alice", "receive", "--from", "bob@example.org").expect(3)
