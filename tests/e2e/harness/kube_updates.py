# SPDX-License-Identifier: Apache-2.0
"""Longshore at a cluster, with a registry whose notifications go to it."""

import contextlib

from . import kube_workloads as workloads
from .case import TOKEN
from .deployed import ACCOUNT
from .kube import KubeCase
from .process import wait_for

AGENT = "longshore"  # as it calls itself at an API server
KINDS = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet", "cronjob": "CronJob"}


def containers_of(kind, document):
    """What a workload's containers are to run, by their names."""
    spec = document["spec"]
    if kind == "cronjob":
        spec = spec["jobTemplate"]["spec"]
    return {one["name"]: one["image"] for one in spec["template"]["spec"]["containers"]}


class UpdateCase(KubeCase):
    """Repositories are named by a test, workloads run `host/<namespace>/<repository>`. Workloads have
    no pods unless a test says how many: what is shown here is what is asked of the API server."""

    components = (*KubeCase.components, "registry3")

    def setUp(self):
        super().setUp()
        self.hub = self.registry("registry3")

    # What is made.

    def target(self, name="cluster", **more):
        """An entry of `targets`, for the test's namespace unless told otherwise. Names of options with
        `_` for `-`; None leaves one out."""
        options = {"kubeconfig": str(self.cluster.kubeconfig()), "namespaces": [self.space],
                   "rollout": {"deadline": "20s", "pull-errors": "2s", "restarts": 2}, **more}
        return {"name": name, "type": "kubernetes",
                **{key.replace("_", "-"): value for key, value in options.items() if value is not None}}

    def install(self, *targets, files=False, **more):
        """A program that is not started, and the registry that tells it. files: the target of manifests
        stays, too."""
        program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{self.hub.host}/{self.space}/*"]}],
            registries=[{"host": self.hub.host, "insecure": True}], **more)
        kept = program.settings["targets"] if files else []
        program.settings["targets"] = [*kept, *targets]
        self.hub.start(f"http://127.0.0.1:{program.port.number}/hooks/reg", TOKEN)
        return program

    def image(self, repository, tag):
        return f"{self.hub.host}/{self.space}/{repository}:{tag}"

    def push(self, repository, tag, behaviour=None):
        """The digest."""
        layout = self.layout(f"{repository}:{tag}", behaviour=behaviour)
        layout.push(self.image(repository, tag))
        return layout.digest

    def make(self, name, repository=None, tag="1.0.0", policy="semver:~1.0", space=None, cluster=None, **spec):
        """A Deployment that runs that tag."""
        annotations = workloads.policy(policy) if policy else None
        document = workloads.deployment(name, self.image(repository or name, tag), annotations,
                                        **{"replicas": 0, **spec})
        return (cluster or self.cluster).create(document, space or self.space)

    # What is seen.

    def running(self, name, space=None, kind="deployment", cluster=None):
        """The image, or None where the API server cannot say."""
        found = (cluster or self.cluster).find(kind, name, space or self.space)
        return found and containers_of(kind, found)["web"]

    def wait_runs(self, name, image, seconds=20.0, **place):
        wait_for(f"{name} runs {image}", lambda: self.running(name, **place) == image, seconds)

    def status_of(self, program, target="cluster"):
        return next(one for one in program.status()["targets"] if one["name"] == target)

    def wait_synced(self, program, target="cluster", seconds=20.0):
        wait_for(f"{target} is synced", lambda: self.status_of(program, target)["synced"], seconds)

    def wait_problem(self, program, *parts, target="cluster", seconds=20.0):
        """A line of the status that holds all of these."""
        def line():
            return next((line for line in self.status_of(program, target)["problems"]
                         if all(part in line for part in parts)), None)

        try:
            return wait_for(f"a problem is told with {parts}", line, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.status_of(program, target)['problems']}") from None

    def wait_no_problem(self, program, *parts, target="cluster", seconds=20.0):
        wait_for(f"no problem is told with {parts}",
                 lambda: not any(all(part in line for part in parts)
                                 for line in self.status_of(program, target)["problems"]), seconds)

    def wait_decided(self, program, image, times=1):
        """What was decided about a tag, [(decision, reason)] of its last event, once each of its events has
        a decision."""
        def decided():
            said = program.audit()
            events = said.received(image)
            if len(events) < times or not all(said.decisions(event) for event in events):
                return None
            return [(line["decision"], line.get("reason", "")) for line in said.decisions(events[-1])]

        return wait_for(f"{times} event(s) about {image} are decided", decided)

    def wait_applied(self, program, image, times=1):
        """So often by the audit, and no oftener."""
        wait_for(f"{image} is applied", lambda: len(program.audit().applied(image)) >= times)
        self.assertEqual(len(program.audit().applied(image)), times, image)

    def patches(self, name, cluster=None, space=None):
        """How many of our changes of an object the API server has taken."""
        def is_one(line):
            what = line.get("objectRef", {})
            return ((what.get("name"), what.get("namespace")) == (name, space or self.space)
                    and line.get("responseStatus", {}).get("code") == 200)

        return sum(is_one(line) for line in (cluster or self.cluster).asked(AGENT, "patch"))

    def inventory(self):
        """{workload: {container: image}} by the API server's word."""
        return {f"{said} {self.space}/{document['metadata']['name']}": containers_of(kind, document)
                for kind, said in KINDS.items() for document in self.cluster.list(kind, self.space)}

    def index(self, program, target="cluster"):
        """The same by Longshore's."""
        known = {}
        for planned in program.json_of("plan")["plan"]:
            if planned["target"] == target:
                known.setdefault(planned["workload"], {})[planned["container"]] = planned["image"]
        return known

    def wait_index(self, program, seconds=20.0):
        """Until what Longshore knows is what there is."""
        last = None

        def are_equal():
            nonlocal last
            last = (self.index(program), self.inventory())
            return last[0] == last[1]

        try:
            wait_for("the index is a fresh list", are_equal, seconds)
        except AssertionError:
            self.assertEqual(*last)

    # Rights.

    @contextlib.contextmanager
    def without(self, role, verb, resource, space=None):
        """Takes one right out of a Role of deploy/kubernetes, and gives it back at the end."""
        space = space or self.space
        before = self.cluster.get("role", role, space)["rules"]
        after = []
        for rule in before:
            if resource not in rule["resources"] or verb not in rule["verbs"]:
                after.append(rule)
                continue
            others = [one for one in rule["resources"] if one != resource]
            verbs = [one for one in rule["verbs"] if one != verb]
            after += [{**rule, "resources": others}] if others else []
            after += [{**rule, "resources": [resource], "verbs": verbs}] if verbs else []
        self.assertNotEqual(before, after, f"{role} gives no right to {verb} {resource}")
        self.set_rules(role, after, space, lambda: not self.may(verb, resource, space))
        try:
            yield
        finally:
            self.set_rules(role, before, space, lambda: self.may(verb, resource, space))

    def set_rules(self, role, rules, space, is_minded):
        self.cluster.patch("role", role, {"rules": rules}, space)
        wait_for(f"the API server minds the change of {role}", is_minded)

    def may(self, verb, resource, space=None):
        """Whether Longshore's account may."""
        group = "batch" if resource == "cronjobs" else "" if resource in ("events", "nodes", "pods") else "apps"
        answer = self.cluster.request("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {"namespace": space or self.space, "verb": verb, "group": group,
                                            "resource": resource}}}, user=ACCOUNT[0])
        return answer["status"]["allowed"]

    def retry_parked(self, program):
        """As a person does it who has given a right back; else they are tried within a minute."""
        parked = wait_for("an action is parked",
                          lambda: [one for one in program.actions() if one["state"] == "parked"])
        run = program.run("actions", "retry", parked[0]["id"])
        self.assertEqual(run.returncode, 0, run.stderr)
