# SPDX-License-Identifier: Apache-2.0
"""What does not come up is rolled back and held; what a person does stands; and a death in the middle
changes none of it."""

from harness import audit
from harness import kube_workloads as workloads
from harness.kube_objects import is_rolled_out
from harness.process import wait_for
from harness.rollouts import SEMVER, Gate, RolloutCase, images_of

# What the audit says of an image that behaves so.
WHYS = {"bad": "ErrImagePull|ImagePullBackOff", "crash": "CrashLoopBackOff|restarts",
        "unready": "ProgressDeadlineExceeded", "crash-init": "'setup' .*(CrashLoopBackOff|restarts)"}
IMPATIENT = {"progressDeadlineSeconds": 3}
ONE_BY_ONE = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}


class FailureCase(RolloutCase):
    """Deployments that are named for how their next image behaves, each of a repository of its own."""

    def image(self, name):
        return f"{self.shop}-{name}"

    def deploy_each(self, names, **more):
        """Of 1.0.0, which is well."""
        for name in names:
            image = self.image(name)
            self.push("1.0.0", image=image)
            pod = {"init": {"setup": f"{image}:1.0.0"}} if name == "crash-init" else None
            limits = IMPATIENT if name == "unready" else {}
            self.create(workloads.deployment(name, f"{image}:1.0.0", SEMVER, pod, **limits, **more))
        for name in names:
            self.rolled_out(name=name)

    def push_each(self, names, tag="1.0.1"):
        """name -> digest"""
        return {name: self.push(tag, name, self.image(name)) for name in names}

    def assert_runs(self, tag, name="web", image=None):
        image = image or self.shop
        self.assertEqual(set(images_of(self.rolled_out(name=name)).values()), {f"{image}:{tag}"})

    def failed_rollout(self, name, kind="Deployment"):
        """What `status` says of it."""
        [rollout] = [one for one in self.program.status()["rollouts"]
                     if one["workload"] == f"{kind} {self.space}/{name}" and one["state"] in ("failed", "rolled back")]
        return rollout


