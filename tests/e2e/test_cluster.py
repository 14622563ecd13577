# SPDX-License-Identifier: Apache-2.0
"""The cluster that other tests run on: what its nodes write of pods is what a kubelet would, and it can
be stopped, started and set back."""

import base64
import json

from harness import kube_workloads as workloads
from harness.components import needs
from harness.kube import KubeCase
from harness.kube_objects import Refused, condition, is_rolled_out, runs, waits_for
from harness.kube_proxy import ApiProxy, Cut
from harness.process import Process, wait_for
from harness.secrets import PASSWORD, USER, htpasswd_line

READER = """\
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader}
rules: [{apiGroups: [apps], resources: [deployments], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects: [{kind: ServiceAccount, name: reader}]
"""


class Small(KubeCase):
    """A test that needs no more than something to write."""

    def make(self, name):
        self.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}, self.space)


@needs("registry3")
class ClusterCase(Small):
    def setUp(self):
        super().setUp()
        self.hub = self.registry("registry3")
        self.hub.start_alone()
        self.repository = f"{self.hub.host}/{self.space}/shop"

    def push(self, tag, behaviour=None, platforms=("amd64",), content=None):
        """The digest."""
        layout = self.layout(content or tag, platforms, behaviour)
        layout.push(f"{self.repository}:{tag}")
        return layout.digest

    def image(self, tag):
        return f"{self.repository}:{tag}"

    def run_shop(self, tag, **more):
        self.cluster.create(workloads.deployment("shop", self.image(tag), **more), self.space)

    def rolled_out(self, kind="deployment", name="shop"):
        return self.cluster.wait_rollout(kind, name, self.space)

    def pod(self, predicate, what, workload="shop"):
        """A pod's status, once one is so."""
        return self.cluster.wait_pod(self.space, workload, what, lambda pod: predicate(pod["status"]))["status"]

    def waiting_pod(self, reason, kind="containerStatuses", workload="shop"):
        """The status of a pod whose first container waits for that reason, and this container's."""
        status = self.pod(lambda status: waits_for(status.get(kind, [{}])[0], reason), f"waits: {reason}", workload)
        return status, status[kind][0]

    def started_pod(self, digest):
        return self.pod(lambda status: runs(status, digest), f"runs {digest}")

    def event_reasons(self):
        return {event["reason"] for event in self.cluster.list("event", self.space)}


