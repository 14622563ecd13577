# SPDX-License-Identifier: Apache-2.0
"""A push to a real registry, a notification, a PATCH, a rollout that completes: what changes in a cluster,
and all that does not."""

import copy
from datetime import datetime

from harness import audit
from harness import kube_workloads as workloads
from harness.kube_objects import runs
from harness.process import wait_for
from harness.rollouts import SEMVER, STATUS, RolloutCase, images_of, template_of

REVISION = "deployment.kubernetes.io/revision"  # its controller counts there
CAUSE = "kubernetes.io/change-cause"


def constant(workload):
    """The object less what changes without anybody's wish."""
    rest = copy.deepcopy(workload)
    for key in ("resourceVersion", "generation", "managedFields"):
        rest["metadata"].pop(key, None)
    rest.pop("status", None)
    rest["metadata"]["annotations"].pop(REVISION, None)
    return rest


def at(line):
    return datetime.fromisoformat(line["time"])


class Push(RolloutCase):
    def test_a_push_is_rolled_out_and_the_audit_has_the_time_of_each_step(self):
        self.begin()
        self.deploy(replicas=2)
        self.event("1.0.0")
        digest = self.push("1.0.1")
        ended = self.completed(f"{self.shop}:1.0.1")
        self.rolled_out()
        pods = self.cluster.pods(self.space, "web")
        self.assertEqual([runs(pod["status"], digest) for pod in pods], [True, True])
        [event] = self.program.audit().received(f"{self.shop}:1.0.1")
        steps = [audit.RECEIVED, audit.DECIDED, audit.APPLIED, audit.ROLLOUT]
        lines = [line for line in self.program.audit().of(event)
                 if line["step"] in steps and line.get("decision") != audit.WAIT]
        self.assertEqual([line["step"] for line in lines], steps)
        self.assertEqual(lines[-1], ended)
        self.assertEqual({line["workload"].removesuffix(" web") for line in lines[1:]}, {self.workload()})
        times = [at(line) for line in lines]
        self.assertEqual(times, sorted(times))
        print("   (", ", ".join(f"{line['step']} {(at(line) - times[0]).total_seconds() * 1000:.1f} ms"
                                for line in lines), ")", flush=True)
        self.assertEqual(self.program.verify_audit().returncode, 0)

    def test_before_and_after_differ_in_the_image_and_our_annotations_only(self):
        self.begin()
        self.push("1.0", image=f"{self.hub.host}/{self.space}/proxy")
        self.push("1.0.0")
        document = workloads.deployment(
            "web", {"web": f"{self.shop}:1.0.0", "proxy": f"{self.hub.host}/{self.space}/proxy:1.0"},
            {**SEMVER, "example.com/team": "shop", "example.com/odd_key.0": "a \"quoted\" ünïcode value"},
            replicas=2, revisionHistoryLimit=3, strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})
        template = template_of(document)
        template["metadata"]["annotations"] = {"example.com/checksum": "0123"}
        template["spec"]["containers"][0].update(
            env=[{"name": "GREETING", "value": "it's ${HOME}"}], imagePullPolicy="Always",
            resources={"requests": {"cpu": "1m"}, "limits": {"memory": "64Mi"}})
        self.create(document)
        before = self.rolled_out()
        self.push("1.0.1")
        self.completed(f"{self.shop}:1.0.1")
        after = self.rolled_out()
        [patch] = self.patches()
        self.assertEqual(patch["objectRef"]["resource"], "deployments")
        ours = {key: value for key, value in after["metadata"]["annotations"].items()
                if key.startswith(STATUS) or key == CAUSE}
        self.assertIn(CAUSE, ours)
        self.assertIn(f"{self.shop}:1.0.0 -> {self.shop}:1.0.1", ours[f"{STATUS}last-change"])
        self.assertEqual(ours[f"{STATUS}last-event"], self.event("1.0.1"))
        expected = constant(before)
        expected["metadata"]["annotations"].update(ours)
        template_of(expected)["spec"]["containers"][0]["image"] = f"{self.shop}:1.0.1"
        self.assertEqual(constant(after), expected)
        self.assertEqual(after["metadata"]["generation"], before["metadata"]["generation"] + 1)

    def test_an_older_version_changes_nothing_and_the_audit_says_why(self):
        self.begin()
        before, _ = self.deploy("1.0.2")
        self.push("1.0.1")
        event = self.event("1.0.1")
        self.assert_skipped(event, r"1\.0\.2")
        self.push("2.0.0")
        self.assert_skipped(self.event("2.0.0"), r"\^1\.0")
        self.assertEqual(constant(self.get()), constant(before))
        self.assertEqual(self.patches(), [])

    def test_two_containers_of_one_repository_are_one_patch(self):
        self.begin()
        self.push("1.0.0")
        image = f"{self.shop}:1.0.0"
        self.create(workloads.deployment("web", {"web": image, "worker": image}, SEMVER, {"init": {"setup": image}}))
        before = self.rolled_out()
        self.push("1.0.1")
        self.completed(f"{self.shop}:1.0.1")
        self.assertEqual(self.images(), dict.fromkeys(("web", "worker", "setup"), f"{self.shop}:1.0.1"))
        self.assertEqual(len(self.patches()), 1)
        self.assertEqual(self.get()["metadata"]["generation"], before["metadata"]["generation"] + 1)

    def test_the_object_says_what_was_done(self):
        self.begin()
        self.deploy()
        self.push("1.0.1")

        def event():
            return next((event for event in self.cluster.list("event", self.space)
                         if event["reason"] == "ImageUpdated"), None)

        found = wait_for("there is an Event", event)
        self.assertIn(f"{self.shop}:1.0.0 -> {self.shop}:1.0.1", found["message"])
        self.assertEqual((found["involvedObject"]["kind"], found["involvedObject"]["name"], found["type"]),
                         ("Deployment", "web", "Normal"))
        self.assertEqual(found["involvedObject"]["uid"], self.get()["metadata"]["uid"])
        said = self.cluster.kubectl("rollout", "history", "deployment/web", namespace=self.space)
        self.assertIn(f"{self.shop}:1.0.1", said)


