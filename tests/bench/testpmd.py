# SPDX-License-Identifier: BSD-3-Clause
"""testpmd, kept running and asked by its own prompt."""

import os
import pty
import re
import select
import subprocess
import time

from bench import fail

TIMEOUT = 30


class Testpmd:
    """It forwards only between start() and stop(), on the last of `cores`."""

    def __init__(self, eal, env, options=(), wait_for=None):
        self.master, slave = pty.openpty()
        try:
            self.child = subprocess.Popen(
                ["dpdk-testpmd", *map(str, eal), "--", "-i", "--record-core-cycles", *options],
                env=env,
                stdin=slave,
                stdout=slave,
                stderr=slave,
            )
        finally:
            os.close(slave)
        self.text = ""
        self.read("testpmd> ")
        if wait_for:
            self.read(wait_for)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.child.poll() is None:
            os.write(self.master, b"stop\nquit\n")
            try:
                self.read("Bye")
                self.child.wait(TIMEOUT)
            except (RuntimeError, subprocess.TimeoutExpired):
                self.child.kill()
        self.child.wait()
        os.close(self.master)

    def read(self, pattern):
        """What it says up to and with the first match of `pattern`."""
        deadline = time.monotonic() + TIMEOUT
        while not (match := re.search(pattern, self.text)):
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            try:
                more = os.read(self.master, 65536) if ready else b""
            except OSError:  # it has ended
                more = b""
            if not more:
                self.child.kill()
                fail(f"testpmd does not say {pattern!r}: {self.text[-2000:]}")
            self.text += more.decode(errors="replace")
        said, self.text = self.text[: match.end()], self.text[match.end() :]
        return said

    def tell(self, command):
        """Its answer to a command."""
        os.write(self.master, f"{command}\n".encode())
        self.read(re.escape(command))
        return self.read("testpmd> ")

    def stop(self):
        """End forwarding; how many cycles a packet took."""
        said = self.tell("stop")
        found = re.search(r"CPU cycles/packet=([0-9.]+)", said)
        if not found:
            fail(f"testpmd forwarded nothing: {said[-2000:]}")
        return float(found[1])

    def cycles(self, mode, seconds):
        """Cycles a packet of forwarding in a mode for a while."""
        self.tell(f"set fwd {mode}")
        self.tell("start")
        time.sleep(seconds)
        return self.stop()