class Images(ClusterCase):
    def test_a_pushed_image_runs_with_the_digest_of_its_registry(self):
        for tag, platforms in (("1.0", ("amd64",)), ("2.0", ("amd64", "arm64"))):
            digest = self.push(tag, platforms=platforms)
            self.cluster.create(workloads.deployment(f"shop{tag[0]}", self.image(tag), replicas=2), self.space)
            self.rolled_out(name=f"shop{tag[0]}")
            pods = self.cluster.pods(self.space, f"shop{tag[0]}")
            self.assertEqual([pod["status"]["containerStatuses"][0]["imageID"] for pod in pods],
                             [f"{self.repository}@{digest}"] * 2)
        said = self.cluster.kubectl("rollout", "status", "deployment/shop2", "--timeout=10s", namespace=self.space)
        self.assertIn("successfully rolled out", said)

    def test_a_moved_latest_is_pulled_where_the_policy_says_always(self):
        old = self.push("latest", content="old")
        for name, policy in (("present", "IfNotPresent"), ("always", "Always")):
            document = workloads.deployment(name, self.image("latest"), strategy={"type": "Recreate"})
            document["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"] = policy
            self.cluster.create(document, self.space)
            self.rolled_out(name=name)
        new = self.push("latest", content="new")
        # In this order: once `always` has pulled, the new one is present.
        for name, wanted in (("present", old), ("always", new)):
            self.cluster.kubectl("rollout", "restart", f"deployment/{name}", namespace=self.space)
            self.rolled_out(name=name)
            [pod] = self.cluster.pods(self.space, name)
            self.assertTrue(runs(pod["status"], wanted), f"{name}: {pod['status']['containerStatuses']}")

    def test_a_container_that_starts_again_pulls_again(self):
        self.push("latest", behaviour="crash")
        self.run_shop("latest")
        self.waiting_pod("CrashLoopBackOff")
        digest = self.push("latest", content="well")
        status = self.started_pod(digest)
        self.assertGreaterEqual(status["containerStatuses"][0]["restartCount"], 2)
        self.rolled_out()

    def test_an_image_that_cannot_be_pulled(self):
        self.push("bad", behaviour="bad")
        missing, elsewhere = self.image("missing"), f"{self.hub.host}/{self.space}/none:1.0"
        whys = {
            missing: f'rpc error: code = NotFound desc = failed to pull and unpack image "{missing}": failed '
                     f'to resolve reference "{missing}": {missing}: not found',
            self.image("bad"): "failed to copy: httpReadSeeker: failed open",
            elsewhere: f"{elsewhere}: not found",
            "registry.example/shop:1.0": "no such host",
        }
        for place, image in enumerate(whys):
            self.cluster.create(workloads.deployment(f"shop{place}", image), self.space)
        for place, why in enumerate(whys.values()):
            status, container = self.waiting_pod("ImagePullBackOff", workload=f"shop{place}")
            self.assertIn(why, container["state"]["waiting"]["message"])
            self.assertEqual((status["phase"], container["imageID"], container["restartCount"]), ("Pending", "", 0))
        self.assertLessEqual({"Failed", "BackOff"}, self.event_reasons())

    def test_an_image_that_comes_late_is_pulled_then(self):
        self.run_shop("1.0")
        for reason in ("ImagePullBackOff", "ErrImagePull"):  # it tries again
            self.waiting_pod(reason)
        digest = self.push("1.0")
        self.rolled_out()
        self.assertEqual(self.started_pod(digest)["containerStatuses"][0]["restartCount"], 0)

    def test_a_bad_container_beside_a_good_one(self):
        self.push("1.0")
        self.cluster.create(workloads.deployment("shop", {
            "good": self.image("1.0"), "bad": self.image("missing")}), self.space)
        status = self.pod(lambda status: any(waits_for(container, "ImagePullBackOff")
                                             for container in status["containerStatuses"]), "backs off")
        good = next(container for container in status["containerStatuses"] if container["name"] == "good")
        self.assertTrue(good["ready"])
        self.assertEqual(status["phase"], "Pending")
        self.assertEqual(condition(status, "Ready")["message"], "containers with unready status: [bad]")

    def test_a_platform_that_the_image_has_not(self):
        self.cluster.start_node("arm", architecture="arm64")
        self.addCleanup(self.cluster.delete, "node", "arm")
        self.addCleanup(self.cluster.stop_node, "arm")
        digest = self.push("arm", platforms=("arm64", "riscv64"))
        for name, architecture in (("there", "arm64"), ("shop", "amd64")):
            self.cluster.create(workloads.deployment(name, self.image("arm"), pod={
                "nodeSelector": {"kubernetes.io/arch": architecture}}), self.space)
        self.assertTrue(runs(self.pod(lambda status: status["phase"] == "Running", "runs", "there"), digest))
        _, container = self.waiting_pod("ImagePullBackOff")
        self.assertIn("no match for platform in manifest", container["state"]["waiting"]["message"])

    def test_secrets_let_a_node_pull(self):
        self.hub.process.end()
        self.hub.start_alone(htpasswd_line(self.folder))
        layout = self.layout("1.0")
        layout.push(self.image("1.0"), f"{USER}:{PASSWORD}")
        self.run_shop("1.0")
        _, container = self.waiting_pod("ImagePullBackOff")
        self.assertIn("authorization failed", container["state"]["waiting"]["message"])
        auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        written = base64.b64encode(json.dumps({"auths": {self.hub.host: {"auth": auth}}}).encode()).decode()
        self.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hub"},
                             "type": "kubernetes.io/dockerconfigjson",
                             "data": {".dockerconfigjson": written}}, self.space)
        self.cluster.patch("deployment", "shop", {"spec": {"template": {"spec": {
            "imagePullSecrets": [{"name": "hub"}]}}}}, self.space)
        self.rolled_out()
        self.started_pod(layout.digest)