class Failures(FailureCase):
    def test_what_does_not_come_up_is_rolled_back_and_held(self):
        self.begin()
        self.deploy_each(WHYS)
        digests = self.push_each(WHYS)
        for name, why in WHYS.items():
            with self.subTest(name=name):
                line = self.ended(audit.ROLLED_BACK, name)
                self.assertRegex(line["error"], why)
                self.assertIn(f"{self.image(name)}:1.0.0", line["to"])
                self.completed(f"{self.image(name)}:1.0.0", name)
                self.assert_runs("1.0.0", name, self.image(name))
                self.assertRegex(self.failed_rollout(name)["reason"], why)
                for hold in self.holds(name):
                    self.assertEqual((hold["tag"], hold["digest"]), ("1.0.1", digests[name]))
                    self.assertRegex(hold["reason"], why)
        self.assertIn("rolled back", self.ok("status"))
        self.push_each(WHYS)
        for name in WHYS:
            self.assert_skipped(self.event("1.0.1", self.image(name), times=2), "rollout failed")
            self.push("1.0.2", image=self.image(name))
        for name in WHYS:
            with self.subTest(name=name):
                self.completed(f"{self.image(name)}:1.0.2", name)
                self.assertEqual(len(self.patches(name)), 3)

    def test_an_ordered_stateful_set_s_stuck_pod_is_deleted(self):
        self.begin()
        self.push("1.0.0")
        self.create(workloads.stateful_set("web", f"{self.shop}:1.0.0", SEMVER, replicas=2))
        self.rolled_out("statefulset")
        self.push("1.0.1", "crash")
        self.assertRegex(self.ended(audit.ROLLED_BACK, kind="statefulset")["error"], WHYS["crash"])
        self.completed(f"{self.shop}:1.0.0", kind="statefulset")
        self.rolled_out("statefulset")
        deleted = [line for line in self.cluster.asked("longshore", "delete")
                   if line["objectRef"]["namespace"] == self.space]
        self.assertEqual({line["objectRef"]["name"] for line in deleted}, {"web-1"})

    def test_an_unready_image_fails_by_our_own_deadline_where_the_cluster_has_none(self):
        self.ROLLOUT = {**self.ROLLOUT, "deadline": "10s"}
        self.begin()
        self.push("1.0.0")
        self.create(workloads.daemon_set("web", f"{self.shop}:1.0.0", SEMVER))
        self.rolled_out("daemonset")
        self.push("1.0.1", "unready")
        [rollout] = wait_for("it is watched", lambda: self.program.status()["rollouts"])
        self.assertEqual((rollout["state"], rollout["workload"]), ("watching", f"DaemonSet {self.space}/web"))
        wait_for("status says how far it is", lambda: [
            one for one in self.program.status()["rollouts"] if "is not ready" in one.get("progress", "")])
        event = self.event("1.0.1")
        waiting = self.program.run("wait", event, "--timeout", "0s")
        self.assertEqual(waiting.returncode, 6, waiting.stderr)
        self.assertIn("not complete after 10 s", self.ended(audit.ROLLED_BACK, kind="daemonset")["error"])
        self.completed(f"{self.shop}:1.0.0", kind="daemonset")
        self.rolled_out("daemonset")
        failed = self.program.run("wait", event, "--timeout", "30s")
        self.assertEqual(failed.returncode, 4, failed.stderr)
        self.push("1.0.2")
        self.assertEqual(self.program.run("wait", f"{self.shop}:1.0.2", "--timeout", "30s").returncode, 0)
        self.rolled_out("daemonset")
        self.push("0.9.0")
        nothing = self.program.run("wait", self.event("0.9.0"), "--timeout", "30s")
        self.assertEqual(nothing.returncode, 5, nothing.stderr)

    def test_two_that_crash_one_after_the_other_end_at_the_last_that_was_well(self):
        self.begin()
        self.deploy()
        self.push("1.0.1", "crash")
        self.wait_image(f"{self.shop}:1.0.1")
        self.push("1.0.2", "crash")
        self.wait_image(f"{self.shop}:1.0.2")
        wait_for("both are held", lambda: self.held_tags() == ["1.0.1", "1.0.2"], 40)
        self.settle()
        self.assert_runs("1.0.0")

    def test_a_sick_node_is_not_the_image_s_fault(self):
        self.begin()
        self.deploy(replicas=2)
        self.addCleanup(self.cluster.say_node, None)
        self.cluster.say_node("crash")
        self.cluster.wait("deployment", "web", "is down",
                          lambda web: web["status"].get("unavailableReplicas") == 2, self.space)
        self.push("1.0.1")
        wait_for("it says why it does nothing", lambda: [
            one for one in self.program.status()["rollouts"] if "what ran before fails" in one.get("progress", "")], 30)
        self.assertEqual((self.images(), self.holds()), ({"web": f"{self.shop}:1.0.1"}, []))
        self.cluster.say_node(None)
        self.completed(f"{self.shop}:1.0.1")
        self.assert_runs("1.0.1")
        self.assertEqual(len(self.patches()), 1)

    def test_what_may_not_go_back_is_held_as_it_is(self):
        self.begin()
        self.deploy(annotations=workloads.policy("semver:^1.0", rollback="false"))
        digest = self.push("1.0.1", "crash")
        line = self.ended(audit.FAILED)
        self.assertRegex(line["error"], WHYS["crash"])
        self.assertIn("rollback: false", line["error"])
        self.assertEqual([hold["digest"] for hold in self.holds()], [digest])
        self.assertEqual(self.images(), {"web": f"{self.shop}:1.0.1"})
        self.assertEqual(len(self.patches()), 1)

    def test_where_nothing_is_known_it_is_said_and_held(self):
        self.begin(notify=False)
        # Nobody is told of 1.0.0, which is not there, and no pod ever tells its digest.
        self.create(workloads.deployment("web", f"{self.shop}:1.0.0", SEMVER, strategy={"type": "Recreate"}))
        self.cluster.wait("deployment", "web", "is there", lambda web: web["status"].get("unavailableReplicas"),
                          self.space)
        self.notify()
        digest = self.push("1.0.1", "crash")
        line = self.ended(audit.FAILED)
        self.assertRegex(line["error"], WHYS["crash"])
        self.assertIn("not known which image web ran before", line["error"])
        self.assertEqual([hold["digest"] for hold in self.holds()], [digest])
        self.assertEqual(self.failed_rollout("web")["state"], "failed")
        self.assertEqual(self.images(), {"web": f"{self.shop}:1.0.1"})
        self.assertEqual(len(self.patches()), 1)


