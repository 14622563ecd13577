# SPDX-License-Identifier: Apache-2.0
"""The program under test, with its configuration, store, audit and manifests in one folder."""

import http.client
import json
import pathlib
import re
import signal
import subprocess

from . import audit, components
from .process import PATIENCE, Port, Process

LISTENING = re.compile(r"listening.*?address=\"?127\.0\.0\.1:(\d+)")


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


def flow(value):
    """A value as YAML in flow style, so that the file reads as people write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z][A-Za-z0-9_./-]*|\d+(ms|s|m|h|[KM]iB)", value):
        return json.dumps(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Longshore:
    """One installation; start() and stop() as often as a test likes, always on the same port.

    sources, registries, policies: as in the configuration. more: further top-level keys.
    """

    def __init__(self, folder, sources, registries=(), policies=(), more=None):
        self.folder = pathlib.Path(folder)
        self.deploy = self.folder / "deploy"
        self.deploy.mkdir(parents=True)
        self.config = self.folder / "longshore.yaml"
        self.audit_file = self.folder / "audit.jsonl"
        self.store = self.folder / "longshore.db"
        self.log = self.folder / "longshore.log"
        self.port = Port()
        self.process = None
        # Put before the program's command line, where it has to run somewhere else.
        self.prefix = []
        self.settings = {
            "listen": f"127.0.0.1:{self.port.number}",
            "store": str(self.store),
            "audit": {"file": str(self.audit_file)},
            "drain_delay": "0s",
            "sweep": "off",  # the hosts of most tests are nobody's
            "sources": list(sources),
            "registries": list(registries),
            "targets": [{"name": "manifests", "type": "files", "path": str(self.deploy)}],
            "policies": list(policies),
            # Nobody is asked about images that a test only names, with nobody's passwords.
            "sweep": "off",
            "docker_config": "off",
            **(more or {}),
        }

    # Its life.

    def write_config(self):
        lines = []
        for key, value in self.settings.items():
            if isinstance(value, list):
                if value:
                    lines += [f"{key}:", *(f"  - {flow(item)}" for item in value)]
            else:
                lines.append(f"{key}: {flow(value)}")
        self.config.write_text("\n".join(lines) + "\n")

    def launch(self):
        """Starts it and waits for nothing."""
        self.write_config()
        self.process = Process(
            "longshore",
            [*self.prefix, components.find("longshore"), "serve", "--config", self.config],
            self.log,
        )

    def start(self):
        self.launch()
        self.process.wait_ready(self.is_ready)
        return self

    def is_ready(self):
        try:
            return self.get("/readyz").status == 200
        except OSError:
            return False

    def stop(self):
        """Ends it as a service manager does; its exit code."""
        self.process.signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self):
        self.process.kill()

    def close(self):
        if self.process:
            self.process.end()
        self.port.release()

    def peak_memory_kib(self):
        """The most that was ever resident, since its start."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE).group(1))

    def keeps_freed_memory(self):
        """Whether AddressSanitizer is in it, which does."""
        return "libasan" in pathlib.Path(f"/proc/{self.process.pid}/maps").read_text()

    def logged_port(self):
        """The port that it says it listens on, or None."""
        found = LISTENING.search(self.log.read_text(errors="replace"))
        return int(found.group(1)) if found else None

    # Talking to it.

    def request(self, method, path, body=None, headers=None):
        port = self.port.number
        if self.settings["listen"].endswith(":0"):
            port = self.logged_port()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10 * PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            return Reply(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, headers=None):
        return self.request("GET", path, None, headers)

    def post(self, path, body, headers=None):
        """Sends a notification as a sender does that reads the reply."""
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        return self.request("POST", path, body, {
            "Content-Type": "application/json", "Accept": "application/json", **(headers or {})})

    def notify(self, source, body, headers=None):
        """post() with the token of that source."""
        token = next(s["token"] for s in self.settings["sources"] if s["name"] == source)
        return self.post(f"/hooks/{source}", body,
                         {"Authorization": f"Bearer {token}", **(headers or {})})

    def run(self, *arguments):
        """One of its commands, to its end."""
        return subprocess.run(
            [*self.prefix, components.find("longshore"), *arguments, "--config", str(self.config)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30 * PATIENCE, check=False)

    def json_of(self, *arguments):
        run = self.run(*arguments, "--json")
        if run.returncode != 0:
            raise AssertionError(f"longshore {' '.join(arguments)} ended with {run.returncode}: {run.stderr}")
        return json.loads(run.stdout)

    def status(self):
        return self.json_of("status")

    def actions(self):
        """The newest thousand."""
        return self.json_of("actions", "--limit", "1000")["actions"]

    def verify_audit(self):
        """Asks the server for the audit's end while there is one."""
        offline = [] if self.process.exit_code() is None else ["--offline"]
        return self.run("audit", "verify", *offline)

    # What came of it.

    def audit(self):
        return audit.Audit(self.audit_file)

    def write_manifest(self, name, data):
        """Puts a whole file in place, as a deployment would: never half of one."""
        path = self.deploy / name
        new = path.with_name(f".{name}.new")
        new.write_bytes(data)
        new.replace(path)
        return path

    def manifest(self, name):
        return (self.deploy / name).read_bytes()

    def diagnostics(self):
        parts = [f"--- {self.config}", self.config.read_text() if self.config.exists() else "(none)",
                 f"--- {self.log}", self.process.tail() if self.process else "(never started)",
                 f"--- {self.audit_file}", *audit.tail(self.audit_file)]
        return "\n".join(parts)