class Behaviour(ClusterCase):
    def test_a_crashing_image_is_started_again_and_again(self):
        digest = self.push("1.0", behaviour="crash")
        self.run_shop("1.0")
        status, container = self.waiting_pod("CrashLoopBackOff")
        self.assertEqual((status["phase"], container["ready"]), ("Running", False))
        self.assertTrue(container["imageID"].endswith(digest))
        self.assertEqual(container["lastState"]["terminated"]["exitCode"], 1)
        self.assertEqual(container["lastState"]["terminated"]["reason"], "Error")
        self.assertRegex(container["state"]["waiting"]["message"],
                         "^back-off [0-9]+s restarting failed container=web pod=shop-")
        seen = container["restartCount"]
        self.assertGreaterEqual(seen, 1)
        self.pod(lambda status: status["containerStatuses"][0]["restartCount"] >= seen + 2, "is started again")
        self.assertEqual(self.cluster.get("deployment", "shop", self.space)["status"].get("availableReplicas", 0), 0)

    def test_an_image_that_is_never_ready_ends_its_rollout(self):
        self.push("1.0")
        self.push("1.1", behaviour="unready")
        self.run_shop("1.0", progressDeadlineSeconds=1)
        self.rolled_out()
        self.cluster.set_image("deployment", "shop", self.image("1.1"), self.space)
        shop = self.cluster.wait(
            "deployment", "shop", "misses its deadline",
            lambda shop: condition(shop["status"], "Progressing").get("reason") == "ProgressDeadlineExceeded",
            self.space)
        self.assertFalse(is_rolled_out(shop))
        self.assertEqual(shop["status"]["availableReplicas"], 1)  # the old one
        status = self.pod(lambda status: not status["containerStatuses"][0]["ready"], "is not ready")
        container = status["containerStatuses"][0]
        self.assertEqual((status["phase"], container["restartCount"]), ("Running", 0))
        self.assertIn("running", container["state"])
        self.assertEqual(condition(status, "Ready")["reason"], "ContainersNotReady")
        self.assertIn("Unhealthy", self.event_reasons())

    def test_an_image_that_crashes_as_an_init_container(self):
        self.push("1.0", behaviour="crash-init")
        self.run_shop("1.0")
        self.rolled_out()
        self.cluster.patch("deployment", "shop", {"spec": {"template": {"spec": {
            "initContainers": [{"name": "first", "image": self.image("1.0")}]}}}}, self.space)
        status, container = self.waiting_pod("CrashLoopBackOff", "initContainerStatuses")
        self.assertEqual(status["phase"], "Pending")
        self.assertGreaterEqual(container["restartCount"], 1)
        self.assertTrue(waits_for(status["containerStatuses"][0], "PodInitializing"))
        self.assertEqual(condition(status, "Initialized")["reason"], "ContainersNotInitialized")

    def test_a_behaviour_may_come_late_and_pass(self):
        self.push("late", behaviour="crash after 0.6")
        self.push("slow", behaviour="unready for 0.6")
        self.cluster.create(workloads.deployment("late", self.image("late")), self.space)
        self.cluster.create(workloads.deployment("slow", self.image("slow")), self.space)
        self.rolled_out(name="late")
        self.waiting_pod("CrashLoopBackOff", workload="late")
        self.rolled_out(name="slow")

    def test_a_sick_node_fails_what_ran_well(self):
        self.push("1.0")
        self.run_shop("1.0", replicas=2)
        self.rolled_out()
        self.addCleanup(self.cluster.say_node, None)
        self.cluster.say_node("crash")
        self.cluster.wait("deployment", "shop", "is down",
                          lambda shop: shop["status"].get("unavailableReplicas") == 2, self.space)
        self.waiting_pod("CrashLoopBackOff")
        self.cluster.say_node(None)
        self.rolled_out()

    def test_a_node_that_comes_back_starts_its_containers_again(self):
        digest = self.push("1.0")
        self.run_shop("1.0")
        self.rolled_out()
        self.cluster.restart_node()
        status = self.pod(lambda status: status["containerStatuses"][0]["restartCount"] == 1, "runs again")
        self.assertTrue(runs(status, digest))
        self.assertIn("terminated", status["containerStatuses"][0]["lastState"])


