# SPDX-License-Identifier: Apache-2.0
"""The objects of a cluster: asked for, made, changed, waited for."""

import http.client
import json
import os
import pathlib
import secrets
import subprocess
import urllib.parse

from .process import PATIENCE, wait_for

APPS = "/apis/apps/v1"
# Where get() and its like find a kind: (path of the group, plural, whether it lives in a namespace).
KINDS = {
    "configmap": ("/api/v1", "configmaps", True),
    "controllerrevision": (APPS, "controllerrevisions", True),
    "cronjob": ("/apis/batch/v1", "cronjobs", True),
    "daemonset": (APPS, "daemonsets", True),
    "deployment": (APPS, "deployments", True),
    "event": ("/api/v1", "events", True),
    "horizontalpodautoscaler": ("/apis/autoscaling/v2", "horizontalpodautoscalers", True),
    "job": ("/apis/batch/v1", "jobs", True),
    "namespace": ("/api/v1", "namespaces", False),
    "node": ("/api/v1", "nodes", False),
    "pod": ("/api/v1", "pods", True),
    "replicaset": (APPS, "replicasets", True),
    "role": ("/apis/rbac.authorization.k8s.io/v1", "roles", True),
    "secret": ("/api/v1", "secrets", True),
    "serviceaccount": ("/api/v1", "serviceaccounts", True),
    "statefulset": (APPS, "statefulsets", True),
}


class Refused(AssertionError):
    """An answer of the API server that says no."""

    def __init__(self, method, path, status, text):
        super().__init__(f"{method} {path}: {status}: {text[:500]}")
        self.status = status