class Moving(RolloutCase):
    def test_a_moved_tag_goes_back_by_digest(self):
        self.begin()
        first = self.push("latest")
        for name, keys in (("web", {}), ("restarted", {"pin": "tag"})):
            self.create(workloads.deployment(name, f"{self.shop}:latest", workloads.policy("digest", **keys)))
        for name in ("web", "restarted"):
            self.rolled_out(name=name)
        self.event("latest")
        second = self.push("latest", "crash", content="second")
        for name in ("web", "restarted"):
            with self.subTest(name=name):
                self.assertEqual(self.ended(audit.ROLLED_BACK, name)["to"], f"{self.shop}:latest@{first}")
                self.completed(f"{self.shop}:latest@{first}", name)
                self.assertEqual(images_of(self.rolled_out(name=name)), {"web": f"{self.shop}:latest@{first}"})
                self.wait_runs(first, name)
                self.assertEqual([hold["digest"] for hold in self.holds(name)], [second])
        third = self.push("latest", content="third")
        for name in ("web", "restarted"):
            self.wait_runs(third, name)
            self.rolled_out(name=name)


class People(FailureCase):
    def overruled(self, times=1):
        return wait_for(f"somebody's word is noticed ({times})",
                        lambda: self.program.audit().steps(audit.OVERRULED)[times - 1:])[0]

    def push_and_come_up(self, tag):
        self.push(tag)
        self.completed(f"{self.shop}:{tag}")
        self.assert_runs(tag)

    def push_again(self, tag, times):
        """A push of what is there already is decided, and leads to nothing."""
        self.push(tag)
        self.assert_skipped(self.event(tag, times=times), ".")

    def test_a_rollback_that_a_person_orders_stays_until_unhold(self):
        self.begin()
        self.deploy()
        for tag in ("1.0.1", "1.0.2"):
            self.push_and_come_up(tag)
        self.assertIn(f"{self.shop}:1.0.2 -> {self.shop}:1.0.1", self.ok("rollback", "web"))
        self.wait_image(f"{self.shop}:1.0.1")
        self.settle()
        self.push_again("1.0.2", times=2)
        self.ok("rollback", "web", "--to", "1.0.0")
        self.wait_image(f"{self.shop}:1.0.0")
        self.settle()
        self.assert_runs("1.0.0")
        self.push_again("1.0.2", times=3)
        self.push_again("1.0.1", times=2)
        self.assert_runs("1.0.0")
        self.ok("unhold", "web")
        self.wait_image(f"{self.shop}:1.0.2")
        self.assert_runs("1.0.2")

    def test_what_a_person_sets_back_stands_and_what_a_person_sets_forward_is_fine(self):
        self.begin()
        self.deploy()
        self.push_and_come_up("1.0.1")
        self.cluster.kubectl("rollout", "undo", "deployment/web", namespace=self.space)
        self.wait_image(f"{self.shop}:1.0.0")
        line = self.overruled()
        self.assertEqual(line["workload"].removesuffix(" web"), self.workload())
        self.assertIn("set by somebody else", line["reason"])
        self.assertEqual([(hold["tag"], hold["and_below"]) for hold in self.holds()], [("1.0.1", True)])
        self.push_again("1.0.1", times=2)
        self.assert_runs("1.0.0")
        self.push_and_come_up("1.0.2")
        self.cluster.kubectl("set", "image", "deployment/web", f"web={self.shop}:1.0.1", namespace=self.space)
        self.assertIn("1.0.2", self.overruled(times=2)["image"])
        self.push_again("1.0.2", times=2)
        self.assert_runs("1.0.1")
        self.push_and_come_up("1.0.3")
        self.hub.copy_tag(self.shop.partition("/")[2], "1.0.3", ["1.0.5"])
        self.cluster.kubectl("set", "image", "deployment/web", f"web={self.shop}:1.0.5", namespace=self.space)
        self.push("1.0.4")
        self.assert_skipped(self.event("1.0.4"), r"1\.0\.5")
        self.assert_runs("1.0.5")
        self.push_and_come_up("1.0.6")
        self.assertEqual(len(self.program.audit().steps(audit.OVERRULED)), 2)
        self.assertEqual(len(self.patches()), 4)


