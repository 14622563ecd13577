# SPDX-License-Identifier: Apache-2.0
"""A great many tags, and a great many notifications of one repository."""

import http.client
import json
import pathlib
import threading

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.fake_registry import PAGE, FakeRegistry, Held
from harness.process import PATIENCE, wait_for
from harness.workloads import deployment, image_of

TAGS = 100_000
MEMORY_KIB = 64 << 10
EVENTS = 10_000
SENDERS = 8
# Far fewer than there were notifications.
DECISIONS = 50
SHOP = "acme/shop"


def peak_memory_kib(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1])
    raise AssertionError("the kernel does not say")


class Many(Case):
    def setUp(self):
        super().setUp()
        self.hub = self.listening(FakeRegistry())
        self.image = f"{self.hub.host}/{SHOP}"

    def begin(self, **more):
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{self.hub.host}/acme/*"]}],
            registries=[{"host": self.hub.host, "insecure": True}], more=more)

    def write_shop(self, tag):
        self.program.write_manifest("shop.yaml", deployment("shop", f"{self.image}:{tag}", "semver:~1.4"))

    def wait_running(self, tag, seconds):
        wait_for(f"the manifest runs {tag}",
                 lambda: image_of(self.program.manifest("shop.yaml")) == f"{self.image}:{tag}", seconds)
        wait_for("the audit says so", lambda: self.program.audit().applied(f"{self.image}:{tag}"))

    def test_a_hundred_thousand_tags_are_listed_in_bounded_memory(self):
        # The one in range is among the first pages, the highest of all among the last.
        self.hub.put(SHOP, "1.4.1", "1.4.7", "1.5.0", *(f"build-{number:06}" for number in range(TAGS // 2)),
                     *(f"9.{number}.0" for number in range(TAGS // 2)))
        self.begin(sweep="1h")
        self.program.start()
        before = peak_memory_kib(self.program.process)
        self.write_shop("1.4.1")
        self.wait_running("1.4.7", 45)
        # All pages, not only those up to what was looked for.
        wait_for("all is listed", lambda: self.hub.count("GET", "/tags/list") >= TAGS // PAGE)
        self.assertEqual(self.program.get("/healthz").status, 200)
        self.assertLess(peak_memory_kib(self.program.process) - before, MEMORY_KIB)
        self.assertEqual(self.program.stop(), 0)
        self.assertEqual([line["to"] for line in self.program.audit().applied()], [f"{self.image}:1.4.7"])

    def send(self, versions, ids):
        """One sender, on one connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.program.port.number, timeout=30 * PATIENCE)
        for version in versions:
            body = json.dumps(notifications.distribution(self.hub.host, SHOP, f"1.4.{version}", self.digest))
            connection.request("POST", "/hooks/reg", body, {
                "Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json", "Accept": "application/json"})
            response = connection.getresponse()
            reply = response.read()
            if response.status == 202:
                ids.append(json.loads(reply)["id"])
        connection.close()

    def test_ten_thousand_notifications_of_one_repository_are_few_decisions(self):
        versions = range(2, EVENTS + 2)
        last = f"1.4.{versions[-1]}"
        self.digest = self.hub.put(SHOP, *(f"1.4.{version}" for version in versions))
        held = self.hub.script = Held()
        self.addCleanup(held.release)
        self.begin(sweep="off")
        self.write_shop("1.4.1")
        self.program.start()
        ids = []
        senders = [threading.Thread(target=self.send, args=(versions[first::SENDERS], ids), daemon=True)
                   for first in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        self.assertEqual(len(set(ids)), EVENTS)
        held.release()
        self.wait_running(last, 30)
        wait_for("each event is decided", lambda: set(ids) <= self.program.audit().decided(), 30)
        said = self.program.audit()
        self.assertEqual(said.applied()[-1]["to"], f"{self.image}:{last}")
        self.assertLessEqual(said.updates(self.image), DECISIONS)
        self.assertLessEqual(self.hub.count("HEAD"), DECISIONS)
        self.assertEqual(self.program.stop(), 0)
