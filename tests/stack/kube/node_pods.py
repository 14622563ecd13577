# SPDX-License-Identifier: Apache-2.0
"""Pods and their containers as a kubelet brings them up and writes of them."""

import base64
import hashlib
import json
import threading
import time
from datetime import datetime, timezone

from node_api import STRATEGIC, ApiError
from node_images import PullError

PENDING, RUNNING, SUCCEEDED, FAILED = "Pending", "Running", "Succeeded", "Failed"


def timestamp():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Container:
    """One container, moved on by step(): pulled, run, ended, run again.

    Its `state` and `last` are what the API calls state and lastState. `due`: when step() has
    something to do, in monotonic seconds; None: never by itself.
    """

    def __init__(self, pod, spec, is_init=False):
        self.pod = pod
        self.spec = spec
        self.name = spec["name"]
        self.is_sidecar = is_init and spec.get("restartPolicy") == "Always"
        self.is_init = is_init and not self.is_sidecar
        self.ready = False
        self.restarts = 0
        self.due = 0.0
        self.last = {}
        self._image = None
        self._image_id = ""
        self._failures = 0
        self._pulls = 0  # that failed in a row
        self._id = ""
        self._since = 0.0  # when this run began
        self._first_run = None
        self._then = self._pull
        self.wait("PodInitializing" if pod.has_init else "ContainerCreating")

    def wait(self, reason, message=None):
        self.ready = False
        self.state = {"waiting": {"reason": reason, **({"message": message} if message else {})}}

    @property
    def is_running(self):
        return "running" in self.state

    @property
    def exit_code(self):
        """None while it has not ended, or will run again."""
        return self.state["terminated"]["exitCode"] if self.due is None and "terminated" in self.state else None

    @property
    def lets_next_start(self):
        """For one of the init containers."""
        return self.is_running if self.is_sidecar else self.exit_code == 0

    def step(self):
        while self.due is not None and self.due <= time.monotonic():
            self._then()

    def _later(self, seconds, then):
        self.due = time.monotonic() + seconds
        self._then = then

    def _pull(self):
        try:
            self._image_id, self._image = self.pod.pull(self.spec)
            behaviour = self.pod.node.behaviour
            if behaviour and behaviour.kind == "bad":
                raise PullError("failed to extract layer: no space left on device")
        except PullError as error:
            self._pull_failed(error)
            return
        self._pulls = 0
        self._run()

    def _pull_failed(self, error):
        self._pulls += 1
        timing = self.pod.node.timing
        if error.reason != "ErrImagePull":
            self.wait(error.reason, str(error))
            self._later(timing.pull_backoff, self._pull)
            return
        code = "NotFound" if str(error).endswith("not found") else "Unknown"
        message = f"rpc error: code = {code} desc = {error}"
        self.wait("ErrImagePull", message)
        self.pod.event("Warning", "Failed", f'Failed to pull image "{self.spec["image"]}": {message}')
        self._later(timing.pull_error, lambda: self._back_off_pull(message))

    def _back_off_pull(self, message):
        image = self.spec["image"]
        self.wait("ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {message}')
        self.pod.event("Normal", "BackOff", f'Back-off pulling image "{image}"')
        self._later(self.pod.node.timing.pull_backoff * min(2 ** (self._pulls - 1), 8), self._pull)

    def _run(self):
        self._since = time.monotonic()
        if self._first_run is None:
            self._first_run = self._since
        else:
            self.restarts += 1
        digest = hashlib.sha256(f"{self.pod.uid}/{self.name}/{self.restarts}".encode())
        self._id = f"containerd://{digest.hexdigest()}"
        self.state = {"running": {"startedAt": timestamp()}}
        self.go_on()

    def _behaviour(self):
        """(kind, seconds of this run until it shows, seconds until it is over)."""
        own = self._image.behaviour
        behaviour = self.pod.node.behaviour or own
        kind = behaviour.kind
        if kind == "crash-init":
            kind = "crash" if self.is_init else "ok"
        if not self._image.fits:
            return "crash", 0.0, float("inf")
        now = time.monotonic()
        return kind, self._since + behaviour.after - now, self._first_run + behaviour.lasts - now

    def go_on(self):
        """What a running container does now; also called when its node falls ill or gets well."""
        kind, begins, ends = self._behaviour()
        timing = self.pod.node.timing
        is_shown = begins <= 0 < ends
        if kind == "crash" and is_shown:
            self._end(1 if self._image.fits else 255)
            return
        self.ready = not self.is_init and not (kind == "unready" and is_shown)
        if kind == "unready" and is_shown:
            self.pod.event("Warning", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
        changes = [seconds for seconds in (begins, ends) if kind in ("crash", "unready") and 0 < seconds < float("inf")]
        if self.is_init:
            self._later(min([timing.init, *changes]), self._finish if not changes else self.go_on)
        elif not self.pod.is_for_ever and not self.is_sidecar and self.ready and not changes:
            self._later(timing.job, self._finish)
        elif changes:
            self._later(min(changes), self.go_on)
        else:
            self.due = None

    def _finish(self):
        self._end(0)

    def stop(self, spec):
        """Its image in the pod was changed: it runs again with the new one."""
        self.spec = spec
        if self.is_running:
            self._end(137)
        self._failures = 0
        self._later(0, self._pull)

    def _end(self, code):
        started = self.state.get("running", {}).get("startedAt")
        terminated = {"exitCode": code, "reason": "Error" if code else "Completed",
                      "startedAt": started, "finishedAt": timestamp(), "containerID": self._id}
        self.state = {"terminated": terminated}
        self.ready = self.is_init and code == 0
        policy = "Always" if self.is_sidecar else self.pod.spec.get("restartPolicy", "Always")
        if self.is_init and policy == "Always":
            policy = "OnFailure"
        if policy == "Never" or (policy == "OnFailure" and code == 0):
            self.due = None
            return
        self._failures += 1
        self.last = self.state
        if self._failures == 1:  # the first time it is started again at once
            self._later(0, self._pull)
            return
        self._later(self.pod.node.timing.exit_shown, self._back_off)

    def _back_off(self):
        told = min(10 * 2 ** (self._failures - 2), 300)
        told = f"{told // 60}m{told % 60}s" if told >= 60 else f"{told}s"
        message = f"back-off {told} restarting failed container={self.name} pod={self.pod.full_name}"
        self.wait("CrashLoopBackOff", message)
        self.pod.event("Warning", "BackOff", f"Back-off restarting failed container {self.name} "
                                             f"in pod {self.pod.full_name}")
        timing = self.pod.node.timing
        self._later(min(timing.crash_backoff * 2 ** (self._failures - 2), timing.max_backoff), self._pull)

    def adopt(self, status):
        """Takes over what was written of it before this node's program started."""
        self.restarts = status.get("restartCount", 0)
        if self.restarts or "running" in status.get("state", {}):
            self._first_run = time.monotonic()
            if "running" in status["state"]:
                self.last = {"terminated": {"exitCode": 255, "reason": "Unknown", "finishedAt": timestamp(),
                                            "startedAt": status["state"]["running"].get("startedAt")}}
            else:
                self.last = status.get("lastState", {})

    def status(self):
        written = {"name": self.name, "image": self.spec["image"], "imageID": self._image_id if self._id else "",
                   "ready": self.ready or (self.is_sidecar and self.is_running),
                   "started": self.is_running, "restartCount": self.restarts,
                   "state": self.state, "lastState": self.last}
        if self._id:
            written["containerID"] = self._id
        return written


class Pod:
    """One pod of a node. Everything but seen() and wake() is called by one worker at a time."""

    def __init__(self, node, document, ip):
        self.node = node
        self.lock = threading.Lock()
        self.spec = document["spec"]
        meta = document["metadata"]
        self.uid, self.name, self.namespace = meta["uid"], meta["name"], meta["namespace"]
        self.full_name = f"{self.name}_{self.namespace}({self.uid})"
        self.path = f"/api/v1/namespaces/{self.namespace}/pods/{self.name}"
        self.is_for_ever = self.spec.get("restartPolicy", "Always") == "Always"
        self.has_init = bool(self.spec.get("initContainers"))
        self.init = [Container(self, spec, True) for spec in self.spec.get("initContainers", [])]
        self.main = [Container(self, spec) for spec in self.spec["containers"]]
        self._told = set()
        self.going_at = None
        self.wake_at = 0.0  # when a worker comes next, unless that is over
        self._gates = {}
        old = document.get("status", {})
        self._ip = old.get("podIP") or ip
        self._started = old.get("startTime") or timestamp()
        self._conditions = {}
        self._sent = None
        self._is_over = old.get("phase") in (SUCCEEDED, FAILED)
        self._adopt(old)
        self.take(document)

    def _adopt(self, old):
        written = {status["name"]: status for status in
                   old.get("containerStatuses", []) + old.get("initContainerStatuses", [])}
        for container in self.init + self.main:
            if container.name in written:
                container.adopt(written[container.name])
        self._conditions = {condition["type"]: condition for condition in old.get("conditions", [])}

    def take(self, document):
        """What the API says of it by now. Called under the lock."""
        self._gates = {condition["type"]: condition["status"]
                       for condition in document.get("status", {}).get("conditions", [])}
        if document["metadata"].get("deletionTimestamp") and self.going_at is None:
            self.going_at = time.monotonic() + self.node.timing.stop
        for container, spec in zip(self.init + self.main,
                                   document["spec"].get("initContainers", []) + document["spec"]["containers"]):
            if container.spec["image"] != spec["image"]:
                container.stop(spec)

    def forget_sent(self):
        """What was written may be lost: writes it again."""
        self._sent = None

    def fall_ill(self):
        """The node's behaviour has changed."""
        for container in self.init + self.main:
            if container.is_running:
                container.go_on()

    def step(self):
        """Does what is due; returns when to come again, or None. May raise what Api.call() does."""
        if self.going_at is not None:
            return self._go()
        if self._is_over:
            return None
        waiting = self._step_containers()
        status = self._status()
        text = json.dumps(status, sort_keys=True)
        if text != self._sent:
            self.node.api.call("PATCH", self.path + "/status",
                               {"metadata": {"uid": self.uid}, "status": status}, STRATEGIC)
            self._sent = text
        self._is_over = status["phase"] in (SUCCEEDED, FAILED)
        return min(waiting, default=None)

    def _step_containers(self):
        """Init containers one after the other, then all others. Returns when each is due."""
        stepped = []
        for container in self.init:
            container.step()
            stepped.append(container)
            if not container.lets_next_start:
                break
        else:
            for container in self.main:
                container.step()
            stepped += self.main
        return [container.due for container in stepped if container.due is not None]

    def _go(self):
        if self.going_at > time.monotonic():
            return self.going_at
        self.node.api.call("DELETE", self.path, {
            "apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0,
            "preconditions": {"uid": self.uid}})
        return None

    def pull(self, spec):
        return self.node.images.get(spec["image"], spec.get("imagePullPolicy", "IfNotPresent"),
                                    self._credentials)

    def _credentials(self, host):
        for named in self.spec.get("imagePullSecrets", []):
            try:
                secret = self.node.api.get(f"/api/v1/namespaces/{self.namespace}/secrets/{named['name']}")
            except ApiError:
                continue  # a kubelet tries without it as well
            written = json.loads(base64.b64decode(secret["data"].get(".dockerconfigjson", "e30=")))
            entry = written.get("auths", {}).get(host)
            if entry and "auth" in entry:
                return base64.b64decode(entry["auth"]).decode()
            if entry:
                return f"{entry.get('username', '')}:{entry.get('password', '')}"
        return None

    def phase(self):
        if not all(container.lets_next_start for container in self.init):
            is_lost = any(container.exit_code for container in self.init)
            return FAILED if is_lost else PENDING
        if any("waiting" in container.state and not container.last for container in self.main):
            return PENDING
        codes = [container.exit_code for container in self.main]
        if None in codes:
            return RUNNING
        return FAILED if any(codes) else SUCCEEDED

    def _status(self):
        phase = self.phase()
        is_initialized = all(container.lets_next_start for container in self.init)
        unready = [container.name for container in self.main if not container.ready]
        uninitialized = [container.name for container in self.init if not container.lets_next_start]
        over = {SUCCEEDED: "PodCompleted", FAILED: "PodFailed"}.get(phase)
        why = (over or "ContainersNotReady", None if over else f"containers with unready status: [{' '.join(unready)}]")
        closed = [gate["conditionType"] for gate in self.spec.get("readinessGates", [])
                  if self._gates.get(gate["conditionType"]) != "True"]
        gated = why if unready else ("ReadinessGatesNotReady",
                                     f'the status of pod readiness gate "{" ".join(closed)}" is not "True"')
        status = {
            "phase": phase, "hostIP": "127.0.0.1", "hostIPs": [{"ip": "127.0.0.1"}],
            "startTime": self._started, "podIP": self._ip, "podIPs": [{"ip": self._ip}],
            "conditions": [
                self._condition("PodReadyToStartContainers", not over, (None, None)),
                self._condition("Initialized", is_initialized, (
                    "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(uninitialized)}]")),
                self._condition("ContainersReady", not unready, why),
                self._condition("Ready", not unready and not closed, gated),
            ],
            "containerStatuses": [container.status() for container in self.main],
        }
        if self.init:
            status["initContainerStatuses"] = [container.status() for container in self.init]
        return status

    def _condition(self, kind, is_true, why):
        """Its time is that of its last change."""
        said = "True" if is_true else "False"
        reason, message = (None, None) if is_true else why
        old = self._conditions.get(kind, {})
        since = old["lastTransitionTime"] if old.get("status") == said else timestamp()
        written = {"type": kind, "status": said, "lastTransitionTime": since, "lastProbeTime": None,
                   "reason": reason, "message": message}
        self._conditions[kind] = written
        return written

    def event(self, kind, reason, message):
        """Says the same once only, where a kubelet would count."""
        if (reason, message) in self._told:
            return
        self._told.add((reason, message))
        now = timestamp()
        self.node.tell({
            "apiVersion": "v1", "kind": "Event",
            "metadata": {"generateName": self.name + ".", "namespace": self.namespace},
            "involvedObject": {"apiVersion": "v1", "kind": "Pod", "namespace": self.namespace,
                               "name": self.name, "uid": self.uid},
            "type": kind, "reason": reason, "message": message, "count": 1,
            "source": {"component": "kubelet", "host": self.node.name},
            "firstTimestamp": now, "lastTimestamp": now})
