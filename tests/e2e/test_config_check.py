#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""`tandemd --check` says 0 to a good file, and 1 with file:line: path: what is wrong to a bad one.

    (no network: the program and a directory)
"""

import re
import subprocess
import tempfile
from pathlib import Path

from harness import TANDEMD, expect, fail

GOOD = """\
xmpp:
  jid: relay.example.org
  server: 127.0.0.1:5347
  secret_file: DIR/secret
  namespaces: [whoknows]
dataplane:
  workers: [1]
  control: 0
  memory: 256M
ports:
  - device: "net_af_xdp0,iface=eth1"
    tap: tandem0
    addresses: [192.0.2.10/24]
services:
  endpoint: {port: 4000}
stats: {listen: 127.0.0.1:9465}
"""


def rendezvous(values):
    return "port: 4000}", f"port: 4000}}\n  rendezvous: {{{values}}}", 16


# (what, text replaced, by what, line of the complaint or None, path in it)
BAD = (
    ("an unknown key", "  control: 0", "  colour: red", 8, "dataplane.colour"),
    ("an unknown section", "stats:", "statistics:", 16, "statistics"),
    ("a duplicate key", "  control: 0", "  control: 0\n  control: 0", 9, "dataplane.control"),
    ("a duplicate section", "stats:", "services: {endpoint: {port: 4001}}\nstats:", 16, "services"),
    ("a wrong type", "control: 0", "control: [0]", 8, "dataplane.control"),
    ("text for a number", "port: 4000", "port: many", 15, "services.endpoint.port"),
    ("a number out of range", "port: 4000", "port: 65536", 15, "services.endpoint.port"),
    ("a negative number", "port: 4000", "port: -1", 15, "services.endpoint.port"),
    ("a bad duration", "stats:", "timers: {match: 3 parsecs}\nstats:", 16, "timers.match"),
    ("an alias", "control: 0", "control: &x 0\n  idle: *x", None, ""),
    ("a second document", "stats:", "---\nstats:", None, ""),
    ("no jid", "  jid: relay.example.org\n", "", None, "xmpp.jid"),
    ("an address without its prefix", "192.0.2.10/24", "192.0.2.10", 13, "ports"),
    ("a prefix out of range", "192.0.2.10/24", "192.0.2.10/33", 13, "ports"),
    ("no such address", "192.0.2.10/24", "192.0.2.256/24", 13, "ports"),
    ("an interface name too long", "tap: tandem0", "tap: tandem0tandem0tandem0", 12, "ports"),
    ("a secret that is not there", "DIR/secret", "DIR/nothing", 4, "xmpp.secret_file"),
    ("a secret others may read", "DIR/secret", "DIR/open", 4, "xmpp.secret_file"),
    ("a lcore for a worker and control", "workers: [1]", "workers: [1, 0]", 7, "dataplane.workers[1]"),
    ("queues the device contradicts", "iface=eth1", "iface=eth1,queue_count=2", 11, "ports[0].device"),
    (
        "fewer queues than workers",
        GOOD[GOOD.index("workers: [1]") : GOOD.index("    tap:")],
        GOOD[GOOD.index("workers: [1]") : GOOD.index("    tap:")].replace("[1]", "[1, 2]") + "    queues: 1\n",
        12,
        "ports[0].queues",
    ),
    ("a feature not built yet", "stats:", "state: {dir: /run/tandem}\nstats:", 16, "state.dir"),
    ("rendezvous ports of the kernel's own", *rendezvous("ports: 10000-40000"), "services.rendezvous.ports"),
    ("a rendezvous range with a service", *rendezvous("ports: 3000-5000"), "services.rendezvous.ports"),
    ("a rendezvous range of one number", *rendezvous("ports: 10000"), "services.rendezvous.ports"),
    ("a rendezvous prefix too long", *rendezvous('prefix: "2001:db8::/65"'), "services.rendezvous.prefix"),
    ("broken YAML", "control: 0", "control: [0", None, ""),
    ("a tab for indentation", "  control: 0", "\tcontrol: 0", None, ""),
    (
        "overlapping prefixes",
        "services:",
        "  - device: net_null0\n    tap: tandem1\n    addresses: [192.0.2.129/25]\nservices:",
        16,
        "ports",
    ),
)


def check(file):
    return subprocess.run(
        [TANDEMD, "--check", "-c", file],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=20,
    )


def complain(file, what, line, path):
    done = check(file)
    expect(done.returncode, 1, f"exit status for {what}: {done.stdout}")
    pattern = rf"^{re.escape(str(file))}:{line or '[0-9]+'}: {re.escape(path)}.*: \S"
    if not path:
        pattern = rf"^{re.escape(str(file))}:[0-9]+: .*\S"
    if not re.search(pattern, done.stdout, re.M):
        fail(f"{what}: {done.stdout!r}, expected line {line} and {path}")


with tempfile.TemporaryDirectory() as name:
    directory = Path(name)
    for secret, mode in (("secret", 0o600), ("open", 0o644)):
        (directory / secret).write_text("secret\n")
        (directory / secret).chmod(mode)
    good = GOOD.replace("DIR", name)
    file = directory / "tandem.yaml"
    file.write_text(good)
    done = check(file)
    expect((done.returncode, done.stdout), (0, ""), "a good file")

    for what, old, new, line, path in BAD:
        old, new = old.replace("DIR", name), new.replace("DIR", name)
        expect(good.count(old), 1, f"places to change for {what}")
        file.write_text(good.replace(old, new))
        complain(file, what, line, path)

    for what, content in (("an empty file", b""), ("a binary file", bytes(range(256)) * 16)):
        file.write_bytes(content)
        expect(check(file).returncode, 1, f"exit status for {what}")
    expect(check(directory / "none").returncode, 1, "exit status for no file")

    # a daemon with a bad file starts nothing
    file.write_text(good.replace("port: 4000", "port: 0"))
    done = subprocess.run([TANDEMD, "-c", file], stdin=subprocess.DEVNULL, capture_output=True, timeout=20)
    expect(done.returncode, 1, f"exit status of the daemon: {done.stderr}")