class Kinds(ClusterCase):
    def test_a_cron_jobs_pods_end(self):
        for tag, behaviour, phase in (("1.0", None, "Succeeded"), ("1.1", "crash", "Failed")):
            self.push(tag, behaviour)
            name = f"job{tag[2]}"
            self.cluster.create(workloads.cron_job(name, self.image(tag)), self.space)
            self.cluster.kubectl("create", "job", name, f"--from=cronjob/{name}", namespace=self.space)
            self.pod(lambda status, phase=phase: status["phase"] == phase, f"ends {phase}", name)
        self.cluster.wait("job", "job0", "is complete", lambda job: job["status"].get("succeeded") == 1, self.space)

    def test_stateful_and_daemon_sets_roll_out(self):
        self.push("1.0")
        digest = self.push("1.1")
        self.cluster.create(workloads.stateful_set("states", self.image("1.0"), replicas=2), self.space)
        self.cluster.create(workloads.daemon_set("demons", self.image("1.0"), updateStrategy={"type": "OnDelete"}),
                            self.space)
        for kind, name in (("statefulset", "states"), ("daemonset", "demons")):
            self.rolled_out(kind, name)
            self.cluster.set_image(kind, name, self.image("1.1"), self.space)
        self.rolled_out("statefulset", "states")
        self.assertEqual([runs(pod["status"], digest) for pod in self.cluster.pods(self.space, "states")], [True, True])
        [old] = self.cluster.pods(self.space, "demons")
        self.assertEqual(old["spec"]["containers"][0]["image"], self.image("1.0"))
        self.cluster.delete("pod", old["metadata"]["name"], self.space)
        self.assertTrue(runs(self.pod(lambda status: runs(status, digest), "is new", "demons"), digest))


class Users(ClusterCase):
    def can(self, file, *question):
        run = self.cluster.kubectl("--kubeconfig", file, "auth", "can-i", *question, namespace=self.space, check=False)
        return run.stdout.strip()

    def test_each_has_its_rights(self):
        reader = self.cluster.account_kubeconfig("reader", self.space, [READER])
        for file, may_read, may_change in ((self.cluster.kubeconfig("admin"), "yes", "yes"),
                                           (self.cluster.kubeconfig("certificate"), "yes", "yes"),
                                           (reader, "yes", "no"), (self.cluster.kubeconfig("nobody"), "no", "no")):
            with self.subTest(file=file.name):
                self.assertEqual(self.can(file, "list", "deployments"), may_read)
                self.assertEqual(self.can(file, "patch", "deployments"), may_change)
        with self.assertRaises(Refused) as caught:
            self.cluster.request("GET", self.cluster.path("deployment", None, self.space), user="nobody")
        self.assertEqual(caught.exception.status, 403)


