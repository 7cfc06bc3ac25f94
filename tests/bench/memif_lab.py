# SPDX-License-Identifier: BSD-3-Clause
"""tandemd between two memif wires, with peers by the hundred thousand at their other ends, and an XMPP
server that is this script:

    peers: alices ==memif 0== [ tandemd ] ==memif 1== bobs
                                   |
                        component stream to a FakeServer
"""

import os
import re
import time

from bench import Program, eal, fail
from fake_server import FakeServer
from harness import RELAY, Task

MACS = ("02:00:00:00:00:10", "02:00:00:00:00:11")  # as rig.h has them
RELAY_IP = "192.0.2.10"
SOCKS5 = 7777


def wire(directory, number, role, mac=None):
    """The vdev of an end of a wire; whoever relays is the server."""
    options = f"role={role},socket={directory}/memif{number},socket-abstract=no,id=0,rsize=11"
    return f"net_memif{number},{options}" + (f",mac={mac}" if mac else "")


def peers(bench, env, directory, sessions, *options, program="peers"):
    vdevs = [word for number in range(2) for word in ("--vdev", wire(directory, number, "client"))]
    common = eal(*vdevs, "--no-huge", "--no-shconf", "-m", 128, cores="0", prefix="peers")
    return Program([bench.programs / program, *common, "--", "-n", sessions, *options], env)


def memory_mib(sessions):
    return 160 + (sessions * 2 * 500 >> 20) * 3 // 2


def settings(sessions, memory, idle="adaptive"):
    """Of tandem.yaml; `memory` is what an EAL would be told of it."""
    return {
        "limits.sessions": sessions,
        "limits.legs": 2 * sessions,
        "limits.half_open": 65536,
        "limits.sessions_per_jid": 4,
        "timers.claim": "1h",
        "timers.match": "60s",
        "dataplane.memory": f"{memory_mib(sessions)}M",
        "dataplane.idle": idle,
        "dataplane.hugepages": "on" if "--in-memory" in memory else "off",
        "services.socks5": f"{{port: {SOCKS5}}}",
        "log.level": "warning",
    }


def connect_ports(lab):
    """The ports of its configuration become memif wires."""
    file = lab.dir / "tandem.yaml"
    text = file.read_text()
    for number, mac in enumerate(MACS):
        device = wire(lab.dir, number, "server", mac)
        text = re.sub(rf'"net_af_xdp{number},[^"]*"', f'"{device}"', text)
    file.write_text(text)


class Relay:
    """tandemd there, and its stream."""

    def __init__(self, lab):
        self.lab = lab
        connect_ports(lab)
        self.stream = FakeServer(lab).start_tandemd(lab)
        self.stream.channel.settimeout(60)
        self.pid = lab.pid("tandemd")

    def control_cpu_s(self):
        """Of the control thread, so far."""
        with open(f"/proc/{self.pid}/task/{self.pid}/schedstat") as file:
            return int(file.read().split()[0]) / 1e9

    def resident_bytes(self):
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def read(self, answers):
        """Read until there are so many answers, all results."""
        rest, results, errors = b"", 0, 0
        while results + errors < answers:
            block = self.stream.channel.recv(1 << 20)
            if not block:
                fail("tandemd ended the stream")
            # An answer may lie in two blocks: what is behind the last tag is looked at again.
            whole, _, rest = (rest + block).rpartition(b">")
            results += len(re.findall(rb"type=['\"]result['\"]", whole))
            errors += len(re.findall(rb"<iq [^>]*type=['\"]error['\"]", whole))
        if errors:
            fail(f"{errors} of {answers} stanzas were refused")

    def exchange(self, stanzas, answers):
        """Send them all, and read their answers; the seconds it took."""
        begin = time.monotonic()
        sending = Task(self.stream.send, stanzas)
        self.read(answers)
        took = time.monotonic() - begin
        sending.result(60)
        return took


def claims(first, count):
    """The claims of both sides of sessions from `first` on, each pair behind one another."""
    lines = []
    for n in range(first, first + count):
        ends = (("u", "a", "v", "b", 10 << 24, 0), ("v", "b", "u", "a", 100 << 24 | 64 << 16, 1))
        for user, resource, other, their, net, side in ends:
            address = net | n
            ip = ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
            lines.append(
                f"<iq type='set' id='{user}{n}' from='{user}{n}@example.org/{resource}' to='{RELAY}'>"
                f"<query xmlns='whoknows' sid='s{n}' peer='{other}{n}@example.org/{their}'>"
                f"<endpoint ip='{RELAY_IP}' port='4000' from-ip='{ip}' from-port='{32768 + n % 28000 + side}'/>"
                "</query></iq>"
            )
    return "".join(lines).encode()


def activations(first, count):
    """Of the bytestreams of sessions from `first` on, by the alices."""
    return "".join(
        f"<iq type='set' id='t{n}' from='u{n}@example.org/a' to='{RELAY}'>"
        f"<query xmlns='http://jabber.org/protocol/bytestreams' sid='s{n}'>"
        f"<activate>v{n}@example.org/b</activate></query></iq>"
        for n in range(first, first + count)
    ).encode()