class Others(RolloutCase):
    """What other clients do at the very moment of our PATCH: a proxy lets them go first."""

    def begin_with(self, change):
        """change: called once, when the first PATCH is on its way."""
        proxy = self.proxied()
        self.met = []

        def meet(request):
            if request.command == "PATCH" and not self.met:
                self.met.append(request.path)
                change()
            return False

        proxy.script = meet
        self.begin(proxy)

    def test_replicas_and_another_container_that_others_change_stay(self):
        proxy = f"{self.hub.host}/{self.space}/proxy"

        def change():
            path = self.cluster.path("deployment", "web", self.space)
            self.cluster.request("PATCH", f"{path}/scale", {"spec": {"replicas": 3}}, "application/merge-patch+json")
            self.cluster.set_image("deployment", "web", f"{proxy}:1.1", self.space, container=1)

        self.begin_with(change)
        for tag in ("1.0", "1.1"):
            self.push(tag, image=proxy)
        self.push("1.0.0")
        self.create(workloads.deployment("web", {"web": f"{self.shop}:1.0.0", "proxy": f"{proxy}:1.0"}, SEMVER))
        self.rolled_out()
        self.push("1.0.1")
        self.completed(f"{self.shop}:1.0.1")
        after = self.rolled_out()
        self.assertEqual(self.met, [line["requestURI"] for line in self.patches()])
        self.assertEqual(images_of(after), {"web": f"{self.shop}:1.0.1", "proxy": f"{proxy}:1.1"})
        self.assertEqual(after["spec"]["replicas"], 3)

    def test_an_image_that_somebody_else_sets_is_not_overwritten(self):
        self.begin_with(lambda: self.cluster.set_image("deployment", "web", f"{self.shop}:1.0.5", self.space))
        self.deploy()
        self.hub.copy_tag(self.shop.partition("/")[2], "1.0.0", ["1.0.5"])
        self.push("1.0.1")
        event = self.event("1.0.1")
        attempted = wait_for("the conflict is noticed", lambda: [
            line for line in self.program.audit().of(event) if line.get("outcome") == "conflict"])
        self.assertIn("1.0.5", attempted[0]["error"])
        # What comes next is decided by what stands there now.
        self.push("1.0.4")
        self.assert_skipped(self.event("1.0.4"), r"1\.0\.5")
        self.assertEqual(self.images(), {"web": f"{self.shop}:1.0.5"})
        self.assertEqual(self.patches(), [])


