#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A node that is played: it joins a cluster and writes of the pods that are bound to it what a kubelet
would, without running anything. Standard library only.

Each image is looked up at its registry (plain HTTP on this machine); the digest is reported as
imageID, and a label in the image's configuration says what its containers do (node_images.py). An
annotation of the same name on the Node object makes it so for every container of the node, running
ones too: `kubectl annotate node NAME longshore.test/behaviour=crash`. Taken away, what is
unready gets ready, and what is started again runs.
"""

import argparse
import heapq
import itertools
import os
import signal
import threading
import time
from datetime import datetime, timezone

import node_api
from node_images import LABEL, Behaviour, Store
from node_pods import Pod, timestamp

WORKERS = 8  # so that a registry that hangs holds up few pods
HEARTBEAT = 10.0  # seconds


class Node:
    def __init__(self, api, options):
        self.api = api
        self.name = options.name
        self.timing = options
        self.behaviour = None  # of the node itself: stands before that of an image
        self._said = "ok"  # what that was read from
        self.images = Store(options.architecture, options.mirror)
        self._architecture = options.architecture
        self._max_pods = options.max_pods
        self._born = timestamp()
        self._version = api.get("/version")["gitVersion"]
        self._changed = threading.Condition()
        # Guarded by _changed:
        self._pods = {}  # uid -> Pod
        self._due = []  # heap of (when, number, do)
        self._numbers = itertools.count(1)
        self._addresses = itertools.count(1)

    def run(self):
        self._register()
        selected = f"/api/v1/nodes?fieldSelector=metadata.name={self.name}"
        self._start(self._beat)
        self._start(lambda: self.api.follow(selected, self._listed_node, self._seen_node))
        for _ in range(WORKERS):
            self._start(self._work)
        self.api.follow(f"/api/v1/pods?fieldSelector=spec.nodeName={self.name}",
                        self._listed_pods, self._seen_pod)

    @staticmethod
    def _start(what):
        threading.Thread(target=what, daemon=True).start()

    # The Node object.

    def _register(self):
        labels = {"kubernetes.io/hostname": self.name, "kubernetes.io/os": "linux",
                  "kubernetes.io/arch": self._architecture}
        try:
            self.api.call("POST", "/api/v1/nodes", {
                "apiVersion": "v1", "kind": "Node", "metadata": {"name": self.name, "labels": labels}})
        except node_api.ApiError as error:
            if error.status != 409:
                raise
        self._heartbeat()

    def _beat(self):
        while True:
            time.sleep(HEARTBEAT)
            try:
                self._heartbeat()
            except node_api.ApiError as error:
                print(f"heartbeat: {error}", flush=True)
                if error.status == 404:
                    self._again(self._register)
            except node_api.UNREACHABLE as error:
                print(f"heartbeat: {error}", flush=True)

    def _heartbeat(self):
        self.api.call("PATCH", f"/api/v1/nodes/{self.name}/status", {"status": self._status()},
                      node_api.STRATEGIC)
        leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        spec = {"holderIdentity": self.name, "leaseDurationSeconds": 40, "renewTime": now}
        try:
            self.api.call("PATCH", f"{leases}/{self.name}", {"spec": spec}, node_api.MERGE)
        except node_api.ApiError as error:
            if error.status != 404:
                raise
            self.api.call("POST", leases, {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                                           "metadata": {"name": self.name}, "spec": spec})

    def _status(self):
        conditions = [
            {"type": kind, "status": status, "reason": reason, "message": reason,
             "lastHeartbeatTime": timestamp(), "lastTransitionTime": self._born}
            for kind, status, reason in (
                ("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                ("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                ("PIDPressure", "False", "KubeletHasSufficientPID"),
                ("Ready", "True", "KubeletReady"))]
        room = {"cpu": "64", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": str(self._max_pods)}
        return {"capacity": room, "allocatable": room, "conditions": conditions,
                "addresses": [{"type": "InternalIP", "address": "127.0.0.1"},
                              {"type": "Hostname", "address": self.name}],
                "nodeInfo": {"machineID": self.name, "systemUUID": self.name, "bootID": self.name,
                             "kernelVersion": "6.1.0", "osImage": "a played node",
                             "containerRuntimeVersion": "containerd://1.7.0",
                             "kubeletVersion": self._version, "kubeProxyVersion": self._version,
                             "operatingSystem": "linux", "architecture": self._architecture}}

    def _listed_node(self, nodes):
        for node in nodes:
            self._seen_node("MODIFIED", node)

    def _seen_node(self, kind, node):
        text = node["metadata"].get("annotations", {}).get(LABEL, "ok") if kind != "DELETED" else "ok"
        try:
            behaviour = Behaviour(text)
        except ValueError as error:
            print(error, flush=True)
            return
        if text == self._said:
            return
        self._said = text
        self.behaviour = None if behaviour.kind == "ok" else behaviour
        with self._changed:
            pods = list(self._pods.values())
        for pod in pods:
            self._do(pod, pod.fall_ill)

    # Pods.

    def _listed_pods(self, documents):
        here = {document["metadata"]["uid"] for document in documents}
        with self._changed:
            for uid in set(self._pods) - here:
                del self._pods[uid]
            pods = list(self._pods.values())
        for pod in pods:
            pod.forget_sent()
        for document in documents:
            self._seen_pod("MODIFIED", document)

    def _seen_pod(self, kind, document):
        uid = document["metadata"]["uid"]
        with self._changed:
            if kind == "DELETED":
                self._pods.pop(uid, None)
                return
            pod = self._pods.get(uid)
            if pod is None:
                number = next(self._addresses)
                pod = self._pods[uid] = Pod(self, document, f"10.244.{number >> 8 & 255}.{number & 255}")
        self._do(pod, lambda: pod.take(document))

    def _do(self, pod, change=None):
        """Lets a worker change the pod, then bring it on."""

        def do():
            with pod.lock:
                if change:
                    change()
                when = pod.step()
                now = time.monotonic()
                if when is None or now < pod.wake_at <= when:
                    return  # somebody will come early enough, and ask again
                pod.wake_at = when
            self._at(when, lambda: self._do(pod))

        self._at(0.0, lambda: self._again(do, pod))

    def _again(self, do, pod=None):
        """Does it, and once more a little later while the API server does not answer."""
        with self._changed:
            if pod and self._pods.get(pod.uid) is not pod:
                return
        try:
            do()
        except node_api.ApiError as error:
            if error.status in (404, 409):  # it is gone, or another of that name has come
                return
            print(error, flush=True)
            self._at(time.monotonic() + 0.3, lambda: self._again(do, pod))
        except node_api.UNREACHABLE as error:
            print(error, flush=True)
            self._at(time.monotonic() + 0.3, lambda: self._again(do, pod))

    def tell(self, event):
        """Writes an Event, if that can be done: nobody waits for it."""

        def post():
            try:
                self.api.call("POST", f"/api/v1/namespaces/{event['metadata']['namespace']}/events", event)
            except (node_api.ApiError, *node_api.UNREACHABLE) as error:
                print(f"event: {error}", flush=True)

        self._at(0.0, post)

    # The workers.

    def _at(self, when, do):
        with self._changed:
            heapq.heappush(self._due, (when, next(self._numbers), do))
            self._changed.notify()

    def _work(self):
        while True:
            with self._changed:
                now = time.monotonic()
                if not self._due or self._due[0][0] > now:
                    self._changed.wait(self._due[0][0] - now if self._due else None)
                    continue
                do = heapq.heappop(self._due)[2]
            do()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, metavar="HOST:PORT", help="the API server")
    parser.add_argument("--ca", required=True, metavar="FILE", help="its authority")
    parser.add_argument("--certificate", required=True, metavar="FILE", help="of system:node:NAME")
    parser.add_argument("--key", required=True, metavar="FILE")
    parser.add_argument("--name", default="node-0")
    parser.add_argument("--architecture", default="amd64")
    parser.add_argument("--max-pods", type=int, default=2000)
    parser.add_argument("--mirror", metavar="HOST:PORT",
                        help="asked for images of registries that are not on this machine (default: not found)")
    for name, seconds, what in (
            ("init", 0.05, "an init container runs"),
            ("job", 0.2, "a container runs that may end"),
            ("stop", 0.1, "a deleted pod takes to go"),
            ("pull-error", 0.3, "ErrImagePull is shown before ImagePullBackOff"),
            ("pull-backoff", 0.5, "ImagePullBackOff is shown the first time; doubles up to 8 times that"),
            ("exit-shown", 0.2, "how a container ended is shown before CrashLoopBackOff"),
            ("crash-backoff", 0.5, "CrashLoopBackOff is shown the first time; doubles"),
            ("max-backoff", 4.0, "the longest CrashLoopBackOff")):
        parser.add_argument(f"--{name}", type=float, default=seconds, metavar="SECONDS", help=f"{what} ({seconds:g})")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    host, _, port = options.server.rpartition(":")
    api = node_api.Api(host, int(port), options.ca, options.certificate, options.key)
    Node(api, options).run()


if __name__ == "__main__":
    main()
