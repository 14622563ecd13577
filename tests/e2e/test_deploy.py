# SPDX-License-Identifier: Apache-2.0
"""What is under deploy/kubernetes, at a real API server: every file is taken, the pod is as confined as
Kubernetes can ask, and each feature gives the rights it needs and no other."""

import copy
import json
import re
import subprocess
import textwrap

from harness import components
from harness.case import Case
from harness.deployed import CLUSTER_ONLY, FEATURES, KUBERNETES, give, install_account, rights_in, take
from harness.kube import KubeCase
from harness.kube_objects import Refused
from harness.process import wait_for

SPACE = "longshore"
WORKLOADS = {(verb, group, resource)
             for group, resource in (("apps", "deployments"), ("apps", "statefulsets"), ("apps", "daemonsets"),
                                     ("batch", "cronjobs"))
             for verb in ("get", "list", "watch", "patch")}
RIGHTS = {
    "base": WORKLOADS | {("create", "", "events")},
    "rollout": {("list", "", "pods"), ("list", "apps", "replicasets"), ("list", "apps", "controllerrevisions")},
    "statefulset-rollback": {("delete", "", "pods")},
    "platform": {("list", "", "nodes")},
    "namespace-labels": {("list", "", "namespaces"), ("watch", "", "namespaces")},
    "pull-secrets": {("get", "", "secrets"), ("get", "", "serviceaccounts")},
    "coexistence": {("list", "argoproj.io", "applications"), ("watch", "argoproj.io", "applications")},
}
# Those that a kustomization gives unless it is edited.
USUAL = [feature for feature in FEATURES if feature != "pull-secrets"]


def union(features):
    return set().union(*(RIGHTS[feature] for feature in features))


class Files(Case):
    def test_a_kustomization_names_every_file_beside_it(self):
        for path in sorted(KUBERNETES.rglob("kustomization.yaml")):
            named = set(re.findall(r"(?m)^ *(?:# )?- (?:path: )?([a-z-]+\.yaml)$", path.read_text()))
            self.assertEqual(named, {file.name for file in path.parent.glob("*.yaml")} - {path.name}, path)


class Configuration(Case):
    def test_the_program_takes_both_configurations(self):
        (self.folder / "hub-token").write_text("e2e-token-0123456789abcdef\n")
        for name in ("app/config.yaml", "namespaced/config.yaml"):
            text = textwrap.dedent((KUBERNETES / name).read_text().split("longshore.yaml: |\n", 1)[1])
            for place in ("/run/secrets/longshore", "/var/lib/longshore"):
                text = text.replace(place, str(self.folder))
            config = self.folder / "longshore.yaml"
            config.write_text(text)
            run = subprocess.run([components.find("longshore"), "check", "--config", config],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            self.assertEqual((run.returncode, run.stderr), (0, ""), name)


class Manifests(KubeCase):
    completed = None

    def setUp(self):
        super().setUp()
        install_account(self.cluster)

    def dry_run(self, option, *paths, namespace=None):
        """What the API server would make of files (-f) or a kustomization (-k); it may not even warn."""
        arguments = [argument for path in paths for argument in (option, path)]
        run = self.cluster.kubectl("apply", "--dry-run=server", "-o", "json", *arguments,
                                   namespace=namespace, check=False)
        self.assertEqual((run.returncode, run.stderr), (0, ""), paths)
        made = json.loads(run.stdout)
        return made["items"] if made["kind"] == "List" else [made]

    def test_every_file_is_taken(self):
        files = [path for path in sorted(KUBERNETES.rglob("*.yaml")) if path.name != "kustomization.yaml"]
        self.assertGreater(len(files), 20)
        of_a_namespace = [path for path in files if path.parent.name == "rights"]
        self.dry_run("-f", *(path for path in files if path not in of_a_namespace))
        self.dry_run("-f", *of_a_namespace, namespace=self.space)

    def test_the_kustomization_of_the_whole_cluster_is_taken(self):
        made = self.dry_run("-k", KUBERNETES)
        self.assertLess({"Namespace", "ServiceAccount", "ClusterRole", "ConfigMap", "Deployment", "NetworkPolicy"},
                        {one["kind"] for one in made})
        self.assertEqual([one["metadata"]["name"] for one in made if one["kind"] == "ClusterRole"],
                         sorted(f"longshore-{feature}" for feature in USUAL))

    def test_that_of_some_namespaces_is_taken_and_names_them(self):
        self.cluster.create({"kind": "Namespace", "metadata": {"name": "shop"}}, None)
        made = self.dry_run("-k", KUBERNETES / "namespaced")
        self.assertEqual([one["kind"] for one in made if one["kind"].startswith("Cluster")], [])
        roles = [one for one in made if one["kind"] in ("Role", "RoleBinding")]
        self.assertEqual({one["metadata"]["namespace"] for one in roles}, {"shop"})
        for binding in roles:
            for subject in binding.get("subjects", []):
                self.assertEqual((subject["name"], subject["namespace"]), ("longshore", SPACE))
        config = next(one for one in made if one["kind"] == "ConfigMap")["data"]["longshore.yaml"]
        self.assertIn("namespaces: [shop]", config)

    def deployment(self):
        """As the API server completes it; asked for once."""
        if Manifests.completed is None:
            [Manifests.completed] = self.dry_run("-f", KUBERNETES / "app" / "deployment.yaml")
        return Manifests.completed

    def pod(self):
        """The one that the Deployment would make."""
        template = self.deployment()["spec"]["template"]
        return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "trial", "labels": template["metadata"]["labels"]},
                "spec": template["spec"]}

    def admit(self, pod):
        self.cluster.request("POST", self.cluster.path("pod", None, SPACE) + "?dryRun=All", pod)

    def test_its_pod_is_admitted_where_only_restricted_ones_are(self):
        labels = self.cluster.get("namespace", SPACE)["metadata"]["labels"]
        self.assertEqual(labels["pod-security.kubernetes.io/enforce"], "restricted")
        pod = self.pod()
        self.admit(pod)
        container = ("spec", "containers", 0, "securityContext")
        for *way, name in ((*container, "allowPrivilegeEscalation"), (*container, "capabilities"),
                           ("spec", "securityContext", "seccompProfile"), ("spec", "securityContext", "runAsNonRoot")):
            weaker = copy.deepcopy(pod)
            place = weaker
            for step in way:
                place = place[step]
            del place[name]
            with self.assertRaises(Refused, msg=name) as refused:
                self.admit(weaker)
            self.assertEqual(refused.exception.status, 403)
            self.assertIn("violates PodSecurity", str(refused.exception))

    def test_its_pod_writes_to_its_volume_only_and_never_runs_twice(self):
        deployment = self.deployment()
        self.assertEqual(deployment["spec"]["strategy"], {"type": "Recreate"})
        self.assertEqual(deployment["spec"]["replicas"], 1)
        spec = deployment["spec"]["template"]["spec"]
        [container] = spec["containers"]
        self.assertTrue(container["securityContext"]["readOnlyRootFilesystem"])
        writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
        self.assertEqual(writable, ["/var/lib/longshore"])
        # Whole folders, or a change would never arrive.
        self.assertEqual([mount for mount in container["volumeMounts"] if "subPath" in mount], [])
        self.assertEqual(container["livenessProbe"]["httpGet"]["path"], "/healthz")
        self.assertEqual(container["readinessProbe"]["httpGet"]["path"], "/readyz")


