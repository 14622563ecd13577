# SPDX-License-Identifier: Apache-2.0
"""A registry that wants a password which only the cluster has: workloads that can pull from it are kept
up to date, with the right for that and no password in the configuration."""

import base64
import json

from harness import audit
from harness import kube_workloads as workloads
from harness.case import TOKEN
from harness.deployed import ACCOUNT, give, install_account, take
from harness.kube import KubeCase
from harness.kube_objects import runs
from harness.process import wait_for
from harness.secrets import PASSWORD, USER, htpasswd_line

CREDENTIALS = f"{USER}:{PASSWORD}"
POLICY = workloads.policy("semver:~1.0")


class PullSecrets(KubeCase):
    components = (*KubeCase.components, "registry2")

    def setUp(self):
        super().setUp()
        self.hub = self.registry("registry2")
        kubeconfig = install_account(self.cluster)
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{self.hub.host}/*"]}],
            registries=[{"host": self.hub.host, "insecure": True}])
        self.program.settings["targets"] = [{
            "name": "cluster", "type": "kubernetes", "kubeconfig": str(kubeconfig),
            "namespaces": [self.space], "pull-secrets": True}]
        self.hub.start(f"http://127.0.0.1:{self.program.port.number}/hooks/reg", TOKEN,
                       htpasswd_line(self.folder))

    def begin(self, *features):
        give(self.cluster, "base", "rollout", *features, namespace=self.space)
        self.wait_may("patch", "deployments", "apps")
        if "pull-secrets" in features:
            self.wait_may("get", "secrets")
        self.program.start()
        wait_for("the cluster is synced", lambda: self.state()["synced"])

    def wait_may(self, verb, resource, group="", may=True):
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                  "spec": {"resourceAttributes": {"namespace": self.space, "verb": verb, "group": group,
                                                  "resource": resource}}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        wait_for(f"it may {verb} {resource}: {may}",
                 lambda: self.cluster.request("POST", path, review, user=ACCOUNT[0])["status"]["allowed"] == may)

    def state(self):
        return self.program.status()["targets"][0]

    def problems(self):
        """What the status says of this feature."""
        return [line for line in self.state()["problems"] if "'pull-secrets'" in line]

    def image(self, name, tag):
        return f"{self.hub.host}/{self.space}/{name}:{tag}"

    def push(self, name, tag):
        """The digest."""
        layout = self.layout(f"{name}:{tag}")
        layout.push(self.image(name, tag), CREDENTIALS)
        return layout.digest

    def make_secret(self, name, *, password=PASSWORD, place=None):
        auth = base64.b64encode(f"{USER}:{password}".encode()).decode()
        written = json.dumps({"auths": {place or self.hub.host: {"auth": auth}}}).encode()
        self.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name},
                             "type": "kubernetes.io/dockerconfigjson",
                             "data": {".dockerconfigjson": base64.b64encode(written).decode()}}, self.space)

    def make(self, name, secrets=(), **pod):
        """A Deployment that runs 1.0.0 of the repository with its name."""
        self.push(name, "1.0.0")
        pod["imagePullSecrets"] = [{"name": secret} for secret in secrets]
        self.cluster.create(workloads.deployment(name, self.image(name, "1.0.0"), POLICY, pod), self.space)

    def running(self, name):
        workload = self.cluster.get("deployment", name, self.space)
        return workload["spec"]["template"]["spec"]["containers"][0]["image"]

    def assert_push_followed(self, name, tag):
        digest = self.push(name, tag)
        wait_for(f"{name} is set to {tag}", lambda: self.running(name) == self.image(name, tag))
        self.cluster.wait_rollout("deployment", name, self.space)
        self.cluster.wait_pod(self.space, name, f"runs {digest}", lambda pod: runs(pod["status"], digest))

    def waits(self, name, tag):
        """Why that tag waits; None: it does not."""
        return next((wait["reason"] for wait in self.program.status()["waits"]
                     if wait["repository"] == f"{self.hub.host}/{self.space}/{name}" and wait.get("tag") == tag), None)

    def assert_no_password_is_told(self):
        told = self.program.audit_file.read_text() + self.program.log.read_text() + json.dumps(self.program.status())
        for secret in (PASSWORD, base64.b64encode(CREDENTIALS.encode()).decode()):
            self.assertNotIn(secret, told)

    def test_a_workload_with_a_secret_and_one_whose_account_has_it_follow_pushes(self):
        self.make_secret("hub")
        self.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder"},
                             "imagePullSecrets": [{"name": "hub"}]}, self.space)
        self.make("named", ["hub"])
        self.make("account", serviceAccountName="builder")
        self.make("none")
        self.begin("pull-secrets")
        self.assert_push_followed("named", "1.0.1")
        self.assert_push_followed("account", "1.0.1")
        self.push("none", "1.0.1")
        wait_for("it is told that nothing is known for the third",
                 lambda: "none are configured" in (self.waits("none", "1.0.1") or ""))
        self.assertEqual(self.running("none"), self.image("none", "1.0.0"))
        self.assertEqual(self.problems(), [])
        self.assert_no_password_is_told()

    def test_after_a_wrong_secret_the_right_one_is_tried(self):
        self.make_secret("wrong", password="wrong", place=f"{self.hub.host}/{self.space}")
        self.make_secret("right")
        self.make("web", ["wrong", "right"])
        self.begin("pull-secrets")
        digest = self.push("web", "1.0.1")
        wait_for("it is updated", lambda: self.running("web") == self.image("web", "1.0.1"))
        newest = self.program.json_of("history", f"{self.hub.host}/{self.space}/web")["history"][0]
        self.assertEqual((newest["tag"], newest["digest"], newest["verified"]), ("1.0.1", digest, True))

    def test_without_the_right_the_reason_is_told_and_with_it_the_next_push_is_followed(self):
        self.make_secret("hub")
        self.make("web", ["hub"])
        self.begin()
        self.push("web", "1.0.1")
        line = wait_for("the missing right is told", lambda: next(iter(self.problems()), None))
        self.assertIn(f"feature 'pull-secrets' is off: no right to get secrets in namespace {self.space}", line)
        self.assertIn("is forbidden", line)
        self.assertIn("none are configured", self.waits("web", "1.0.1"))
        self.assertEqual(self.program.audit().applied(), [])
        self.assertEqual(self.running("web"), self.image("web", "1.0.0"))

        give(self.cluster, "pull-secrets", namespace=self.space)
        self.wait_may("get", "secrets")
        self.assert_push_followed("web", "1.0.2")
        self.assertEqual(self.problems(), [])
        [applied] = self.program.audit().applied()
        self.assertEqual(applied["to"], self.image("web", "1.0.2"))

        take(self.cluster, "pull-secrets", namespace=self.space)
        self.wait_may("get", "secrets", may=False)
        self.assert_push_followed("web", "1.0.3")  # what was read is kept for a while
        self.assert_no_password_is_told()

    def test_nothing_is_read_unless_the_target_says_so(self):
        del self.program.settings["targets"][0]["pull-secrets"]
        self.make_secret("hub")
        self.make("web", ["hub"])
        self.begin("pull-secrets")
        self.push("web", "1.0.1")
        wait_for("it is told that nothing is known",
                 lambda: "none are configured" in (self.waits("web", "1.0.1") or ""))
        self.program.settings["targets"][0]["pull-secrets"] = True
        self.program.write_config()
        wait_for("it is updated after the reload", lambda: self.running("web") == self.image("web", "1.0.1"))
        said = self.program.audit()
        [event] = said.received(self.image("web", "1.0.1"))
        self.assertEqual({line["decision"] for line in said.decisions(event)}, {audit.WAIT, audit.UPDATE})
