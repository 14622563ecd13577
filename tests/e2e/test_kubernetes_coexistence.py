# SPDX-License-Identifier: Apache-2.0
"""Workloads that Flux, Argo CD, Helm or another client manage: who of them is left alone, and where that
is said."""

import json

from harness import kube_workloads as workloads
from harness.deployed import give, install_account, take
from harness.kube_updates import UpdateCase
from harness.process import wait_for

HELM = {"labels": {"app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/instance": "web"},
        "annotations": {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}}
# name -> (marks, what the reason names)
MANAGED = {
    "flux": ({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"}},
             "Flux Kustomization flux/apps"),
    "flux-helm": ({**HELM, "labels": {**HELM["labels"], "helm.toolkit.fluxcd.io/name": "web",
                                      "helm.toolkit.fluxcd.io/namespace": "shop"}}, "Flux HelmRelease shop/web"),
    "argo": ({"annotations": {"argocd.argoproj.io/tracking-id": "store:apps/Deployment:shop/argo"}},
             "Argo CD application store"),
    "updater": ({"annotations": {"argocd-image-updater.argoproj.io/image-list": "web=shop"}}, "Argo CD Image Updater"),
}
# The label that everybody sets says nothing.
FREE = {"instance": {"labels": {"app.kubernetes.io/instance": "web"}}, "plain": {}}

# The part of Argo CD's own that a client sees.
APPLICATIONS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "applications.argoproj.io"},
    "spec": {"group": "argoproj.io", "scope": "Namespaced",
             "names": {"kind": "Application", "listKind": "ApplicationList", "plural": "applications",
                       "singular": "application"},
             "versions": [{"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                 "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}}
APPLICATION = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": "web"}, "spec": {}}


class Coexistence(UpdateCase):
    def document(self, name, marks, policy="semver:~1.0"):
        document = workloads.deployment(name, self.image("shop", "1.0.0"),
                                        workloads.policy(policy) if policy else None, replicas=0)
        for place, entries in marks.items():
            document["metadata"].setdefault(place, {}).update(entries)
        return document

    def make_marked(self, name, marks, policy="semver:~1.0"):
        self.cluster.create(self.document(name, marks, policy), self.space)

    def apply_as(self, name, manager):
        self.cluster.apply(json.dumps({**self.document(name, {}), "metadata": {
            **self.document(name, {})["metadata"], "namespace": self.space}}), None, "--server-side",
            f"--field-manager={manager}")

    def make_all(self):
        for name, (marks, _) in MANAGED.items():
            self.make_marked(name, marks)
        for name, marks in FREE.items():
            self.make_marked(name, marks)
        self.make_marked("helm-consent", HELM)
        self.make_marked("helm-pattern", HELM, None)
        self.apply_as("applied", "kustomize-controller")
        self.apply_as("by-hand", "kubectl")
        return [*MANAGED, "helm-pattern", "applied"], [*FREE, "helm-consent", "by-hand"]

    def begin(self, **options):
        self.program = self.install(
            self.target(**options), policies=[{"image": f"{self.hub.host}/{self.space}/*", "policy": "semver:~1.0"}])
        self.program.start()
        self.wait_synced(self.program)

    def test_what_others_manage_is_left_alone_and_the_status_says_why(self):
        left, free = self.make_all()
        self.begin()
        self.push("shop", "1.0.1")
        for name in free:
            self.wait_runs(name, self.image("shop", "1.0.1"))
        whys = {**{name: why for name, (_, why) in MANAGED.items()},
                "helm-pattern": "Helm release shop/web and no policy stands on it", "applied": "kustomize-controller"}
        for name, why in whys.items():
            self.wait_problem(self.program, f"Deployment {self.space}/{name} is left alone", why)
        self.wait_problem(self.program, f"Deployment {self.space}/helm-consent", "Helm release shop/web",
                          "next helm upgrade")
        skips = {line["workload"]: line["reason"] for line in self.program.audit().steps("decided")
                 if line["decision"] == "skip"}
        for name in left:
            self.assertEqual(self.running(name), self.image("shop", "1.0.0"))
            self.assertEqual(self.patches(name), 0)
            self.assertIn(whys[name], skips[f"cluster: Deployment {self.space}/{name} web"])
        # Somebody who gives one up is noticed.
        self.cluster.patch("deployment", "argo", {"metadata": {"annotations": {
            "argocd.argoproj.io/tracking-id": None}}}, self.space)
        self.wait_runs("argo", self.image("shop", "1.0.1"))
        self.wait_no_problem(self.program, f"{self.space}/argo is left alone")

    def test_adopted_they_are_changed_and_only_the_image_is(self):
        left, free = self.make_all()
        self.begin(adopt=True)
        before = self.cluster.get("deployment", "applied", self.space)
        self.push("shop", "1.0.1")
        for name in (*left, *free):
            self.wait_runs(name, self.image("shop", "1.0.1"))
            self.assertEqual(self.patches(name), 1)
        after = self.cluster.get("deployment", "applied", self.space)
        before["spec"]["template"]["spec"]["containers"][0]["image"] = self.image("shop", "1.0.1")
        self.assertEqual(after["spec"], before["spec"])
        wait_for("both managers are known", lambda: {"kustomize-controller", "longshore"} <= {
            entry["manager"]
            for entry in self.cluster.get("deployment", "applied", self.space)["metadata"]["managedFields"]})
        # Its manager sets what it has, and is told of the conflict.
        run = self.cluster.kubectl("apply", "--server-side", "--field-manager=kustomize-controller", "-f", "-",
                                   namespace=self.space, check=False, text=json.dumps(self.document("applied", {})))
        self.assertIn('conflict with "longshore"', run.stderr)

    def test_argo_cd_that_tracks_by_the_common_label(self):
        self.cluster.apply(APPLICATIONS)
        self.addCleanup(self.cluster.kubectl, "delete", "crd", "applications.argoproj.io")
        self.cluster.kubectl("wait", "--for=condition=Established", "crd/applications.argoproj.io")
        account = install_account(self.cluster)
        give(self.cluster, "base", "rollout", "coexistence")
        self.addCleanup(take, self.cluster, "base", "rollout", "coexistence")
        for name, label in (("shop", "web"), ("elsewhere", "team_web"), ("other", "web2")):
            self.make_marked(name, {"labels": {"app.kubernetes.io/instance": label}})
        self.begin(kubeconfig=str(account), argo_cd_labels=True)
        everybody = ("shop", "elsewhere", "other")
        self.push("shop", "1.0.1")
        for name in everybody:
            self.wait_runs(name, self.image("shop", "1.0.1"))
        # It becomes one of Argo CD's, and is given up again.
        self.cluster.apply(APPLICATION, self.space)
        for name in ("shop", "elsewhere"):
            self.wait_problem(self.program, f"{self.space}/{name} is left alone", "Argo CD application web")
        self.push("shop", "1.0.2")
        self.wait_runs("other", self.image("shop", "1.0.2"))
        for name in ("shop", "elsewhere"):
            self.assertEqual(self.running(name), self.image("shop", "1.0.1"))
        self.cluster.kubectl("delete", "application", "web", namespace=self.space)
        for name in everybody:
            self.wait_runs(name, self.image("shop", "1.0.2"))
            self.assertEqual(self.patches(name), 2)

    def test_without_argo_cd_its_label_counts_for_nothing_and_the_status_says_so(self):
        self.make_marked("shop", {"labels": {"app.kubernetes.io/instance": "web"}})
        self.begin(argo_cd_labels=True)
        self.wait_problem(self.program, "there are no applications.argoproj.io in this cluster")
        self.push("shop", "1.0.1")
        self.wait_runs("shop", self.image("shop", "1.0.1"))