class Kinds(RolloutCase):
    def test_each_kind_is_updated(self):
        self.begin()
        self.push("1.0.0")
        image = f"{self.shop}:1.0.0"
        on_delete = {"updateStrategy": {"type": "OnDelete"}}
        parts = {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}}
        made = {
            ("deployment", "web"): workloads.deployment("web", image, SEMVER),
            ("statefulset", "states"): workloads.stateful_set("states", image, SEMVER, replicas=2),
            ("statefulset", "parts"): workloads.stateful_set("parts", image, SEMVER, replicas=2, **parts),
            ("daemonset", "demons"): workloads.daemon_set("demons", image, SEMVER),
            ("daemonset", "manual"): workloads.daemon_set("manual", image, SEMVER, **on_delete),
            ("cronjob", "jobs"): workloads.cron_job("jobs", image, SEMVER),
        }
        for (kind, name), document in made.items():
            self.create(document)
        for kind, name in made:
            if kind != "cronjob":
                self.rolled_out(kind, name)
        digest = self.push("1.0.1")
        says = {"parts": "partition 1", "manual": "OnDelete", "jobs": "next job"}
        for kind, name in made:
            with self.subTest(name=name):
                line = self.completed(f"{self.shop}:1.0.1", name, kind)
                self.assertIn(says.get(name, ""), line["reason"])
                self.assertEqual(self.images(name, kind), {"web": f"{self.shop}:1.0.1"})
                self.assertEqual(len(self.patches(name)), 1)
        for name, new in (("web", [True]), ("states", [True, True]), ("parts", [False, True]), ("demons", [True]),
                          ("manual", [False])):
            pods = sorted(self.cluster.pods(self.space, name), key=lambda pod: pod["metadata"]["name"])
            self.assertEqual([runs(pod["status"], digest) for pod in pods], new, name)


class Moving(RolloutCase):
    """A tag that moves."""

    def begin_latest(self, **keys):
        """A Deployment of `latest`, of which nobody was told."""
        self.begin(notify=False)
        self.deploy("latest", annotations=workloads.policy("digest", **keys))
        self.notify()

    def test_a_moved_tag_is_followed_by_its_digest(self):
        self.begin_latest()
        for content in ("second", "third"):
            digest = self.push("latest", content=content)
            self.completed(f"{self.shop}:latest@{digest}")
            self.assertEqual(self.images(), {"web": f"{self.shop}:latest@{digest}"})
            self.wait_runs(digest)
        self.assertEqual(len(self.patches()), 2)

    def test_a_moved_tag_that_is_not_pinned_is_followed_by_restarts(self):
        self.begin_latest(pin="tag")
        self.push("latest")  # what runs already
        [line] = wait_for("it is seen", lambda: self.program.audit().applied())
        self.assertIn("run it already", line["reason"])
        self.assertEqual(self.patches(), [])
        for times, content in enumerate(("second", "third"), 1):
            before = self.get()
            digest = self.push("latest", content=content)
            self.ended(audit.COMPLETED, times=times)
            self.wait_runs(digest)
            after = self.rolled_out()
            self.assertEqual(images_of(after), {"web": f"{self.shop}:latest"})
            restarted = template_of(after)["metadata"].pop("annotations")
            self.assertEqual(set(restarted), {f"{STATUS}restarted-by", f"{STATUS}restarted-at"})
            template_of(before)["metadata"].pop("annotations", None)
            self.assertEqual(template_of(after), template_of(before))
            [pod] = self.cluster.pods(self.space, "web")
            self.assertTrue(runs(pod["status"], digest))
        self.assertEqual(len(self.patches()), 2)


class Late(RolloutCase):
    """What is there, or has a policy, only after the push gets it too."""

    def test_a_workload_that_is_created_after_the_push(self):
        self.begin()
        self.push("1.0.0")
        self.push("1.0.1")
        self.event("1.0.1")
        self.create(workloads.deployment("web", f"{self.shop}:1.0.0", SEMVER))
        self.completed(f"{self.shop}:1.0.1")
        self.assertEqual(len(self.patches()), 1)

    def test_a_policy_that_is_written_after_the_push(self):
        self.begin()
        self.deploy(annotations={})
        self.push("1.0.1")
        self.event("1.0.1")
        self.assertEqual(self.images(), {"web": f"{self.shop}:1.0.0"})
        self.cluster.kubectl("annotate", "deployment/web", "longshore.dev/policy=semver:^1.0", namespace=self.space)
        self.completed(f"{self.shop}:1.0.1")
        self.assertEqual(len(self.patches()), 1)

    def test_one_push_changes_workloads_of_several_namespaces_and_of_no_other(self):
        spaces = [self.space, self.cluster.namespace()]
        other = self.cluster.namespace()
        self.begin(spaces=spaces)
        self.push("1.0.0")
        for space in (*spaces, other):
            self.create(workloads.deployment("web", f"{self.shop}:1.0.0", SEMVER), space)
        for space in (*spaces, other):
            self.rolled_out(space=space)
        self.push("1.0.1")
        for space in spaces:
            self.completed(f"{self.shop}:1.0.1", space=space)
            self.assertEqual(len(self.patches(space=space)), 1)
        self.assertEqual(images_of(self.cluster.get("deployment", "web", other)), {"web": f"{self.shop}:1.0.0"})
