# SPDX-License-Identifier: BSD-3-Clause
"""What every e2e script stands on: a lab of its own, users, legs, counters, captures.

The lab is platform/lab's, see the drawing there.  Nothing here sleeps for luck: every wait is for a
condition and ends at a deadline.
"""

import asyncio
import contextlib
import ctypes
import hashlib
import itertools
import logging
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import quoteattr

with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    import slixmpp
    from slixmpp.xmlstream.handler import Callback
    from slixmpp.xmlstream.matcher import StanzaPath

TOP = Path(__file__).resolve().parents[2]
LAB = TOP / "platform" / "lab"
BUILD = Path(os.environ.get("TANDEM_BUILD", TOP / "build"))
TANDEMD = Path(os.environ.get("TANDEMD", BUILD / "app" / "tandemd"))
TANDEM = Path(os.environ.get("TANDEM", BUILD / "app" / "peer" / "tandem"))

RELAY = "relay.example.org"
RELAY_AT = {"alice": "192.0.2.10", "bob": "198.51.100.10"}  # the service address on a user's wire
HOME = {"alice": "192.0.2.1", "bob": "198.51.100.1"}
RELAY_AT6 = {"alice": "2001:db8:1::10", "bob": "2001:db8:2::10"}
HOME_BEHIND_NAT = {"alice": "10.1.0.1", "bob": "10.2.0.1"}
HOME6 = {"alice": "2001:db8:1::1", "bob": "2001:db8:2::1"}
XMPP = "203.0.113.10"
PORT = 4000
WHOKNOWS = "whoknows"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
REFUSALS = "tandem:refusals"

TIMEOUT = 20  # seconds: the deadline of whatever should happen at once


def fail(message):
    raise AssertionError(message)


def expect(actual, wanted, what):
    if actual != wanted:
        fail(f"{what}: {actual!r}, expected {wanted!r}")