class Killed(FailureCase):
    NAMES = ("bad", "crash", "unready")

    def killed(self, what, predicate, how=None):
        """Starts it again, lets it come to a point, and kills it there. how: what becomes of PATCHes
        from now on."""
        self.gate.set(how)
        self.program.start()
        wait_for(what, predicate, 40)
        self.program.kill()

    def caught(self, *states):
        """Whether PATCHes are caught, as many as there are places, and the open actions stand so."""
        return self.gate.caught() >= 2 and self.states() == sorted(states)

    def states(self):
        return sorted(action["state"] for action in self.program.actions() if action["state"] != "done")

    def rollouts(self, state, way_back=False):
        """How many are so, of all that are not over or have failed."""
        return sum(one["state"] == state and one["way_back"] == way_back
                   for one in self.program.status()["rollouts"])

    def pause_each(self, paused):
        for name in self.NAMES:
            self.cluster.patch("deployment", name, {"spec": {"paused": paused}}, self.space)

    def test_killed_at_every_step_it_ends_where_it_would_have_ended(self):
        proxy = self.proxied()
        self.gate = Gate(proxy)
        self.begin(proxy, concurrency=2)  # so that one of three waits for its turn
        self.deploy_each(self.NAMES, replicas=2, strategy=ONE_BY_ONE)
        self.gate.set("refuse")
        self.push_each(self.NAMES)
        wait_for("all wait for another attempt", lambda: self.states() == ["waiting for retry"] * 3)
        self.program.kill()
        self.killed("changes are on their way", lambda: self.caught("in flight", "in flight", "waiting for retry"),
                    "hold")
        self.assertEqual(self.patches(), [])
        self.killed("changes are made", lambda: self.gate.caught() >= 2, "swallow")
        self.assertEqual(len(self.patches()), 2)
        self.killed("rollouts are watched", lambda: self.rollouts("watching") == 3)
        self.assertEqual(len(self.patches()), 3)
        self.killed("ways back are on their way", lambda: self.caught("in flight", "in flight", "ready"), "hold")
        self.assertEqual(len(self.patches()), 3)
        self.pause_each(True)  # so that the ways back do not come to their end
        self.killed("ways back are made", lambda: self.gate.caught() >= 2 and self.rollouts("rolled back") == 3,
                    "swallow")
        self.assertEqual(len(self.patches()), 5)
        self.killed("ways back are watched", lambda: self.rollouts("watching", way_back=True) == 3)
        self.pause_each(False)
        self.program.start()
        for name in self.NAMES:
            self.completed(f"{self.image(name)}:1.0.0", name)
        self.assert_ended_once()

    def assert_ended_once(self):
        said = self.program.audit()
        for name in self.NAMES:
            with self.subTest(name=name):
                image = self.image(name)
                self.assert_runs("1.0.0", name, image)
                self.assertTrue(is_rolled_out(self.get(name)))
                self.assertEqual(len(self.patches(name)), 2)
                self.assertEqual(self.held_tags(name), ["1.0.1"])
                outcomes = [line["outcome"] for line in said.rollouts(self.workload(name))]
                self.assertEqual(outcomes, [audit.ROLLED_BACK, audit.COMPLETED])
                for tag in ("1.0.1", "1.0.0"):
                    self.assertEqual(len(said.applied(f"{image}:{tag}")), 1)
        self.assertEqual(self.states(), [])
        self.assertEqual(self.program.verify_audit().returncode, 0)
