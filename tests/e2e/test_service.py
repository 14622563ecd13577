# SPDX-License-Identifier: Apache-2.0
"""The program as a service: its start, its end, and what its commands say meanwhile."""

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.process import wait_for

HUB = {"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"}
IMAGE = "docker.io/acme/shop"
WEB = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {longshore.dev/policy: semver}}
spec: {template: {spec: {containers: [{name: web, image: "docker.io/acme/shop:1.4.1"}]}}}
"""


class Service(Case):
    def test_it_says_which_free_port_it_took(self):
        program = self.longshore([HUB])
        program.settings["listen"] = "127.0.0.1:0"
        program.launch()
        program.process.wait_ready(lambda: program.logged_port() and program.is_ready())
        self.assertNotEqual(program.logged_port(), program.port.number)
        self.assertEqual(program.get("/healthz").status, 200)

    def test_it_ends_with_0_when_it_is_asked_to(self):
        program = self.longshore([HUB]).start()
        self.assertEqual(program.stop(), 0)

    def test_a_key_that_nobody_knows_is_an_error_with_its_place(self):
        program = self.longshore([HUB], more={"lissten": "127.0.0.1:1"})
        program.launch()
        self.assertGreater(program.process.wait(), 0)
        self.assertRegex(program.process.tail(), r"longshore\.yaml:\d+:\d+: .*lissten")
        self.assertGreater(program.run("check").returncode, 0)

    def test_its_commands_tell_what_happened(self):
        program = self.longshore([HUB])
        program.write_manifest("web.yaml", WEB)
        program.start()
        event = program.notify("hub", notifications.dockerhub("acme/shop", "1.4.2")).json()["id"]
        wait_for("the manifest changes", lambda: b"acme/shop:1.4.2" in program.manifest("web.yaml"))
        wait_for("the audit says so", lambda: program.audit().applied(f"{IMAGE}:1.4.2"))

        status = program.status()
        self.assertEqual((status["accepted"], status["backlog"]), (1, 0))
        self.assertEqual(status["targets"][0]["name"], "manifests")
        [action] = program.actions()
        self.assertEqual((action["event"], action["state"]), (event, "done"))
        steps = [line["step"] for line in program.audit().of(event)]
        self.assertEqual(steps, [audit.RECEIVED, audit.DECIDED, audit.APPLIED])
        self.assertEqual(program.verify_audit().returncode, 0)

        # It reads well without a server, too.
        self.assertEqual(program.stop(), 0)
        self.assertEqual(program.verify_audit().returncode, 0)

    def test_an_audit_that_somebody_edited_does_not_verify(self):
        program = self.longshore([HUB])
        program.write_manifest("web.yaml", WEB)
        program.start()
        program.notify("hub", notifications.dockerhub("acme/shop", "1.4.2"))
        wait_for("the audit says so", lambda: program.audit().applied())
        self.assertEqual(program.stop(), 0)
        text = program.audit_file.read_text()
        program.audit_file.write_text(text.replace("1.4.1", "1.4.0", 1))
        self.assertNotEqual(text, program.audit_file.read_text())
        self.assertGreater(program.verify_audit().returncode, 0)

    def test_a_manifest_that_comes_after_the_push_gets_it_too(self):
        program = self.longshore([HUB]).start()
        event = program.notify("hub", notifications.dockerhub("acme/shop", "1.4.2")).json()["id"]
        wait_for("the event is decided", lambda: program.audit().decisions(event))
        program.write_manifest("web.yaml", WEB)
        wait_for("the manifest changes", lambda: b"acme/shop:1.4.2" in program.manifest("web.yaml"))

    def test_observing_decides_and_touches_nothing(self):
        program = self.longshore([HUB], more={"mode": "observe"})
        program.write_manifest("web.yaml", WEB)
        program.start()
        event = program.notify("hub", notifications.dockerhub("acme/shop", "1.4.2")).json()["id"]
        wait_for("the event is decided", lambda: program.audit().decisions(event))
        self.assertEqual(program.stop(), 0)
        self.assertEqual(program.manifest("web.yaml"), WEB)
        self.assertIn(audit.UPDATE, [line["decision"] for line in program.audit().decisions(event)])
