# SPDX-License-Identifier: Apache-2.0
"""Child processes that end with the test, free ports, and waiting with a deadline."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

# Slow builds (sanitizers) and slow machines multiply every deadline by this.
PATIENCE = float(os.environ.get("LONGSHORE_TEST_PATIENCE", "1"))


def wait_for(what, predicate, seconds=10.0):
    """Returns the predicate's first true value; fails with `what` when the time is over."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = predicate()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds * PATIENCE:g} s: {what}")
        time.sleep(0.005)


class Port:
    """A free port of 127.0.0.1 that nobody else is given until release().

    It is held by a socket that is bound and never listens, so that a server that allows reuse of
    its address (all of ours do) can listen on it, stop, and listen on it again.
    """

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.bind(("127.0.0.1", 0))
        self.number = self._socket.getsockname()[1]

    def release(self):
        self._socket.close()


class Process:
    """One child, known by its process id, with its output in a file.

    It dies with us, even if we are killed: nothing is left listening.
    """

    def __init__(self, name, command, log, environment=None):
        self.name = name
        self.log = pathlib.Path(log)
        guard = ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []
        with open(self.log, "ab") as output:
            self._child = subprocess.Popen(
                [*guard, *map(str, command)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(environment or {})},
            )

    @property
    def pid(self):
        return self._child.pid

    def exit_code(self):
        """None while it runs; negative: the signal that ended it."""
        return self._child.poll()

    def wait(self, seconds=10.0):
        try:
            return self._child.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs after {seconds * PATIENCE:g} s") from None

    def signal(self, number):
        if self._child.poll() is None:
            self._child.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        return self._child.wait()

    def end(self):
        """Asks, then insists. Safe to call again."""
        self.signal(signal.SIGTERM)
        try:
            return self._child.wait(15 * PATIENCE)
        except subprocess.TimeoutExpired:
            return self.kill()

    def wait_ready(self, is_ready, seconds=15.0):
        def ready_or_dead():
            if self.exit_code() is not None:
                raise AssertionError(
                    f"{self.name} ended with {self.exit_code()} instead of starting:\n{self.tail()}")
            return is_ready()

        wait_for(f"{self.name} is ready", ready_or_dead, seconds)

    def tail(self, lines=40):
        if not self.log.exists():
            return ""
        text = self.log.read_text(errors="replace").splitlines()
        return "\n".join(text[-lines:])