def until(condition, what, timeout=TIMEOUT, interval=0.02):
    """Wait until condition() is true; returns its value."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            fail(f"not within {timeout} s: {what}")
        time.sleep(interval)
    return value


# --- the lab --------------------------------------------------------------------------------------


class Lab:
    """A lab of this script's own, from `with` to the end of it.

    settings: of tandem.yaml, such as {"timers.claim": "2s"}.  relay=False: without tandemd;
    xmpp=False: without XMPP server and tandemd.  server: prosody or ejabberd.  rival: with the
    server's own SOCKS5 relay; "wires": in the place of tandemd.  wire, bob_wire: what alice's or
    bob's wire does to the frames, such as "loss=1,delay=50", see impair.c; None is a plain cable,
    "switch" one that others plug into.  nats: "one" or "two", what NATs the users are behind.
    queues: how many queues the wires have, and the relay's ports.  ports: their kind, xdp, kernel,
    or one a wire as in "kernel,xdp"; what a script does not say, $TANDEM_PORTS does.  offload: see
    lab.  When the script is content and tandemd still runs, it must also stop in order, with status
    0.
    """

    def __init__(
        self,
        settings=None,
        *,
        relay=True,
        xmpp=True,
        server="prosody",
        rival=False,
        offload=None,
        ports=None,
        wire=None,
        bob_wire=None,
        nats=None,
        queues=None,
    ):
        self.arguments = ["-p", str(os.getpid())]
        if rival:
            self.arguments.append("-R" if rival == "wires" else "-r")
        if server == "ejabberd":
            self.arguments.append("-e")
        if not relay:
            self.arguments.append("-n")
        if not xmpp:
            self.arguments.append("-x")
        ports = ports or os.environ.get("TANDEM_PORTS")
        for option, spec in (
            ("-k", ports),
            ("-o", offload),
            ("-w", wire),
            ("-W", bob_wire),
            ("-N", nats),
            ("-q", queues),
        ):
            if spec is not None:
                self.arguments += [option, str(spec)]
        for key, value in (settings or {}).items():
            self.arguments += ["-s", f"{key}={value}"]
        self.home = HOME_BEHIND_NAT if nats else HOME
        self.users = []
        self.children = []
        # Below the kernel's own: none comes again by chance before its session is over.
        self.ports = itertools.count(20000)

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))
        up = subprocess.Popen([LAB, "up", *self.arguments], stdout=subprocess.PIPE, text=True)
        try:
            directory, _ = up.communicate()
        except BaseException:
            up.terminate()  # it then takes down what there is
            up.wait()
            raise
        if up.returncode:
            fail("the lab does not come up")
        self.dir = Path(directory.strip())
        self.name = (self.dir / "name").read_text().strip()
        return self

    def __exit__(self, kind, error, trace):
        try:
            for user in self.users:
                user.close()
            for child in self.children:
                if child.poll() is None:
                    child.kill()
                child.wait()
            if kind is None and self.running("tandemd"):
                self.stop("tandemd")
                expect(self.status("tandemd"), 0, "exit status of tandemd after an orderly stop")
        except BaseException:
            kind = kind or AssertionError
            raise
        finally:
            if kind is not None:
                self.show_logs()
            subprocess.run([LAB, "down", self.dir])

    def show_share(self, program):
        """Whether a program that still runs had a CPU when it wanted one."""
        for task in Path(f"/proc/{self.pid(program)}/task").glob("*"):
            ran, waited, _ = map(int, (task / "schedstat").read_text().split())
            name = (task / "comm").read_text().strip()
            print(f"--- {name} ran {ran / 1e9:.1f} s, waited to run {waited / 1e9:.1f} s", file=sys.stderr)

    def show_logs(self):
        if self.running("tandemd"):
            with contextlib.suppress(OSError):  # it may end meanwhile
                self.show_share("tandemd")
        for program in ("prosody", "ejabberd", "tandemd"):
            log = self.dir / f"{program}.log"
            if log.exists():
                print(f"--- {log.name}", file=sys.stderr)
                tail = log.read_text(errors="replace").splitlines()[-40:]
                print("\n".join(tail), file=sys.stderr)

    # programs

    def start(self, program):
        if subprocess.run([LAB, "start", self.dir, program]).returncode:
            fail(f"{program} does not start")

    def stop(self, program, how="TERM"):
        if subprocess.run([LAB, "stop", self.dir, program, how]).returncode:
            fail(f"{program} does not stop")

    def pid(self, program):
        return int((self.dir / f"{program}.pid").read_text().split()[0])

    def status(self, program):
        return int((self.dir / f"{program}.rc").read_text())

    def running(self, program):
        return (self.dir / f"{program}.pid").exists() and not (self.dir / f"{program}.rc").exists()

    def log(self, program="tandemd"):
        return (self.dir / f"{program}.log").read_text(errors="replace")

    def wire_counts(self, number=0):
        """What a bad wire has done to the frames, {"alice0>relay1": {"lost": 3, ...}, ...}."""
        program = f"wire{number}"
        known = self.log(program).count("\n")
        os.kill(self.pid(program), signal.SIGUSR1)
        log = until(lambda: (text := self.log(program)).count("\n") == known + 2 and text, "the wire's counts")
        lines = [line.split() for line in log.splitlines()[known:]]
        return {
            line[0]: {name: int(value) for name, value in (part.split("=") for part in line[1:])}
            for line in lines
        }

    def set_port(self, number, **keys):
        """Settings of a port, for the next start of tandemd."""
        file = self.dir / "tandem.yaml"
        ports = file.read_text().split("  - device:")
        for key, value in keys.items():
            ports[number + 1] = re.sub(rf"^    {key}:.*\n", "", ports[number + 1], flags=re.M)
            ports[number + 1] += f"    {key}: {value}\n"
        file.write_text("  - device:".join(ports))

    def received_by_queue(self, interface):
        """Frames that came in by each receive queue of one of the relay's interfaces."""
        text = self.run("relay", "ethtool", "-S", interface).stdout
        rows = re.findall(r"rx_queue_(\d+)_xdp_packets: (\d+)", text)
        return [int(count) for _, count in sorted((int(queue), count) for queue, count in rows)]

    # places

    def namespace(self, place):
        return f"{self.name}-{place}"

    def add_place(self, place):
        """One more namespace, which goes with the lab."""
        with open(self.dir / "made", "a") as made:
            made.write(f"namespace {self.namespace(place)}\n")
        subprocess.run(["ip", "netns", "add", self.namespace(place)], check=True)

    def batch(self, place, commands):
        """Lines for ip(8) in `place`."""
        done = subprocess.run(
            ["ip", "-n", self.namespace(place), "-batch", "-"],
            input=commands,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            fail(f"ip in {place}: {done.stdout}")

    @contextlib.contextmanager
    def inside(self, place):
        """The calling thread's sockets made within belong to `place`."""
        with open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as home:
            enter(f"/run/netns/{self.namespace(place)}")
            try:
                yield
            finally:
                set_namespace(home.fileno())

    def command(self, place, *arguments):
        return ["ip", "netns", "exec", self.namespace(place), *map(str, arguments)]

    def run(self, place, *arguments, check=True, timeout=60):
        done = subprocess.run(
            self.command(place, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        if check and done.returncode:
            fail(f"{arguments} in {place}: status {done.returncode}\n{done.stdout}")
        return done

    def spawn(self, place, *arguments, log=None, **options):
        """A process in `place`, ended at the latest with the lab; its output goes to `log`."""
        out = open(self.dir / log, "wb") if log else subprocess.PIPE
        child = subprocess.Popen(
            self.command(place, *arguments),
            stdin=options.pop("stdin", subprocess.DEVNULL),
            stdout=out,
            stderr=subprocess.STDOUT,
            **options,
        )
        if log:
            out.close()
        self.children.append(child)
        return child

    def sysctl(self, place, **values):
        """Set what is below net.ipv4 in `place`."""
        with self.inside(place):
            for name, value in values.items():
                Path("/proc/sys/net/ipv4", name).write_text(str(value))

    def kernel_counts(self, place):
        """The TCP counters of a place's kernel, those of netstat(8), by name."""
        with self.inside(place):
            rows = Path("/proc/thread-self/net/netstat").read_text().splitlines()
        names, values = [row.split()[1:] for row in rows if row.startswith("TcpExt:")]
        return dict(zip(names, map(int, values)))

    # users and legs

    def user(self, place, jid=None):
        """A logged-in user; `jid` is bare or full and defaults to the place's own."""
        user = Jabber(self, place, jid or f"{place}@example.org/lab")
        self.users.append(user)
        return user

    def connect(self, place, relay=None, port=PORT, source_port=0, timeout=TIMEOUT):
        """A kernel TCP connection from `place` to the relay: a leg."""
        relay = relay or RELAY_AT[place]
        leg = self.socket(place, source_port, v6=":" in relay)
        leg.settimeout(timeout)
        leg.connect((relay, port))
        return leg

    def socket(self, place, source_port=0, v6=False):
        """An unconnected TCP socket in `place`, bound to its address on the wire."""
        with self.inside(place):
            leg = socket.socket(socket.AF_INET6 if v6 else socket.AF_INET, socket.SOCK_STREAM)
        leg.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        leg.bind(((HOME6 if v6 else self.home)[place], source_port or next(self.ports)))
        return leg

    def kill_peer(self, leg):
        """What a killed process with unread data leaves: a RST."""
        leg.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        leg.close()

    # what tandemd tells

    def http(self, path):
        """(status, headers, body) of a GET on the stats endpoint."""
        with self.inside("relay"):
            channel = socket.create_connection(("127.0.0.1", 9465), timeout=TIMEOUT)
        with channel:
            request = f"GET {path} HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n"
            channel.sendall(request.encode())
            answer = b"".join(iter(lambda: channel.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:])
        if headers.get("transfer-encoding") == "chunked":
            body = unchunk(body)
        return int(lines[0].split()[1]), headers, body.decode()

    def metrics(self):
        """{(name, ((label, value), ...)): number} of all samples."""
        status, _, body = self.http("/metrics")
        expect(status, 200, "status of /metrics")
        return parse_metrics(body)

    def metric(self, name, **labels):
        """The sum of all samples of `name` that carry `labels`."""
        return total(self.metrics(), name, **labels)

    @contextlib.contextmanager
    def capture(self, place, interface, expression="tcp"):
        """tcpdump running in `place`; yields the path of what it writes, whole at the end."""
        path = self.dir / f"{place}-{interface}-{next(counter)}.pcap"
        options = ["-n", "-U", "--immediate-mode", "-B", "32768", "-s", "2048", "-Z", "root"]
        child = self.spawn(
            place, "tcpdump", "-i", interface, *options, "-w", path, expression, log=f"{path.name}.log"
        )
        log = self.dir / f"{path.name}.log"
        until(lambda: "listening on" in log.read_text(), "tcpdump listens")
        try:
            yield path
        finally:
            child.send_signal(signal.SIGINT)
            child.wait(TIMEOUT)
            dropped = re.search(r"(\d+) packets dropped by kernel", log.read_text())
            expect(dropped and dropped[1], "0", "packets tcpdump missed")


counter = itertools.count(1)
libc = ctypes.CDLL(None, use_errno=True)


def set_namespace(fd):
    """setns(2) of the calling thread into a network namespace."""
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")


def enter(path):
    with open(path) as file:
        set_namespace(file.fileno())


def unchunk(body):
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        out, body = out + body[:length], body[length + 2 :]
    return out


def parse_metrics(text):
    samples = {}
    for line in text.splitlines():
        if line.startswith("#") or not line:
            continue
        name, labels, value = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line).groups()
        pairs = tuple(sorted(re.findall(r'(\w+)="([^"]*)"', labels or "")))
        samples[name, pairs] = float(value)
    return samples


def total(samples, name, **labels):
    wanted = set(labels.items())
    found = [v for (n, pairs), v in samples.items() if n == name and wanted <= set(pairs)]
    if not found:
        fail(f"no sample of {name} {labels}")
    return sum(found)


# --- users ----------------------------------------------------------------------------------------


class Answer:
    """An IQ result or error that came back."""

    def __init__(self, stanza, when):
        self.xml = stanza
        self.when = when  # time.monotonic()
        self.type = stanza.get("type")
        error = stanza.find("{*}error")
        self.error_type = None if error is None else error.get("type")
        conditions = [] if error is None else [e for e in error if e.tag.startswith(f"{{{STANZAS}}}")]
        self.condition = conditions[0].tag.partition("}")[2] if conditions else None
        # what refused, for programs and for people
        limits = [] if error is None else [e for e in error if e.tag.startswith(f"{{{REFUSALS}}}")]
        self.limit = limits[0].tag.partition("}")[2] if limits else None
        self.text = None if error is None else error.findtext(f"{{{STANZAS}}}text")

    def __repr__(self):
        return ElementTree.tostring(self.xml, encoding="unicode")


class Jabber:
    """A user's stream through Prosody: sends whatever XML, keeps every IQ answer.

    slixmpp runs in a thread of its own that lives in the user's namespace; the methods here are for
    the script's thread.
    """

    def __init__(self, lab, place, jid):
        self.place = place
        self.jid = jid
        self.answers = {}  # id -> [Answer, ...] in order of arrival
        self.requests = []  # IQ get and set elements from others, unanswered
        self.arrived = threading.Condition()
        self.bound = threading.Event()
        self.lost = threading.Event()
        self.thread = threading.Thread(target=self.live, args=(lab, place), daemon=True)
        self.thread.start()
        if not self.bound.wait(TIMEOUT):
            fail(f"{jid} cannot log in")

    def live(self, lab, place):
        enter(f"/run/netns/{lab.namespace(place)}")
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        password = (lab.dir / "password").read_text().strip()
        self.stream = slixmpp.ClientXMPP(self.jid, password)
        self.stream.ca_certs = str(lab.dir / "ca.crt")
        self.stream.use_ipv6 = False
        self.stream.register_handler(Callback("all", StanzaPath("iq"), self.on_iq))
        self.stream.add_event_handler("session_start", self.on_session)
        self.stream.add_event_handler("disconnected", lambda _: self.lost.set())
        self.stream.connect(address=(XMPP, 5222))
        self.loop.run_forever()
        tasks = asyncio.all_tasks(self.loop)
        for task in tasks:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.close()

    def on_session(self, _):
        self.jid = self.stream.boundjid.full
        self.bound.set()

    def on_iq(self, iq):
        with self.arrived:
            if iq.xml.get("type") in ("result", "error"):
                answer = Answer(iq.xml, time.monotonic())
                self.answers.setdefault(iq.xml.get("id"), []).append(answer)
            else:
                self.requests.append(iq.xml)
            self.arrived.notify_all()

    def send(self, xml):
        """Send XML as it is."""
        self.loop.call_soon_threadsafe(self.stream.send_raw, xml)

    def ask(self, payload, type="set", to=RELAY):
        """Send an IQ and return its id."""
        id = f"q{next(counter)}"
        self.send(f"<iq type='{type}' to={quoteattr(to)} id='{id}'>{payload}</iq>")
        return id

    def answer(self, id, timeout=TIMEOUT):
        """The answer to an IQ, which must come in time."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: id in self.answers, timeout):
                fail(f"{self.jid} got no answer to {id} within {timeout} s")
            return self.answers[id][0]

    def iq(self, payload, type="set", to=RELAY, timeout=TIMEOUT):
        return self.answer(self.ask(payload, type, to), timeout)

    def unanswered(self, id, seconds):
        """Fail when an answer comes within so many seconds."""
        with self.arrived:
            if self.arrived.wait_for(lambda: id in self.answers, seconds):
                fail(f"{self.jid} got {self.answers[id][0]} too early")

    def claim(self, leg, sid, **options):
        return self.ask(endpoint(leg, sid, **options))

    def ping(self, to=RELAY, timeout=TIMEOUT):
        return self.iq("<ping xmlns='urn:xmpp:ping'/>", "get", to, timeout)

    def close(self):
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stream.abort)
            self.loop.call_soon_threadsafe(self.loop.stop)
            self.thread.join(TIMEOUT)


def endpoint(leg, sid, peer=None, rule="a", namespace=WHOKNOWS):
    """The claim of a leg: a socket, or ((own ip, port), (relay ip, port))."""
    own, relay = leg if isinstance(leg, tuple) else (leg.getsockname(), leg.getpeername())
    values = {
        "a": {"ip": relay[0], "port": relay[1], "from-ip": own[0], "from-port": own[1]},
        "b": {"ip": own[0], "port": own[1]},
        "c": {"ip": relay[0], "port": own[1]},
    }[rule]
    attributes = " ".join(f"{name}='{value}'" for name, value in values.items())
    peer = f" peer={quoteattr(peer)}" if peer else ""
    return f"<query xmlns='{namespace}' sid={quoteattr(sid)}{peer}><endpoint {attributes}/></query>"


def new_sid():
    return os.urandom(16).hex()


def expect_result(answer, what="answer"):
    if answer.type != "result":
        fail(f"{what}: {answer}, expected a result")
    return answer


def expect_error(answer, condition, error_type, what="answer", limit=None):
    if (answer.type, answer.condition, answer.error_type) != ("error", condition, error_type):
        fail(f"{what}: {answer}, expected the error {condition}/{error_type}")
    if limit and (answer.limit != limit or not answer.text):
        fail(f"{what}: {answer}, expected to be told of {limit}")
    return answer


def splice(lab, alice, bob, sid=None, places=("alice", "bob"), relays=(None, None)):
    """Two legs, claimed and spliced."""
    sid = sid or new_sid()
    legs = [lab.connect(place, relay) for place, relay in zip(places, relays)]
    ids = [alice.claim(legs[0], sid, peer=bob.jid), bob.claim(legs[1], sid, peer=alice.jid)]
    expect_result(alice.answer(ids[0]), "the first claim")
    expect_result(bob.answer(ids[1]), "the second claim")
    return legs


# --- payload --------------------------------------------------------------------------------------

BLOCK = 1 << 20


def blocks(seed, size):
    """The same pseudo-random bytes for the same seed, in pieces."""
    source = random.Random(seed)
    for start in range(0, size, BLOCK):
        yield source.randbytes(min(BLOCK, size - start))


def digest(seed, size):
    sum = hashlib.sha256()
    for block in blocks(seed, size):
        sum.update(block)
    return sum.hexdigest()


def receive(leg):
    """Read to EOF: (number of bytes, SHA-256)."""
    sum, size = hashlib.sha256(), 0
    while block := leg.recv(BLOCK):
        sum.update(block)
        size += len(block)
    return size, sum.hexdigest()


def receive_exactly(leg, size):
    data = b""
    while len(data) < size:
        block = leg.recv(size - len(data))
        if not block:
            fail(f"EOF after {len(data)} of {size} bytes")
        data += block
    return data


class Task(threading.Thread):
    """A function in a thread whose value, or exception, comes out of result()."""

    def __init__(self, function, *arguments):
        super().__init__(daemon=True)
        self.function, self.arguments = function, arguments
        self.value = self.error = None
        self.start()

    def run(self):
        try:
            self.value = self.function(*self.arguments)
        except BaseException as error:
            self.error = error

    def result(self, timeout=TIMEOUT):
        self.join(timeout)
        if self.is_alive():
            fail(f"{self.function.__name__} is not done within {timeout} s")
        if self.error:
            raise self.error
        return self.value


def send_all(leg, seed, size, shut=True):
    """Send the bytes of a seed, then FIN."""
    for block in blocks(seed, size):
        leg.sendall(block)
    if shut:
        leg.shutdown(socket.SHUT_WR)


def exchange(one, other, size=1 << 16, timeout=TIMEOUT):
    """`size` bytes each way at once, byte-exact, with EOF at both ends; the legs are then closed."""
    senders = [Task(send_all, one, 1, size), Task(send_all, other, 2, size)]
    readers = [Task(receive, other), Task(receive, one)]
    for task in senders:
        task.result(timeout)
    for seed, task in enumerate(readers, 1):
        expect(task.result(timeout), (size, digest(seed, size)), f"what arrived of stream {seed}")
    one.close()
    other.close()


def reaches(one, other, text=b"hello"):
    """A few bytes each way prove that two legs are spliced."""
    one.sendall(text)
    expect(receive_exactly(other, len(text)), text, "bytes that arrived")
    other.sendall(text[::-1])
    expect(receive_exactly(one, len(text)), text[::-1], "bytes that arrived")


def is_reset(leg, timeout=TIMEOUT):
    """Wait for the leg to be reset; True at a RST, False when it ends in another way."""
    leg.settimeout(timeout)
    try:
        return leg.recv(1) == "never"
    except ConnectionResetError:
        return True


def expect_reset(leg, what="the leg", timeout=TIMEOUT):
    try:
        if is_reset(leg, timeout):
            return
    except TimeoutError:
        fail(f"{what} is not reset within {timeout} s")
    fail(f"{what} got data or EOF, expected a RST")


def expect_untouched(leg, what="the leg"):
    """Neither reset nor closed nor given data until now."""
    leg.setblocking(False)
    try:
        data = leg.recv(1)
        fail(f"{what} got {data!r}")
    except BlockingIOError:
        pass
    except ConnectionResetError:
        fail(f"{what} was reset")
    finally:
        leg.settimeout(TIMEOUT)


# --- the tandem program ---------------------------------------------------------------------------


class Peer:
    """A running `tandem`: its lines of output, its complaints, its exit status.

    Its output goes to a file, or to `stdout`, and then there are no lines to be asked for.
    """

    def __init__(self, lab, place, *arguments, user=None, stdin=subprocess.DEVNULL, stdout=None):
        base = lab.dir / f"tandem-{next(counter)}"
        self.out, self.err = base.with_suffix(".out"), base.with_suffix(".err")
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.child = subprocess.Popen(
                lab.command(
                    place,
                    TANDEM,
                    *arguments,
                    *("--jid", user or f"{place}@example.org"),
                    *("--server", XMPP),
                    *("--ca-file", lab.dir / "ca.crt"),
                    *("--password-file", lab.dir / "password"),
                ),
                stdin=stdin,
                stdout=out if stdout is None else stdout,
                stderr=err,
            )
        lab.children.append(self.child)

    def line(self, word, timeout=TIMEOUT):
        """The words of the first line that begins with `word`, once it is there."""

        def find():
            lines = [line.split(" ") for line in self.out.read_text().splitlines()]
            found = [words for words in lines if words[0] == word]
            if not found and self.child.poll() is not None:
                fail(f"tandem ended with {self.child.returncode}: {self.err.read_text()}")
            return found and found[0]

        return until(find, f"tandem says {word}", timeout)

    def wait(self, timeout=TIMEOUT):
        try:
            return self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            fail(f"tandem has not ended within {timeout} s: {self.err.read_text()}")

    def expect(self, status, timeout=TIMEOUT):
        if self.wait(timeout) != status:
            fail(f"tandem ended with {self.child.returncode}, expected {status}: {self.err.read_text()}")


def receiver(lab, directory, *options, sender="bob@example.org", place="alice"):
    """A `tandem receive` that is ready; its JID is in .jid."""
    directory.mkdir(exist_ok=True)
    peer = Peer(lab, place, "receive", "--from", sender, "--directory", directory, *options)
    peer.jid = peer.line("ready")[1]
    return peer


def sender(lab, file, to, *options, place="bob"):
    return Peer(lab, place, "send", file, to, "--via", RELAY, *options)


def make_file(path, size, seed=1):
    with open(path, "wb") as file:
        for block in blocks(seed, size):
            file.write(block)
    return path
