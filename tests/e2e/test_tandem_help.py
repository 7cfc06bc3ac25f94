#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""tandem(1) and `tandem --help` tell of the same options and the same exit codes; it and
tandem-protocol(7) are well-formed."""

import re
import subprocess

from harness import TANDEM, TOP, expect

said = subprocess.run([TANDEM, "--help"], check=True, capture_output=True, text=True).stdout
page = (TOP / "platform" / "man" / "tandem.1").read_text()

options = set(re.findall(r"--([a-z-]+)", said))
described = set(re.findall(r"^\.It Fl -([a-z-]+)", page, re.M)) | {"version"}
expect(described, options, "options of tandem(1)")
codes = set(re.findall(r"\b([0-6]) [a-z]", said.partition("Exit status:")[2]))
expect(set(re.findall(r"^\.It (\d)$", page, re.M)), codes, "exit codes of tandem(1)")
for name in ("tandem.1", "tandem-protocol.7"):
    shown = subprocess.run(
        ["groff", "-mdoc", "-Tutf8", "-ww", TOP / "platform" / "man" / name],
        check=True, capture_output=True, text=True,
    )
    expect(shown.stderr, "", f"what groff says of {name}")
