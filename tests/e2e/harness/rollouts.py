# SPDX-License-Identifier: Apache-2.0
"""The base of tests in which pushes to a real registry change what runs in a cluster."""

import threading

from . import audit, deployed
from . import kube_workloads as workloads
from .case import TOKEN
from .kube import KubeCase
from .kube_objects import runs
from .kube_proxy import ApiProxy
from .process import wait_for

# How a kind is written by kubectl, in the names of workloads.
KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet", "cronjob": "CronJob"}
FEATURES = ("base", "rollout", "statefulset-rollback")
SEMVER = workloads.policy("semver:^1.0")
STATUS = "status.longshore.dev/"


def template_of(workload):
    """The pod template of a workload of any kind."""
    spec = workload["spec"]
    return (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]


def images_of(workload):
    """The images of its containers, then those of its init containers, by name."""
    spec = template_of(workload)["spec"]
    return {one["name"]: one["image"] for one in spec["containers"] + spec.get("initContainers", [])}


class Gate:
    """What becomes of the PATCHes that go through a proxy. None: they are passed on.

    refuse   answered 503
    hold     not passed on, and not answered
    swallow  passed on, and not answered
    """

    def __init__(self, proxy):
        self.how = None
        self._proxy = proxy
        self._lock = threading.Lock()
        self._caught = []
        proxy.script = self._meet

    def set(self, how):
        with self._lock:
            self._caught.clear()
            self.how = how

    def caught(self):
        """How many there were since set()."""
        with self._lock:
            return len(self._caught)

    def _meet(self, request):
        how = self.how
        if request.command != "PATCH" or how is None:
            return False
        if how == "refuse":
            request.reply(503, b"{}")
        if how == "swallow":
            request.reply = lambda *_: None
            self._proxy.answer(request)
        with self._lock:
            self._caught.append(request.path)
        return True if how == "refuse" else self._proxy.hang(request)