class Rights(KubeCase):
    def setUp(self):
        super().setUp()
        self.kubeconfig = install_account(self.cluster)

    def assert_rights(self, namespace, wanted, message=None):
        """Once the API server minds what was given."""
        seen = set()

        def are_seen():
            nonlocal seen
            seen = rights_in(self.cluster, namespace)
            return seen == wanted

        try:
            wait_for("the rights are those", are_seen)
        except AssertionError:
            self.assertEqual(seen, wanted, message)

    def test_each_feature_gives_what_it_needs_in_one_namespace_and_nothing_elsewhere(self):
        self.assert_rights(self.space, set())
        elsewhere, given = self.cluster.namespace(), []
        for feature in FEATURES:
            if feature not in CLUSTER_ONLY:
                give(self.cluster, feature, namespace=self.space)
                given.append(feature)
                self.assert_rights(self.space, union(given), feature)
        self.assert_rights(elsewhere, set())
        take(self.cluster, *given, namespace=self.space)
        self.assert_rights(self.space, set())

    def test_each_feature_gives_what_it_needs_in_the_whole_cluster(self):
        self.addCleanup(take, self.cluster, *FEATURES)
        given = []
        for feature in FEATURES:
            give(self.cluster, feature)
            given.append(feature)
            self.assert_rights(self.space, union(given), feature)

    def test_the_kustomizations_give_all_of_them_but_the_secrets(self):
        self.addCleanup(take, self.cluster, *FEATURES)
        self.cluster.kubectl("apply", "-k", KUBERNETES / "namespaced" / "rights", namespace=self.space)
        self.assert_rights(self.space, union(feature for feature in USUAL if feature not in CLUSTER_ONLY))
        self.cluster.kubectl("apply", "-k", KUBERNETES / "rbac")
        self.assert_rights("default", union(USUAL))

    def test_the_account_itself_may_list_workloads_and_read_no_secret(self):
        give(self.cluster, "base", namespace=self.space)
        self.assert_rights(self.space, RIGHTS["base"])
        as_account = ("--kubeconfig", self.kubeconfig, "--namespace", self.space)
        listed = self.cluster.kubectl("get", "deployments,statefulsets,daemonsets,cronjobs", *as_account, check=False)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        refused = self.cluster.kubectl("get", "secrets", *as_account, check=False)
        self.assertIn("secrets is forbidden", refused.stderr)
