# SPDX-License-Identifier: Apache-2.0
"""A small file system of our own, that can be full or read-only."""

import pathlib
import subprocess
import time

from . import components
from .process import PATIENCE


class SmallDisk:
    """A tmpfs that only processes started with `enter` see; it goes away with close().

    A process of our own holds the namespace that it is mounted in, so that a program can be
    stopped and started again on the same disk.
    """

    def __init__(self, folder, size):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        command = components.find("mount")
        script = 'mount -t tmpfs -o "size=$2" none "$1" && echo ready && exec cat'
        # `cat` ends with us: its input closes.
        self._holder = subprocess.Popen([*command, "sh", "-c", script, "sh", str(self.folder), size],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self._holder.stdout.readline() != "ready\n":
            raise AssertionError("the small disk could not be mounted")
        self.enter = ["nsenter", "--target", str(self._holder.pid), "--mount"]
        if "--user" in command:
            self.enter += ["--user", "--preserve-credentials"]

    def remount(self, options):
        """`size=64m` to give it room, `ro` to forbid writing. What was open a moment ago may hold a
        file system writable for a little longer."""
        deadline = time.monotonic() + 5 * PATIENCE
        while True:
            run = self._run("mount", "-o", f"remount,{options}", str(self.folder))
            if run.returncode == 0:
                return
            if time.monotonic() > deadline:
                raise AssertionError(f"remount {options}: {run.stderr}")
            time.sleep(0.01)

    def fill(self):
        """Takes all the room that is left."""
        self._run("sh", "-c", 'cat /dev/zero > "$1/fill"; true', "sh", str(self.folder))

    def close(self):
        self._holder.stdin.close()
        self._holder.wait(10)
        self._holder.stdout.close()

    def _run(self, *command):
        return subprocess.run([*self.enter, *command], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False)