class RolloutCase(KubeCase):
    """A registry that notifies the program, which may change one namespace of the cluster with the
    account and the rights of deploy/kubernetes."""

    components = (*KubeCase.components, "registry2")
    ROLLOUT = {"deadline": "20s", "pull-errors": "2s", "restarts": 2}
    _accounts = {}  # API server -> kubeconfig of the account

    def setUp(self):
        super().setUp()
        self.hub = self.registry("registry2")
        self.shop = f"{self.hub.host}/{self.space}/shop"
        self.program = None

    def account(self):
        """The kubeconfig of Longshore's account, with the rights to follow rollouts."""
        files = RolloutCase._accounts
        if self.cluster.server not in files:
            files[self.cluster.server] = deployed.install_account(self.cluster)
            deployed.give(self.cluster, *FEATURES)
        return files[self.cluster.server]

    def begin(self, proxy=None, spaces=None, notify=True, **target):
        """Starts the program and the registry. proxy: between the program and the API server; target:
        more keys of the target; notify=False: what is pushed before notify() nobody is told of."""
        file = self.account()
        if proxy:
            file = proxy.kubeconfig(self.cluster.token(deployed.ACCOUNT[0]), self.space)
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{self.hub.host}/*"]}],
            registries=[{"host": self.hub.host, "insecure": True}],
            more={"targets": [{"name": "cluster", "type": "kubernetes", "kubeconfig": str(file),
                               "namespaces": spaces or [self.space], "rollout": self.ROLLOUT, **target}]})
        if notify:
            self.program.start()
            self.hub.start(self.url(), TOKEN)
        else:
            self.hub.start_alone()

    def notify(self):
        self.program.start()
        self.hub.process.end()
        self.hub.start(self.url(), TOKEN)

    def url(self):
        return f"http://127.0.0.1:{self.program.port.number}/hooks/reg"

    def proxied(self):
        return self.listening(ApiProxy(self.cluster))

    # What is pushed and made.

    def push(self, tag, behaviour=None, image=None, content=None):
        """The digest. image: the repository, by default that of the shop."""
        layout = self.layout(content or f"{image} {tag}", behaviour=behaviour)
        layout.push(f"{image or self.shop}:{tag}")
        return layout.digest

    def create(self, workload, space=None):
        return self.cluster.create(workload, space or self.space)

    def deploy(self, tag="1.0.0", name="web", image=None, annotations=SEMVER, **more):
        """A Deployment of what is pushed for it, rolled out; and the digest."""
        digest = self.push(tag, image=image)
        self.create(workloads.deployment(name, f"{image or self.shop}:{tag}", annotations, **more))
        return self.rolled_out(name=name), digest

    # What came of it.

    def get(self, name="web", kind="deployment"):
        return self.cluster.get(kind, name, self.space)

    def images(self, name="web", kind="deployment"):
        return images_of(self.get(name, kind))

    def wait_image(self, image, name="web", kind="deployment", container="web", space=None):
        return self.cluster.wait(kind, name, f"has {image}", lambda seen: images_of(seen)[container] == image,
                                 space or self.space)

    def rolled_out(self, kind="deployment", name="web", space=None):
        return self.cluster.wait_rollout(kind, name, space or self.space)

    def wait_runs(self, digest, name="web"):
        return self.cluster.wait_pod(self.space, name, f"runs {digest}", lambda pod: runs(pod["status"], digest))

    def patches(self, name=None, space=None):
        """What the program has asked to be changed in the namespace, and was."""
        return [line for line in self.cluster.asked("longshore", "patch")
                if line["objectRef"]["namespace"] == (space or self.space)
                and name in (None, line["objectRef"]["name"]) and line["responseStatus"]["code"] == 200]

    def workload(self, name="web", kind="deployment", space=None):
        """As the audit calls it."""
        return f"cluster: {KINDS[kind]} {space or self.space}/{name}"

    def ended(self, outcome, name="web", kind="deployment", times=1, space=None):
        """The line of the audit that says so, the `times`-th of them, of the workload's rollouts."""
        which = self.workload(name, kind, space)

        def found():
            return self.program.audit().rollouts(which, outcome)[times - 1:]

        return wait_for(f"{which}: {outcome}", found, 40)[0]

    def completed(self, image, name="web", kind="deployment", space=None):
        """The line that says that this image has come up there."""
        which = self.workload(name, kind, space)

        def found():
            return [line for line in self.program.audit().rollouts(which, audit.COMPLETED)
                    if image in line["to"].split(", ")]

        return wait_for(f"{which} has come up with {image}", found, 30)[0]

    def event(self, tag, image=None, times=1):
        """The id of the newest event about a tag, once it is decided."""

        def found():
            said = self.program.audit()
            events = said.received(f"{image or self.shop}:{tag}")
            return events if len(events) >= times and said.decisions(events[-1]) else None

        return wait_for(f"{times} event(s) about {tag} are decided", found)[-1]

    def assert_skipped(self, event, reason):
        """reason: a pattern."""
        for line in self.program.audit().decisions(event):
            self.assertEqual(line["decision"], audit.SKIP, line)
            self.assertRegex(line["reason"], reason)

    def settle(self):
        """Waits until nothing is under way."""

        def is_settled():
            status = self.program.status()
            return (all(one["state"] != "watching" for one in status["rollouts"])
                    and not any(status["actions"].get(state) for state in ("ready", "in flight", "waiting for retry")))

        wait_for("nothing is under way", is_settled, 30)

    def holds(self, name="web", kind="deployment"):
        """Of that workload."""
        return [hold for hold in self.program.status()["holds"]
                if hold["workload"] == f"{KINDS[kind]} {self.space}/{name}"]

    def held_tags(self, name="web"):
        return sorted(hold["tag"] for hold in self.holds(name))

    def ok(self, *words):
        run = self.program.run(*words)
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stdout
