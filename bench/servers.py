# SPDX-License-Identifier: Apache-2.0
"""The servers that bench/receive.py measures: how each is started, stopped and looked into."""

import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import time

SOURCE = pathlib.Path(__file__).resolve().parent.parent
TOKEN = "bench-token"
READY_WITHIN = 10.0  # seconds
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    """One that was free a moment ago, for servers that cannot say which one they took."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server, listening on 127.0.0.1, with a folder of its own for what it keeps."""

    name = ""
    path = "/hooks/hub"

    def __init__(self, binaries, folder):
        self.binaries = pathlib.Path(binaries)
        self.folder = pathlib.Path(folder)
        self.port = 0
        self.process = None

    def command(self):
        raise NotImplementedError

    def available(self):
        return os.access(self.command()[0], os.X_OK)

    def prepare(self):
        """Writes the files that the command names."""

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.port = free_port()
        self.prepare()
        self.log = open(self.folder / "output.log", "wb")
        self.process = subprocess.Popen(
            self.command(), stdout=self.log, stderr=subprocess.STDOUT, cwd=self.folder)
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"{self.name} did not get ready:\n{self.output()}")

    def output(self):
        return (self.folder / "output.log").read_text(errors="replace")[-2000:]

    def stop(self):
        """Asks it to end and waits; returns its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.log.close()
        return code

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mb(self, which):
        """VmRSS (now) or VmHWM (the most so far)."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(which + ":"):
                return int(line.split()[1]) / 1024
        return 0.0

    def backlog(self):
        """Events that were accepted and are not finished; None where there is no such thing."""
        return None

    def kept(self):
        """After stop(): what is on the disk, by where it is."""
        return {}


class Bare(Server):
    name = "bare"

    def command(self):
        return [str(self.binaries / "epoll_server"), "--port", str(self.port)]


class Commit(Server):
    name = "commit"

    def command(self):
        return [str(self.binaries / "commit_server"), "--port", str(self.port),
                "--store", str(self.folder / "rows.db")]

    def kept(self):
        return {"rows": count(self.folder / "rows.db", "SELECT count(*) FROM events")}


class CommitEverything(Commit):
    """The same, with all rows that the product writes in the life of an event."""

    name = "commit-all"

    def command(self):
        return super().command() + ["--rows", "everything"]


class Webhook(Server):
    """adnanh/webhook with a hook whose rule does not match, so that it starts no process."""

    name = "webhook"
    def command(self):
        return [shutil.which("webhook") or "/usr/bin/webhook", "-hooks",
                str(self.folder / "hooks.json"), "-ip", "127.0.0.1", "-port", str(self.port),
                "-nopanic"]

    def prepare(self):
        rule = {"match": {"type": "value", "value": "no such tag",
                          "parameter": {"source": "payload", "name": "push_data.tag"}}}
        hook = {"id": "hub", "execute-command": "/bin/true", "trigger-rule": rule,
                "trigger-rule-mismatch-http-response-code": 202}
        (self.folder / "hooks.json").write_text(json.dumps([hook]))


class Longshore(Server):
    name = "longshore"

    def command(self):
        return [str(self.binaries / "longshore"), "serve", "--config", str(self.config())]

    def config(self):
        return self.folder / "longshore.yaml"

    def prepare(self):
        self.config().write_text(
            f"listen: 127.0.0.1:{self.port}\n"
            f"store: {self.folder}/longshore.db\n"
            f"audit: {{file: {self.folder}/audit.jsonl, rotate: 1GiB, keep: 10}}\n"
            "drain_delay: 0s\n"
            "sources:\n"
            f"  - {{name: hub, type: dockerhub, token: \"{TOKEN}\", verify: off}}\n")

    def status(self):
        command = [str(self.binaries / "longshore"), "status", "--json", "--config",
                   str(self.config())]
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"longshore status: {done.stderr.decode(errors='replace')}")
        return json.loads(done.stdout)

    def backlog(self):
        return self.status()["backlog"]

    def kept(self):
        lines = 0
        for file in self.folder.glob("audit.jsonl*"):
            with open(file, "rb") as audit:
                lines += sum(1 for line in audit if b'"step":"received"' in line)
        rows = count(self.folder / "longshore.db", "SELECT count(*) FROM events")
        return {"rows": rows, "audit lines": lines}


def count(database, query):
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchone()[0]
    finally:
        connection.close()


ALL = {server.name: server for server in (Bare, Commit, CommitEverything, Webhook, Longshore)}
