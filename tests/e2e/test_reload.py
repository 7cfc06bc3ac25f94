#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""SIGHUP: a good configuration is taken over, a bad one changes nothing, transfers go on.

    alice ====== a transfer that takes longer than all of this ====== bob
    tandem.yaml:  deny mallory -> broken -> sessions: needs a restart -> another claim timer
"""

import os
import re
import signal
import socket
import time

from harness import (
    Lab,
    Task,
    blocks,
    digest,
    expect,
    expect_error,
    expect_reset,
    expect_untouched,
    fail,
    new_sid,
    reaches,
    receive,
    splice,
    until,
)

SIZE = 4 << 20


def trickle(leg, seed, size, done):
    """Send, a piece at a time until the script is done, the rest at once."""
    for block in blocks(seed, size):
        for start in range(0, len(block), 4096):
            leg.sendall(block[start : start + 4096])
            if not done:
                time.sleep(0.02)
    leg.shutdown(socket.SHUT_WR)


def having(text, key, value):
    """The document with another value at "section.key"."""
    section, key = key.split(".")
    if re.search(rf"^{section}:$", text, re.M) is None:
        return f"{text}{section}:\n  {key}: {value}\n"
    text = re.sub(rf"^  {key}: .*\n", "", text, flags=re.M)
    return re.sub(rf"^{section}:\n", rf"\g<0>  {key}: {value}\n", text, flags=re.M)


def line_of(text, key):
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(f"{key}:"))


with Lab({"timers.claim": "60s"}) as lab:
    path = lab.dir / "tandem.yaml"
    good = path.read_text()

    def reloads(result):
        return lab.metric("tandem_config_reloads_total", result=result)

    def reload(text, result):
        """Install a file, send SIGHUP, wait until it is dealt with; returns what was logged."""
        before, known = reloads(result), len(lab.log())
        path.write_text(text)
        os.kill(lab.pid("tandemd"), signal.SIGHUP)
        until(lambda: reloads(result) == before + 1, f"a reload is {result}")
        return lab.log()[known:]

    def says(log, *words):
        if not any(all(word in line for word in words) for line in log.splitlines()):
            fail(f"no line with {words} in {log!r}")

    def is_denied(user, what):
        leg = lab.connect("bob")
        answer = user.answer(user.claim(leg, new_sid(), peer=alice.jid))
        expect_error(answer, "forbidden", "auth", what)
        lab.kill_peer(leg)

    expect((reloads("applied"), reloads("refused")), (0, 0), "reloads")
    alice, bob = lab.user("alice"), lab.user("bob")
    mallory = lab.user("bob", "mallory@example.org/lab")
    a, b = splice(lab, alice, bob)
    done = []
    sending, reading = Task(trickle, a, 1, SIZE, done), Task(receive, b)
    his = splice(lab, alice, mallory)

    # who is denied from now on
    denied = having(good, "access.deny", "[mallory@example.org]")
    says(reload(denied, "applied"), "info: ", "access.deny")
    is_denied(mallory, "a claim of one who is denied by now")
    reaches(*his)  # what he has he keeps

    # a file that is not fit to run, though it has a change that would be
    bad = having(having(good, "timers.claim", "1s"), "limits.sessions", "many")
    says(reload(bad, "refused"), "error: ", f"{path}:{line_of(bad, 'sessions')}: limits.sessions: ")
    is_denied(mallory, "a claim of one who is still denied")
    last_line = good.count("\n") + 1
    says(reload(good + "access: ]\n", "refused"), "error: ", f"{path}:{last_line}: ")
    is_denied(mallory, "a claim of one who is still denied")

    # what needs a restart is named and stays; what does not comes into force
    log = reload(having(good, "limits.sessions", "1"), "applied")
    says(log, "warning: ", "limits.sessions needs a restart")
    says(log, "info: ", "access.deny")
    reaches(*splice(lab, alice, mallory))

    # the workers have their own
    early = lab.connect("bob")
    text = having(having(good, "timers.claim", "1s"), "limits.legs_per_source", "1")
    log = reload(text, "applied")
    says(log, "info: ", "timers.claim")
    says(log, "info: ", "limits.legs_per_source")
    last, begun = lab.connect("alice"), time.monotonic()
    dropped = lab.metric("tandem_dropped_packets_total", reason="legs_per_source")
    refused = lab.socket("bob")
    refused.settimeout(0.5)
    try:
        refused.connect(("198.51.100.10", 4000))
        fail("one leg more than a source may have by now")
    except TimeoutError:
        pass
    if lab.metric("tandem_dropped_packets_total", reason="legs_per_source") == dropped:
        fail("the leg that was refused is not counted")
    expect_reset(last, "a leg nobody claims", timeout=5)
    if time.monotonic() - begun > 4:
        fail("the claim timer is the old one")
    expect_untouched(early, "a leg that came before")

    expect((reloads("applied"), reloads("refused")), (3, 2), "reloads")
    done.append(True)
    sending.result()
    expect(reading.result(), (SIZE, digest(1, SIZE)), "the transfer under way")
