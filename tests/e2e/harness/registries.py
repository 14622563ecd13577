# SPDX-License-Identifier: Apache-2.0
"""Real registries, open or behind passwords, tokens and TLS, that notify the program under test."""

import http.client
import json
import pathlib
import shutil
import ssl

from . import components
from .process import Port, Process

CONFIG = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {data}}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}", secret: not-a-secret{tls}}}
"""

NOTIFICATIONS = """\
notifications:
  events: {{includereferences: true}}
  endpoints:
    - name: longshore
      url: {url}
      headers: {{Authorization: ["Bearer {token}"]}}
      timeout: 2s
      threshold: 3
      backoff: 100ms
      ignore: {{mediatypes: [application/octet-stream], actions: [pull]}}
"""


class Registry:
    """CNCF Distribution, as `registry2` (2.8) or `registry3` (3.x); again on the same port after
    a restart()."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        self.port = Port()
        self.host = f"127.0.0.1:{self.port.number}"
        self.process = None
        self.is_tls = False

    def start(self, url, token, auth="", tls=None):
        """Notifies that URL, with that bearer token. auth: the line of that name in its
        configuration; tls: a Certificate."""
        self.start_alone(auth + NOTIFICATIONS.format(url=url, token=token), tls)

    def start_alone(self, auth="", tls=None):
        """Notifies nobody."""
        self.is_tls = tls is not None
        listen = f", tls: {{certificate: {tls.certificate}, key: {tls.key}}}" if tls else ""
        self._write_config(auth, listen)
        self._launch()

    def _write_config(self, more, tls=""):
        text = CONFIG.format(data=self.folder / "data", port=self.port.number, tls=tls)
        self.folder.joinpath("config.yml").write_text(text + more)

    def restart(self):
        """What it had not delivered is lost: its queue is in memory."""
        self.process.end()
        self._launch()

    def _launch(self):
        self.process = Process(
            self.kind,
            [components.find(self.kind), "serve", self.folder / "config.yml"],
            self.folder / "log",
            {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none"},
        )
        self.process.wait_ready(self._answers)

    def close(self):
        if self.process:
            self.process.end()
        self.port.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _answers(self):
        try:
            return self.request("GET", "/v2/").status in (200, 401)
        except OSError:
            return False

    def request(self, method, path, body=None, headers=None):
        """The response, read; without authentication, whatever its certificate."""
        if self.is_tls:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.port.number, timeout=5, context=ssl._create_unverified_context())
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port.number, timeout=5)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            response.text = response.read()
            return response
        finally:
            connection.close()

    def copy_tag(self, repository, tag, names):
        """Other tags for what a tag names, on the registry's own disk: a request for each takes 20 ms."""
        tags = self.folder / "data/docker/registry/v2/repositories" / repository / "_manifests/tags"
        link = (tags / tag / "current" / "link").read_bytes()
        for name in names:
            (tags / name / "current").mkdir(parents=True)
            (tags / name / "current" / "link").write_bytes(link)

    def _get(self, path):
        response = self.request("GET", path)
        return response.text if response.status == 200 else None

    def tags(self, repository):
        return json.loads(self._get(f"/v2/{repository}/tags/list"))["tags"]
