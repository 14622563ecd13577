# SPDX-License-Identifier: Apache-2.0
"""A great many notifications of one repository, while its registry takes its time."""

import http.client
import json
import threading

from harness import notifications
from harness.case import TOKEN, Case
from harness.fake_registry import FakeRegistry, Held
from harness.process import PATIENCE, wait_for
from harness.workloads import deployment, image_of

EVENTS = 10_000
SENDERS = 8
# Far fewer than there are notifications.
DECISIONS = 50
SHOP = "acme/shop"


class ManyNotifications(Case):
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

    def send_all(self, versions):
        """The ids of what was accepted."""
        ids = []
        senders = [threading.Thread(target=self.send, args=(versions[first::SENDERS], ids), daemon=True)
                   for first in range(SENDERS)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        return set(ids)

    def test_ten_thousand_are_few_decisions_and_the_highest_wins(self):
        self.hub = self.listening(FakeRegistry())
        image = f"{self.hub.host}/{SHOP}"
        versions = range(2, EVENTS + 2)
        last = f"{image}:1.4.{versions[-1]}"
        self.digest = self.hub.put(SHOP, *(f"1.4.{version}" for version in versions))
        held = self.hub.script = Held()
        self.addCleanup(held.release)
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{self.hub.host}/*"]}],
            registries=[{"host": self.hub.host, "insecure": True}])
        self.program.write_manifest("shop.yaml", deployment("shop", f"{image}:1.4.1", "semver:~1.4"))
        self.program.start()
        ids = self.send_all(versions)
        self.assertEqual(len(ids), EVENTS)
        held.release()
        wait_for("the manifest runs the highest",
                 lambda: image_of(self.program.manifest("shop.yaml")) == last, 30)
        wait_for("each event is decided", lambda: ids <= self.program.audit().decided(), 30)
        wait_for("the audit says so", lambda: self.program.audit().applied(last))
        said = self.program.audit()
        self.assertEqual(said.applied()[-1]["to"], last)
        self.assertLessEqual(said.updates(image), DECISIONS)
        self.assertLessEqual(self.hub.count("HEAD"), DECISIONS)
        self.assertEqual(self.program.stop(), 0)
