#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Linux peers with and without timestamps, SACK and window scaling relay byte-exact over bad wires.

    alice ==[ loss, ... ]== relay ==[ loss, ... ]== bob
    ts? sack? scaling?                              ts? sack? scaling?

The six switches are independent of each other: 64 rows.  Without an argument 16 of them are tried,
among which any three switches stand in all eight ways; with the argument `all`, all of them.  Other
arguments are rows, such as 101:011.
"""

import itertools
import socket
import sys
import time

from harness import Lab, Task, digest, expect, fail, receive, send_all, splice, until

SWITCHES = ("tcp_timestamps", "tcp_sack", "tcp_window_scaling")  # bits 0 to 2 of tcpi_options
WIRE = "loss=0.2,reorder=0.5,dup=0.3,delay=2,jitter=1,corrupt=0.1,seed={}"
SIZE = 1 << 19  # each way, in each row
# Seconds.  A sender with SACK whose receiver has none gets duplicate ACKs that name no blocks: Linux
# then repairs a loss by time-out alone, and the time-outs double where there are no timestamps.
PATIENCE = 60

# Drops that damage on the wires explains, one a damaged frame at most, and those that need none:
# what comes twice, or again, while a leg opens or after it has ended.
BY_DAMAGE = {"checksum", "malformed", "fragment", "ttl", "martian"}
ORDINARY = {"not_expected", "no_leg"}

ROWS = ["%d%d%d:%d%d%d" % row for row in itertools.product((0, 1), repeat=6)]


def is_chosen(row):
    """An orthogonal array of strength three: two switches follow from the four others."""
    a, b, c, d, e, f = map(int, row.replace(":", ""))
    return e == a ^ b ^ c and f == b ^ c ^ d


def check_chosen(rows):
    """The rows promise that any three switches, and so any two, stand in all their ways."""
    switches = [row.replace(":", "") for row in rows]
    for three in itertools.combinations(range(6), 3):
        seen = {"".join(row[i] for i in three) for row in switches}
        if len(seen) != 8:
            fail(f"switches {three} stand only in the ways {sorted(seen)}")


def set_switches(lab, row):
    for place, positions in zip(("alice", "bob"), row.split(":")):
        lab.sysctl(place, **dict(zip(SWITCHES, positions)))


def negotiated(leg):
    """The positions of a connection's switches, by tcpi_options of its tcp_info."""
    options = leg.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5]
    return "".join(str(options >> bit & 1) for bit in range(3))


def transfer(legs, seed):
    """SIZE each way at once, FIN behind it, and EOF at both ends."""
    senders = [Task(send_all, leg, seed + side, SIZE) for side, leg in enumerate(legs)]
    readers = [Task(receive, leg) for leg in legs]
    for sender in senders:
        sender.result(PATIENCE)
    for side, reader in enumerate(readers):
        expect(reader.result(PATIENCE), (SIZE, digest(seed + (side ^ 1), SIZE)), f"what leg {side} read")
    for leg in legs:
        leg.close()


def check_drops(lab):
    """Nothing was dropped that the wires do not answer for."""
    drops = {
        dict(labels)["reason"]: int(value)
        for (name, labels), value in lab.metrics().items()
        if name == "tandem_dropped_packets_total" and value
    }
    damaged = sum(lab.wire_counts(wire)[at]["corrupted"] for wire, at in ((0, "alice0>relay1"), (1, "bob0>relay2")))
    if not drops.keys() <= BY_DAMAGE | ORDINARY:
        fail(f"unexpected drops: {drops}")
    if sum(drops.get(reason, 0) for reason in BY_DAMAGE) > damaged:
        fail(f"{damaged} frames were damaged, which does not explain the drops: {drops}")


def check_sack(lab, rows):
    """The kernels made use of the SACK blocks they got; a few are of no use without a relay too."""
    for place in ("alice", "bob"):
        counts = lab.kernel_counts(place)
        used = sum(counts[name] for name in ("TCPSackShifted", "TCPSackMerged", "TCPSackShiftFallback"))
        if counts["TCPSACKDiscard"] > used / 4:
            fail(f"{place} could not use {counts['TCPSACKDiscard']} SACK blocks, used {used}")
        if used == 0 and any(row[1] + row[5] == "11" for row in rows):
            fail(f"{place} got no SACK block")


def closings(lab):
    """How many sessions ended, by reason."""
    name = "tandem_sessions_closed_total"
    return {dict(labels)["reason"]: int(value) for (n, labels), value in lab.metrics().items() if n == name and value}


def check_row(lab, alice, bob, row, number):
    set_switches(lab, row)
    legs = splice(lab, alice, bob)
    for leg in legs:
        leg.settimeout(PATIENCE)
    expect(":".join(map(negotiated, legs)), row, "what was negotiated")
    transfer(legs, 2 * number)
    until(lambda: sum(closings(lab).values()) == number, "the session ends", PATIENCE)
    expect(closings(lab), {"finished": number}, "ends of sessions")
    check_drops(lab)


def rows_to_try():
    match sys.argv[1:]:
        case []:
            chosen = [row for row in ROWS if is_chosen(row)]
            expect(len(chosen), 16, "rows that were chosen")
            check_chosen(chosen)
            return chosen
        case ["all"]:
            return ROWS
        case some:
            return [row if row in ROWS else fail(f"no row {row}") for row in some]


with Lab({"timers.match": "60s"}, wire=WIRE.format(1), bob_wire=WIRE.format(2)) as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    rows = rows_to_try()
    for number, row in enumerate(rows, 1):
        began = time.monotonic()
        try:
            check_row(lab, alice, bob, row, number)
        except Exception:
            print(f"row {row} (alice:bob, each {', '.join(SWITCHES)})", file=sys.stderr)
            raise
        print(f"{row} {time.monotonic() - began:5.1f} s")
    check_sack(lab, rows)
    for wire in (0, 1):
        for direction, counts in lab.wire_counts(wire).items():
            expect([counts[what] for what in ("overflow", "unsent", "missed")], [0] * 3, f"{direction}: not carried")
