#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""/metrics is well-formed OpenMetrics with the names promised, /stats tells the same in JSON, / on a
page; /healthz tells the truth.

    GET on the relay's 127.0.0.1:9465
"""

import json
import re
import socket

from harness import Lab, exchange, expect, fail, parse_metrics, splice, total, until

NAMES = """
    tandem_sessions tandem_legs tandem_sessions_closed_total tandem_relayed_bytes_total
    tandem_relayed_packets_total tandem_dropped_packets_total tandem_iq_total
    tandem_worker_cycles_total tandem_worker_busy_cycles_total tandem_worker_packets_total
    tandem_port_up tandem_port_rx_missed_packets_total tandem_setup_seconds_bucket
    tandem_setup_seconds_sum tandem_setup_seconds_count tandem_xmpp_connected tandem_build_info
    tandem_start_time_seconds
""".split()

SUFFIXES = {
    "counter": {"_total", "_created"},
    "gauge": {""},
    "histogram": {"_bucket", "_sum", "_count", "_created"},
    "info": {"_info"},
}
SAMPLE = re.compile(r'([a-z_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\["\\n])*",?)+)\})? ([0-9.e+-]+|\+Inf|NaN)')


def check_text(text):
    """OpenMetrics 1.0: families in one piece, a type each, suffixes that fit it, and # EOF."""
    expect(text.endswith("\n# EOF\n"), True, "# EOF at the end")
    family, kind, seen, samples = None, None, set(), set()
    for line in text.splitlines()[:-1]:
        if match := re.fullmatch(r"# (TYPE|HELP|UNIT) ([a-z_]+) (.*)", line):
            if match[2] != family:
                family, kind = match[2], "unknown"
                expect(family in seen, False, f"family {family} comes twice")
                seen.add(family)
            if match[1] == "TYPE":
                kind = match[3]
                expect(kind in SUFFIXES, True, f"type {kind} of {family}")
            continue
        match = SAMPLE.fullmatch(line)
        if not match:
            fail(f"not a sample: {line!r}")
        name, labels = match[1], match[2] or ""
        if not name.startswith(family or "?") or name[len(family) :] not in SUFFIXES[kind]:
            fail(f"{name} does not belong to the {kind} {family}")
        expect((name, labels) in samples, False, f"sample {name}{labels} comes twice")
        samples.add((name, labels))


def check_histogram(samples, name):
    buckets = sorted(
        (float(dict(labels)["le"]), value)
        for (sample, labels), value in samples.items()
        if sample == f"{name}_bucket"
    )
    counts = [count for _, count in buckets]
    expect(counts, sorted(counts), "cumulative buckets")
    expect(buckets[-1][0], float("inf"), "the last bucket")
    expect(counts[-1], total(samples, f"{name}_count"), "the +Inf bucket")


def check_json(text, names):
    stats = json.loads(text)
    expect(sorted(stats), sorted(names), "names in /stats")
    spliced = [one["value"] for one in stats["tandem_sessions"] if one["labels"] == {"state": "spliced"}]
    expect(spliced, [1], "spliced sessions")
    expect(stats["tandem_relayed_bytes_total"], [{"labels": {}, "value": 200000}], "relayed bytes")


def request(lab, text):
    with lab.inside("relay"):
        channel = socket.create_connection(("127.0.0.1", 9465), timeout=10)
    with channel:
        channel.sendall(text)
        return channel.recv(100).decode().split("\r\n")[0]


with Lab() as lab:
    alice, bob = lab.user("alice"), lab.user("bob")
    exchange(*splice(lab, alice, bob), size=100000)
    until(lambda: lab.metric("tandem_relayed_bytes_total") >= 200000, "the bytes are counted")
    status, headers, text = lab.http("/metrics")
    expect(status, 200, "status of /metrics")
    kind = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    expect(headers["content-type"], kind, "content type")
    check_text(text)
    samples = parse_metrics(text)
    present = {name for name, _ in samples}
    expect([name for name in NAMES if name not in present], [], "names that are missing")
    check_histogram(samples, "tandem_setup_seconds")
    expect(total(samples, "tandem_relayed_bytes_total"), 200000, "relayed bytes")
    expect(total(samples, "tandem_iq_total", kind="claim", result="ok"), 2, "claims answered")
    expect(total(samples, "tandem_port_up"), 2, "ports that are up")
    status, headers, stats = lab.http("/stats")
    expect((status, headers["content-type"]), (200, "application/json"), "answer of /stats")
    check_json(stats, present)
    status, headers, page = lab.http("/")
    expect((status, headers["content-type"]), (200, "text/html; charset=utf-8"), "answer of /")
    expect("default-src 'none'" in headers["content-security-policy"], True, "a policy for the browser")
    expect("tandem_relayed_bytes_total</td><td></td><td align=\"right\">200000<" in page, True, "relayed bytes")
    for secret in (alice.jid, "example.org", "192.0.2.1", (lab.dir / "secret").read_text().strip()):
        expect(secret in text + stats + page, False, f"{secret} at the stats endpoint")

    expect(request(lab, b"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").split()[1], "405", "POST")
    expect(lab.http("/nothing")[0], 404, "an unknown path")
    expect(lab.http("/healthz")[0], 200, "healthz")
    lab.stop("prosody")
    until(lambda: lab.http("/healthz")[0] == 503, "healthz without the stream")
    if "xmpp" not in (cause := lab.http("/healthz")[2]).lower():
        fail(f"healthz does not name the cause: {cause!r}")
    expect(lab.metric("tandem_xmpp_connected"), 0, "tandem_xmpp_connected")
