# SPDX-License-Identifier: Apache-2.0
"""What persons say: pauses, holds, rollbacks, replays, and changes by hand that stand."""

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.process import wait_for

HUB = {"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"}
WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, namespace: shop, annotations: {{longshore.dev/policy: "{policy}"}}}}
spec: {{template: {{spec: {{containers: [{{name: web, image: "docker.io/acme/shop:{tag}"}}]}}}}}}
"""


class People(Case):
    def begin(self, tag="1.4.1", policy="semver:~1.4"):
        self.program = self.longshore([HUB])
        self.policy = policy
        self.set_by_hand(tag)
        self.program.start()

    def set_by_hand(self, tag):
        self.program.write_manifest("web.yaml", WEB.format(policy=self.policy, tag=tag).encode())

    def runs(self, tag):
        return f"acme/shop:{tag}\"".encode() in self.program.manifest("web.yaml")

    def wait_runs(self, tag):
        wait_for(f"the manifest runs {tag}", lambda: self.runs(tag))

    def push(self, tag):
        return self.program.notify("hub", notifications.dockerhub("acme/shop", tag)).json()["id"]

    def decision(self, event):
        """What was decided because of that event, with the reason."""
        lines = wait_for(f"{event} is decided", lambda: self.program.audit().decisions(event))
        return lines[-1]["decision"], lines[-1]["reason"]

    def deploy(self, tag):
        """A push that is applied, and the store knows of it."""
        before = self.program.status()["actions"].get("done", 0)
        event = self.push(tag)
        self.wait_runs(tag)
        wait_for("its action is done",
                 lambda: self.program.status()["actions"].get("done", 0) == before + 1)
        return event

    def ok(self, *words):
        run = self.program.run(*words)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout

    def refused(self, code, *words):
        run = self.program.run(*words)
        self.assertEqual(run.returncode, code, run.stdout)
        return run.stderr

    def step(self, name):
        """The newest line of that step."""
        return wait_for(f"a line {name}", lambda: self.program.audit().steps(name))[-1]

    def test_a_pause_stands_over_a_restart_and_resume_does_what_waited(self):
        self.begin()
        self.ok("pause", "--reason", "stocktaking")
        self.assertIn("everything is paused", self.ok("status").splitlines()[1])
        decision, reason = self.decision(self.push("1.4.2"))
        self.assertEqual(decision, "wait")
        self.assertIn("stocktaking", reason)
        self.assertEqual(self.program.stop(), 0)
        self.program.start()
        self.assertEqual(self.decision(self.push("1.4.3"))[0], "wait")
        self.assertTrue(self.runs("1.4.1"))
        [pause] = self.program.status()["pauses"]
        self.assertEqual(pause["reason"], "stocktaking")
        self.assertNotIn(pause["actor"], ("", "operator"))
        self.ok("resume")
        self.wait_runs("1.4.3")
        self.assertEqual(self.program.status()["pauses"], [])
        self.assertEqual(self.step("resumed")["actor"], pause["actor"])
        self.assertIn("not paused", self.refused(1, "resume"))

    def test_one_workload_is_paused_by_a_part_of_its_name(self):
        self.begin()
        other = WEB.format(policy="semver:~1.4", tag="1.4.1").replace("name: web,", "name: admin,")
        self.program.write_manifest("admin.yaml", other.encode())
        wait_for("both are known", lambda: len(self.program.json_of("plan")["plan"]) == 2)
        self.assertIn("fits 2 workloads", self.refused(2, "pause", "shop/"))
        self.assertIn("web.yaml", self.refused(1, "pause", "shop/webb"))
        self.refused(2, "pause", "")
        self.ok("pause", "web.yaml")
        self.push("1.4.2")
        wait_for("the other one moves",
                 lambda: b"acme/shop:1.4.2" in self.program.manifest("admin.yaml"))
        self.assertTrue(self.runs("1.4.1"))
        self.ok("resume", "web.yaml")
        self.wait_runs("1.4.2")

    def test_a_held_image_is_skipped_until_unhold(self):
        self.begin()
        self.ok("hold", "web", "1.4.2", "--reason", "it leaks")
        decision, reason = self.decision(self.push("1.4.2"))
        self.assertEqual(decision, audit.SKIP)
        self.assertIn("it leaks", reason)
        self.assertIn("it leaks", self.ok("plan", "web"))
        self.assertIn("1.4.2", self.ok("plan", "web", "--why"))
        [hold] = self.program.status()["holds"]
        self.assertEqual((hold["tag"], hold["reason"]), ("1.4.2", "it leaks"))
        self.assertIn("it leaks", self.ok("status"))
        self.ok("unhold", "web", "1.4.2")
        self.wait_runs("1.4.2")
        self.refused(1, "unhold", "web")

    def test_a_lower_version_that_a_person_sets_stands_and_a_higher_push_goes_through(self):
        self.begin()
        self.deploy("1.4.2")
        self.set_by_hand("1.4.1")
        self.assertIn("set by somebody else", self.step("overruled")["reason"])
        self.decision(self.push("1.4.2"))
        self.assertEqual(self.program.stop(), 0)
        self.program.start()
        decision, reason = self.decision(self.push("1.4.2"))
        self.assertEqual(decision, audit.SKIP)
        self.assertTrue(self.runs("1.4.1"))
        self.deploy("1.4.3")
        self.assertEqual(len(self.program.audit().steps("overruled")), 1)

    def test_unhold_gives_a_person_s_lower_version_up(self):
        self.begin()
        self.deploy("1.4.2")
        self.set_by_hand("1.4.1")
        self.step("overruled")
        self.ok("unhold", "web")
        self.wait_runs("1.4.2")

    def test_a_manifest_that_was_set_back_while_it_was_away_stands(self):
        self.begin()
        self.deploy("1.4.2")
        self.assertEqual(self.program.stop(), 0)
        self.set_by_hand("1.4.1")
        self.program.start()
        self.step("overruled")
        self.decision(self.push("1.4.2"))
        self.assertTrue(self.runs("1.4.1"))

    def test_a_rollback_goes_back_and_the_same_push_does_not_redo_it(self):
        self.begin()
        self.assertIn("--to", self.refused(1, "rollback", "web"))
        self.deploy("1.4.2")
        self.assertIn("1.4.2 -> docker.io/acme/shop:1.4.1", self.ok("rollback", "web"))
        self.wait_runs("1.4.1")
        line = self.step("rolled back")
        self.assertNotIn(line["actor"], ("", "operator"))
        wait_for("it is applied", lambda: self.program.audit().applied("docker.io/acme/shop:1.4.1"))
        decision, reason = self.decision(self.push("1.4.2"))
        self.assertEqual(decision, audit.SKIP)
        self.assertIn("rolled back by", reason)
        self.assertTrue(self.runs("1.4.1"))
        self.deploy("1.4.3")
        self.ok("rollback", "web", "--to", "1.4.0")
        self.wait_runs("1.4.0")
        self.assertEqual(self.program.verify_audit().returncode, 0)

    def test_an_event_is_replayed_and_decided_again(self):
        self.begin(policy="never")
        event = self.push("1.4.2")
        self.decision(event)
        replayed = self.program.json_of("replay", event)
        self.assertEqual(replayed["replayed"], event)
        self.assertNotEqual(replayed["id"], event)
        self.decision(replayed["id"])
        line = self.step("replayed")
        self.assertEqual(line["id"], replayed["id"])
        self.assertIn(event, line["reason"])
        self.refused(1, "replay", "01JNZ8Q6T0ABCDEFGHJKMNPQRS")
        self.refused(2, "replay", "nonsense")

    def test_the_plan_tells_what_would_change_and_touches_nothing(self):
        self.program = self.longshore([HUB], more={"mode": "observe"})
        self.policy = "semver:~1.4"
        self.set_by_hand("1.4.1")
        self.program.start()
        self.decision(self.push("1.4.2"))
        [planned] = self.program.json_of("plan")["plan"]
        self.assertEqual((planned["decision"], planned["to"], planned["observed"]),
                         ("update", "docker.io/acme/shop:1.4.2", True))
        self.assertIn("only observed", self.ok("plan", "web"))
        self.assertTrue(self.runs("1.4.1"))
        self.assertIn("only observed", self.refused(1, "rollback", "web", "--to", "1.4.0"))
