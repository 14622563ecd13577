# SPDX-License-Identifier: Apache-2.0
"""Longshore's account in a cluster of the tests, with the rights that deploy/kubernetes gives it."""

import pathlib

KUBERNETES = pathlib.Path(__file__).resolve().parents[3] / "deploy" / "kubernetes"
ACCOUNT = ("longshore", "longshore")  # its name and its namespace
# The files of deploy/kubernetes/rbac; those of namespaced/rights are the same less three.
FEATURES = ("base", "rollout", "statefulset-rollback", "platform", "namespace-labels", "pull-secrets", "coexistence")
CLUSTER_ONLY = ("platform", "namespace-labels", "coexistence")


def install_account(cluster):
    """Makes namespace and account, without rights; the account's kubeconfig. Its name is a user of the
    cluster's requests from then on."""
    cluster.kubectl("apply", "-k", KUBERNETES / "account")
    cluster.tokens[ACCOUNT[0]] = cluster.account_token(*ACCOUNT)
    return cluster.account_kubeconfig(*ACCOUNT)


def rights(feature, namespace=None):
    """The file that gives it in the whole cluster or, with a namespace, in one."""
    return KUBERNETES / ("namespaced/rights" if namespace else "rbac") / f"{feature}.yaml"


def _kubectl(cluster, verb, features, namespace, *more):
    files = [argument for feature in features for argument in ("-f", rights(feature, namespace))]
    cluster.kubectl(verb, *more, *files, namespace=namespace)


def give(cluster, *features, namespace=None):
    """Gives the account these features, in the whole cluster or in one namespace. The API server
    minds it a moment later."""
    _kubectl(cluster, "apply", features, namespace)


def take(cluster, *features, namespace=None):
    """Takes them away again, likewise."""
    _kubectl(cluster, "delete", features, namespace, "--ignore-not-found")


def rights_in(cluster, namespace):
    """What the account may do there by the API server's word, as {(verb, group, resource)}, less what
    everybody may: to ask who they are and what they may do."""
    answer = cluster.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace}}, user=ACCOUNT[0])
    return {(verb, group, resource)
            for rule in answer["status"]["resourceRules"]
            for verb in rule["verbs"] for group in rule["apiGroups"] for resource in rule["resources"]
            if not resource.startswith("selfsubject")}
