# SPDX-License-Identifier: Apache-2.0
"""Killed again and again, between what it has acknowledged and what it has done."""

import http.client
import os
import random
import re
import threading
import time

from harness import notifications
from harness.case import TOKEN, Case
from harness.process import wait_for

KILLS = int(os.environ.get("LONGSHORE_TEST_KILLS", "50"))
SHOPS = ("north", "south", "east", "west")
BURST = 10  # pushes per shop and round
EVENT_ID = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{26}\b")

WORKLOAD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {shop}, annotations: {{longshore.dev/policy: "semver:~1.0"}}}}
spec: {{template: {{spec: {{containers: [{{name: web, image: "docker.io/acme/{shop}:1.0.0"}}]}}}}}}
"""


class Sender(threading.Thread):
    """Pushes rising versions of one repository until it has sent its burst or nobody answers."""

    def __init__(self, program, shop, first, on_reply):
        super().__init__(daemon=True)
        self.program, self.shop, self.first, self.on_reply = program, shop, first, on_reply

    def run(self):
        for version in range(self.first, self.first + BURST):
            try:
                reply = self.program.notify("hub", notifications.dockerhub(f"acme/{self.shop}", f"1.0.{version}"))
            except (OSError, http.client.HTTPException):
                return  # nobody there, or cut off in the middle of the reply: not acknowledged
            if reply.status == 202:
                self.on_reply(reply.json()["id"], self.shop, version)


class Crash(Case):
    def setUp(self):
        super().setUp()
        self.program = self.longshore([{"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"}])
        for shop in SHOPS:
            self.program.write_manifest(f"{shop}.yaml", WORKLOAD.format(shop=shop).encode())
        self.acknowledged = {}  # event id -> (shop, version)
        self.lock = threading.Condition()
        seed = int(os.environ.get("LONGSHORE_TEST_SEED", random.randrange(1 << 32)))
        self.random = random.Random(seed)
        print(f"   (LONGSHORE_TEST_SEED={seed} LONGSHORE_TEST_KILLS={KILLS} repeats this run)", flush=True)

    def acknowledge(self, event, shop, version):
        with self.lock:
            self.acknowledged[event] = (shop, version)
            self.lock.notify_all()

    def round(self, number):
        """One burst, and a kill at a random moment of it."""
        before = len(self.acknowledged)
        enough = before + self.random.randint(1, len(SHOPS) * BURST)
        senders = [Sender(self.program, shop, 1 + number * BURST, self.acknowledge) for shop in SHOPS]
        for sender in senders:
            sender.start()
        with self.lock:
            self.lock.wait_for(lambda: len(self.acknowledged) >= enough, timeout=5)
        # The moment of the kill is what this test is about; it waits for nothing.
        time.sleep(self.random.uniform(0, 0.004))
        self.program.kill()
        for sender in senders:
            sender.join()

    def undecided(self):
        decided = self.program.audit().decided()
        return [event for event in self.acknowledged if event not in decided]

    def test_killed_between_its_word_and_its_deed_it_keeps_its_word(self):
        caught = 0
        for number in range(KILLS):
            self.program.start()
            self.round(number)
            caught += bool(self.undecided())
        self.assertGreater(len(self.acknowledged), KILLS)
        # Else the kills came too late to show anything.
        self.assertGreater(caught, 0, f"none of {KILLS} kills came before a decision")

        self.program.start()
        wait_for("every acknowledged event is decided", lambda: not self.undecided(), 60)
        wait_for("nothing is left to do",
                 lambda: self.program.status()["backlog"] == 0 and not self.open_actions(), 60)
        self.assertEqual(self.program.stop(), 0)
        for shop in SHOPS:
            with self.subTest(shop=shop):
                self.assert_newest_in_effect_once(shop)
        self.assert_superseded_name_who_decided_them()
        self.assertEqual(self.program.verify_audit().returncode, 0)

    def open_actions(self):
        return [action for action in self.program.actions()
                if action["state"] in ("ready", "in flight", "waiting for retry")]

    def assert_newest_in_effect_once(self, shop):
        image = f"docker.io/acme/{shop}"
        acknowledged = max(version for name, version in self.acknowledged.values() if name == shop)
        text = self.program.manifest(f"{shop}.yaml").decode()
        [effective] = re.findall(rf"{image}:1\.0\.(\d+)", text)
        # What was sent and not acknowledged may be kept as well.
        self.assertGreaterEqual(int(effective), acknowledged)
        self.assertEqual(text, WORKLOAD.format(shop=shop).replace(":1.0.0", f":1.0.{effective}"))
        audit = self.program.audit()
        self.assertTrue(audit.received(f"{image}:1.0.{effective}"))
        applied = [line["to"] for line in audit.applied() if line["to"].startswith(f"{image}:")]
        self.assertEqual(applied.count(f"{image}:1.0.{effective}"), 1)
        versions = [int(to.rpartition(".")[2]) for to in applied]
        self.assertEqual(versions, sorted(set(versions)), "each once, and never backwards")

    def assert_superseded_name_who_decided_them(self):
        audit = self.program.audit()
        deciders = audit.decided() - {line["id"] for line in audit.superseded()}
        self.assertTrue(audit.superseded(), "no burst was decided at once")
        for line in audit.superseded():
            self.assertTrue(set(EVENT_ID.findall(line["reason"])) & deciders, line)
