#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""An orderly stop leaves the relay as it was: no TAP, no rule, no address, no file; status 0.

    relay: interfaces, addresses, routes, nft rules, settings    before  =  after start and stop
"""

from harness import Lab, expect, reaches, splice, until
from rendezvous import ON6


def state(lab):
    tell = {
        "links": ["ls", "/sys/class/net"],
        "addresses": ["ip", "-4", "-o", "address"],
        "routes": ["ip", "-4", "route", "show", "table", "all"],
        "rules": ["nft", "list", "ruleset"],
        "reserved ports": ["cat", "/proc/sys/net/ipv4/ip_local_reserved_ports"],
        "files": ["find", lab.dir / "run", "-type", "s", "-o", "-type", "p"],
    }
    return {what: lab.run("relay", *command).stdout for what, command in tell.items()}


with Lab({"services.rendezvous": ON6}, relay=False) as lab:
    before = state(lab)
    for turn in range(2):
        lab.start("tandemd")
        running = state(lab)
        for what, needle in (
            ("links", "tandem0"),
            ("addresses", "192.0.2.10/24"),
            ("rules", "4000"),
            ("rules", "10000-14095"),
            ("rules", "2001:db8:f000:1::/64"),
            ("reserved ports", "10000-14095"),
        ):
            if needle not in running[what]:
                raise AssertionError(f"{needle} is not among the {what} of a running relay")
        alice, bob = lab.user("alice"), lab.user("bob")
        reaches(*splice(lab, alice, bob))
        alice.close()
        bob.close()
        lab.stop("tandemd")
        expect(lab.status("tandemd"), 0, "exit status of tandemd")
        after = state(lab)
        for what, text in before.items():
            expect(after[what], text, f"{what} after stop {turn}")
    until(lambda: "tandem0" not in lab.run("relay", "ip", "link").stdout, "no TAP is left", 1)
