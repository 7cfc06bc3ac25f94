#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""A client whose last ACK of a handshake by cookie was lost is asked for it when it is claimed.

    alice --SYN--> relay --SYN|ACK (a cookie)--> alice --ACK--> lost
    alice now waits, connected; the relay knows nothing of her until she claims her leg
"""

import re
import socket

from harness import PORT, RELAY_AT, RELAY_AT6, Lab, expect, expect_result, new_sid, reaches, until
from wire import SYN, ethernet, ipv4, tcp

SERVICE = (RELAY_AT["alice"], PORT)


def cookies(result):
    return lab.metric("tandem_syn_cookies_total", result=result)


def mac(place, interface):
    text = lab.run(place, "cat", f"/sys/class/net/{interface}/address").stdout.strip()
    return bytes.fromhex(text.replace(":", ""))


def keep_in_force(raw):
    """More SYNs than eight half-open legs allow for."""
    for i in range(16):
        end = (f"10.1.2.{i + 1}", 1024 + i)
        packet = ipv4(end[0], SERVICE[0], tcp(end, SERVICE, seq=i, flags=SYN))
        raw.send(ethernet(mac("relay", "eth1"), mac("alice", "eth0"), packet))


def deaf_connect(place, timestamps, v6):
    """A leg whose ACK never left."""
    lab.run(place, "sysctl", "-qw", f"net.ipv4.tcp_timestamps={timestamps}")
    leg = lab.socket(place, v6=v6)
    port = leg.getsockname()[1]
    lab.run(place, "nft", "add", "table", "inet", "lost")
    lab.run(place, "nft", "add", "chain", "inet", "lost", "out",
            "{ type filter hook output priority 0; }")
    lab.run(place, "nft", "add", "rule", "inet", "lost", "out",
            f"tcp sport {port} tcp flags & (syn|ack) == ack counter drop")
    leg.settimeout(20)
    leg.connect(((RELAY_AT6 if v6 else RELAY_AT)[place], PORT))
    until(lambda: lost(place) > 0, "the ACK is lost")
    lab.run(place, "nft", "delete", "table", "inet", "lost")
    return leg


def lost(place):
    said = lab.run(place, "nft", "list", "table", "inet", "lost").stdout
    return int(re.search(r"counter packets (\d+)", said)[1])



with Lab({"limits.half_open": 8}) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    with lab.inside("alice"):
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(("eth0", 0))

    for timestamps, v6 in ((1, False), (0, False), (1, True), (0, True)):
        what = f"timestamps {timestamps}, IPv{6 if v6 else 4}"
        keep_in_force(raw)
        until(lambda: cookies("sent") > 0, "cookies are in force")
        valid = cookies("valid")
        legs = [deaf_connect(place, timestamps, v6) for place in ("alice", "bob")]
        expect(cookies("valid"), valid, "cookies that came back")
        expect(lab.metric("tandem_legs", state="unclaimed"), 0, "legs the relay knows")
        sid = new_sid()
        ids = alice.claim(legs[0], sid, peer=bob.jid), bob.claim(legs[1], sid, peer=alice.jid)
        expect_result(alice.answer(ids[0]), f"alice's claim, {what}")
        expect_result(bob.answer(ids[1]), f"bob's claim, {what}")
        expect(cookies("valid"), valid + 2, "cookies that came back")
        reaches(*legs)
