# SPDX-License-Identifier: Apache-2.0
"""Real registries that notify the program under test."""

import http.client
import json
import pathlib
import shutil

from . import components
from .process import Port, Process

CONFIG = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {data}}}
  delete: {{enabled: true}}
http: {{addr: "127.0.0.1:{port}", secret: not-a-secret}}
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

    def start(self, url, token):
        """Notifies that URL, with that bearer token."""
        self.folder.joinpath("config.yml").write_text(CONFIG.format(
            data=self.folder / "data", port=self.port.number, url=url, token=token))
        self._launch()

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
        self.process.wait_ready(lambda: self._get("/v2/") is not None)

    def close(self):
        if self.process:
            self.process.end()
        self.port.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port.number, timeout=5)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.read() if response.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def tags(self, repository):
        return json.loads(self._get(f"/v2/{repository}/tags/list"))["tags"]