class Objects:
    """What people and programs do at an API server. A Cluster (kube.py) is one; what it is reached
    by is set there: programs, folder, api_port, tls, tokens."""

    def kubectl(self, *arguments, namespace=None, text=None, user="admin", check=True):
        """Its output; raises AssertionError with what it says when it fails. check=False: the
        finished process."""
        place = ["--namespace", namespace] if namespace else []
        run = subprocess.run(
            [self.programs / "kubectl", "--kubeconfig", self.kubeconfig(user), *place, *arguments],
            input=text, capture_output=True, text=True, timeout=60 * PATIENCE, check=False,
            env={**os.environ, "KUBECACHEDIR": str(self.folder / "cache")})
        if not check:
            return run
        if run.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(map(str, arguments))}: {run.stderr or run.stdout}")
        return run.stdout

    def apply(self, what, namespace=None, *more):
        """`kubectl apply` of a dict, of text, or of a file or folder (a Path)."""
        if isinstance(what, pathlib.Path):
            return self.kubectl("apply", "-f", what, *more, namespace=namespace)
        text = json.dumps(what) if isinstance(what, dict) else what
        return self.kubectl("apply", "-f", "-", *more, namespace=namespace, text=text)

    def namespace(self, labels=None):
        """The name of a new one, in which pods can be made."""
        name = f"test-{secrets.token_hex(4)}"
        self.request("POST", "/api/v1/namespaces", {
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels or {}}})
        self._wait_account(name)
        return name

    def _wait_account(self, namespace):
        wait_for(f"{namespace} has its service account",
                 lambda: self.find("serviceaccount", "default", namespace), 30)

    def request(self, method, path, body=None, content_type="application/json", user="admin"):
        """One request to the API server; the answer as a dict. Raises Refused, or OSError when
        nobody is there."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.api_port, timeout=15 * PATIENCE,
                                                 context=self.tls)
        headers = {"Authorization": f"Bearer {self.tokens[user]}", "Content-Type": content_type}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        if response.status >= 300:
            raise Refused(method, path, response.status, text)
        return json.loads(text)

    @staticmethod
    def path(kind, name=None, namespace="default"):
        group, plural, is_namespaced = KINDS[kind]
        place = f"/namespaces/{namespace}" if is_namespaced and namespace else ""
        return f"{group}{place}/{plural}" + (f"/{name}" if name else "")

    def create(self, document, namespace="default"):
        """Asks for it at once, without kubectl, which takes longer; as it was stored."""
        kind = document["kind"].lower()
        return self.request("POST", self.path(kind, None, namespace), document)

    def get(self, kind, name, namespace="default"):
        return self.request("GET", self.path(kind, name, namespace))

    def find(self, kind, name, namespace="default"):
        """None where there is none, or nobody to say so."""
        try:
            return self.get(kind, name, namespace)
        except Refused as refused:
            if refused.status != 404:
                raise
        except (OSError, http.client.HTTPException):
            pass
        return None

    def list(self, kind, namespace="default", selector=""):
        """namespace None: those of all namespaces."""
        query = f"?labelSelector={urllib.parse.quote(selector)}" if selector else ""
        return self.request("GET", self.path(kind, None, namespace) + query)["items"]

    def patch(self, kind, name, merge, namespace="default"):
        return self.request("PATCH", self.path(kind, name, namespace), merge, "application/merge-patch+json")

    def delete(self, kind, name, namespace="default"):
        self.request("DELETE", self.path(kind, name, namespace))

    def set_image(self, kind, name, image, namespace="default", container=0):
        """As a person does it."""
        path = f"/spec/template/spec/containers/{container}/image"
        return self.request("PATCH", self.path(kind, name, namespace),
                            [{"op": "replace", "path": path, "value": image}], "application/json-patch+json")

    def pods(self, namespace, workload=None):
        """Those that are not on their way out. workload: whose names start so."""
        return [pod for pod in self.list("pod", namespace)
                if "deletionTimestamp" not in pod["metadata"]
                and (workload is None or pod["metadata"]["name"].startswith(f"{workload}-"))]

    def wait(self, kind, name, what, predicate, namespace="default", seconds=30.0):
        """The object, once the predicate holds for it."""
        seen = None

        def holds():
            nonlocal seen
            seen = self.find(kind, name, namespace) or seen
            return seen is not None and predicate(seen)

        try:
            wait_for(f"{kind} {name} {what}", holds, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(seen and seen.get('status'), indent=1)}") from None
        return seen

    def wait_pod(self, namespace, workload, what, predicate, seconds=20.0):
        """A pod of that workload, once the predicate holds for one that its node has written of."""
        return wait_for(
            f"a pod of {workload} {what}",
            lambda: next((pod for pod in self.pods(namespace, workload)
                          if "containerStatuses" in pod["status"] and predicate(pod)), None), seconds)

    def wait_rollout(self, kind, name, namespace="default", seconds=30.0):
        """The object, once all of its pods are new and available."""
        return self.wait(kind, name, "is rolled out", is_rolled_out, namespace, seconds)


def is_rolled_out(workload):
    """As `kubectl rollout status` decides it."""
    status, spec = workload.get("status", {}), workload["spec"]
    if status.get("observedGeneration", 0) < workload["metadata"]["generation"]:
        return False
    if workload["kind"] == "DaemonSet":
        wanted = status.get("desiredNumberScheduled", 0)
        return (wanted > 0 and status.get("updatedNumberScheduled", 0) == wanted
                and status.get("numberAvailable", 0) == wanted)
    wanted = spec.get("replicas", 1)
    if workload["kind"] == "StatefulSet" and status.get("updateRevision") != status.get("currentRevision"):
        return False
    return (status.get("updatedReplicas", 0) == wanted == status.get("replicas", 0)
            and status.get("availableReplicas", 0) == wanted)


def waits_for(container, reason):
    """Whether a container, as a pod's status has it, waits for that reason."""
    return container.get("state", {}).get("waiting", {}).get("reason") == reason


def runs(status, digest):
    """Whether a pod with this status has a ready container with that digest."""
    return any(container["ready"] and container["imageID"].endswith(f"@{digest}")
               for container in status.get("containerStatuses", []))


def condition(status, kind):
    """Raises StopIteration where there is none."""
    return next(condition for condition in status["conditions"] if condition["type"] == kind)