class Proxied(Small):
    """What a proxy lets a test see, and do to what is on its way."""

    def setUp(self):
        super().setUp()
        self.proxy = self.listening(ApiProxy(self.cluster))
        self.file = self.proxy.kubeconfig(namespace=self.space)

    def kubectl(self, *arguments):
        return self.cluster.kubectl("--kubeconfig", self.file, *arguments, namespace=self.space, check=False)

    def watch(self):
        """kubectl while it watches, once it has shown what is there."""
        self.make("first")
        log = self.folder / "watch"
        watching = Process("kubectl", [self.cluster.programs / "kubectl", "--kubeconfig", self.file, "get", "configmap",
                                       "--namespace", self.space, "--watch", "--output=name"], log)
        self.addCleanup(watching.end)
        wait_for("what is there is shown", lambda: "configmap/first" in log.read_text())
        wait_for("it watches", lambda: self.proxy.count("GET", "watch="))
        return watching

    def test_requests_are_seen_and_answered(self):
        self.assertEqual(self.kubectl("create", "configmap", "made").returncode, 0)
        self.assertEqual(self.proxy.count("POST", f"/namespaces/{self.space}/configmaps"), 1)
        self.assertEqual(self.cluster.get("configmap", "made", self.space)["kind"], "ConfigMap")
        [asked] = [line for line in self.cluster.asked("kubectl", "create")
                   if line["objectRef"]["namespace"] == self.space]
        self.assertEqual((asked["objectRef"]["resource"], asked["responseStatus"]["code"]), ("configmaps", 201))
        self.proxy.script = lambda request: request.reply(503, b"not today") or True
        run = self.kubectl("delete", "configmap", "made")
        self.assertEqual(run.returncode, 1)
        self.assertIsNotNone(self.cluster.find("configmap", "made", self.space))

    def test_a_watch_is_passed_on_changed_and_cut(self):
        watching = self.watch()
        self.make("second")
        wait_for("it is shown", lambda: "configmap/second" in watching.tail())
        self.proxy.on_line = lambda request, line: line.replace(b'"third"', b'"other"')
        self.make("third")
        wait_for("it is shown", lambda: "configmap/other" in watching.tail())
        self.proxy.cut()
        watching.wait()

    def test_a_watch_ends_in_the_middle_of_a_line(self):
        watching = self.watch()

        def half(request, line):
            self.proxy.send_chunk(request, line[:len(line) // 2])
            raise Cut

        self.proxy.on_line = half
        self.make("second")
        watching.wait()
        self.assertNotIn("configmap/second", watching.tail())


class Control(ClusterCase):
    def test_the_api_server_comes_back_where_it_was(self):
        digest = self.push("1.0")
        self.push("1.1", behaviour="crash")
        self.run_shop("1.0")
        before = self.rolled_out()
        path = self.cluster.path("configmap", None, self.space)
        self.make("one")
        self.make("two")
        page = self.cluster.request("GET", f"{path}?limit=1")["metadata"]
        self.make("three")
        self.cluster.stop_api_server(kill=True)
        self.assertIsNone(self.cluster.find("deployment", "shop", self.space))
        self.cluster.compact()
        self.cluster.start_api_server()
        after = self.cluster.get("deployment", "shop", self.space)
        self.assertEqual(after["metadata"]["uid"], before["metadata"]["uid"])
        self.assertEqual(after["spec"], before["spec"])
        self.assert_forgotten(path, page)
        self.started_pod(digest)
        self.cluster.set_image("deployment", "shop", self.image("1.1"), self.space)
        self.waiting_pod("CrashLoopBackOff")

    def assert_forgotten(self, path, page):
        """What came before compact() can neither be read on nor watched from."""
        with self.assertRaises(Refused) as caught:
            self.cluster.request("GET", f"{path}?limit=1&continue={page['continue']}")
        self.assertEqual(caught.exception.status, 410)
        watched = self.cluster.request(
            "GET", f"{path}?watch=1&timeoutSeconds=5&resourceVersion={page['resourceVersion']}")
        self.assertEqual((watched["type"], watched["object"]["code"]), ("ERROR", 410))

    def test_the_store_is_set_back(self):
        digest = self.push("1.0")
        newer = self.push("1.1")
        self.run_shop("1.0")
        before = self.rolled_out()
        self.cluster.save_state("before")
        self.cluster.set_image("deployment", "shop", self.image("1.1"), self.space)
        after = self.rolled_out()
        self.started_pod(newer)
        self.cluster.create(workloads.deployment("later", self.image("1.1")), self.space)
        self.cluster.restore_state("before")
        again = self.cluster.get("deployment", "shop", self.space)
        self.assertEqual(again["metadata"]["resourceVersion"], before["metadata"]["resourceVersion"])
        self.assertLess(int(again["metadata"]["resourceVersion"]), int(after["metadata"]["resourceVersion"]))
        self.assertIsNone(self.cluster.find("deployment", "later", self.space))
        self.started_pod(digest)
        self.cluster.set_image("deployment", "shop", self.image("1.1"), self.space)
        self.rolled_out()
        self.started_pod(newer)
