# SPDX-License-Identifier: Apache-2.0
"""What Longshore's account may not do turns off that and no more, the status says which right is
missing, and what waited for it goes on when it is given."""

import json
import threading

from harness import audit, kube_workloads as workloads
from harness.deployed import ACCOUNT, give, install_account, take
from harness.kube_files import kubeconfig, token_user
from harness.kube_objects import runs
from harness.kube_proxy import ApiProxy
from harness.kube_updates import KINDS, UpdateCase
from harness.process import wait_for

PLURALS = {"deployment": "deployments", "statefulset": "statefulsets", "daemonset": "daemonsets",
           "cronjob": "cronjobs"}
GROUPS = {"deployment": "apps", "statefulset": "apps", "daemonset": "apps", "cronjob": "batch"}
USED = ("base", "rollout", "statefulset-rollback")


class RightsCase(UpdateCase):
    """The account of deploy/kubernetes, with rights in the test's namespace, and to the nodes."""

    def setUp(self):
        super().setUp()
        install_account(self.cluster)
        give(self.cluster, *USED, namespace=self.space)
        give(self.cluster, "platform")
        for verb, resource in (("patch", "deployments"), ("list", "controllerrevisions"), ("delete", "pods")):
            self.wait_may(verb, resource)
        self.proxy = self.listening(ApiProxy(self.cluster))
        self.kubeconfig = str(self.proxy.kubeconfig(self.cluster.token(ACCOUNT[0])))

    def wait_may(self, verb, resource, space=None):
        wait_for(f"it may {verb} {resource}", lambda: self.may(verb, resource, space))

    def begin(self, watches=len(KINDS), **options):
        self.program = self.install(self.target(kubeconfig=self.kubeconfig, **options))
        self.program.start()
        self.wait_watched(watches)

    def wait_watched(self, watches):
        """Until all is listed, and so many watches have been begun."""
        self.wait_synced(self.program)
        wait_for("each kind is watched", lambda: self.proxy.count("GET", "watch=") >= watches)

    def right(self, verb, kind, space=None):
        """In the words of the status."""
        return f"{verb} {PLURALS[kind]}.{GROUPS[kind]} in namespace {space or self.space}"

    def reload(self):
        """The target begins anew, as with other options."""
        before = self.proxy.count("GET", "watch=")
        [target] = self.program.settings["targets"]
        target["deadline"] = f"{int(target.get('deadline', '20s')[:-1]) + 1}s"
        self.program.write_config()
        self.wait_watched(before + len(KINDS))
        wait_for("nothing is wrong", lambda: not self.status_of(self.program)["problems"], 20)


class Base(RightsCase):
    def make_all(self):
        """One of each kind, each of a repository that is called so."""
        policy = workloads.policy("semver:~1.0")
        self.make("deployment")
        for make, kind, more in ((workloads.stateful_set, "statefulset", {"replicas": 0}),
                                 (workloads.daemon_set, "daemonset", {"pod": {"nodeSelector": {"no": "node"}}}),
                                 (workloads.cron_job, "cronjob", {})):
            self.cluster.create(make(kind, self.image(kind, "1.0.0"), policy, **more), self.space)

    def test_each_kind_may_not_be_patched(self):
        self.make_all()
        self.begin()
        for kind in KINDS:
            with self.without("longshore-base", "patch", PLURALS[kind]):
                self.push(kind, "1.0.1")
                line = self.wait_problem(self.program, "feature 'base' is off", self.right("patch", kind))
                self.assertIn("is forbidden", line)
                self.assertEqual(self.running(kind, kind=kind), self.image(kind, "1.0.0"))
                [parked] = self.program.status()["troubled"]
                self.assertIn(self.right("patch", kind), parked["error"])
            self.retry_parked(self.program)
            self.wait_runs(kind, self.image(kind, "1.0.1"), kind=kind)
            self.wait_applied(self.program, self.image(kind, "1.0.1"))
            self.wait_no_problem(self.program, "patch")

    def test_each_kind_may_not_be_listed_or_watched(self):
        self.make_all()
        self.begin()
        for verb in ("list", "watch"):
            for kind in KINDS:
                with self.without("longshore-base", verb, PLURALS[kind]):
                    self.proxy.cut()
                    self.wait_problem(self.program, f"may not {verb} {PLURALS[kind]} in namespace {self.space}",
                                      f"list and watch on {PLURALS[kind]}.{GROUPS[kind]}")
            self.reload()
        for kind in KINDS:
            self.push(kind, "1.0.1")
            self.wait_runs(kind, self.image(kind, "1.0.1"), kind=kind)

    def test_one_kind_that_may_not_be_listed_from_the_start_stops_no_other(self):
        self.make_all()
        with self.without("longshore-base", "list", "cronjobs"):
            self.begin(watches=len(KINDS) - 1)
            self.wait_problem(self.program, "may not list cronjobs")
            for kind in KINDS:
                self.push(kind, "1.0.1")
            for kind in (kind for kind in KINDS if kind != "cronjob"):
                self.wait_runs(kind, self.image(kind, "1.0.1"), kind=kind)
        self.assertEqual(self.running("cronjob", kind="cronjob"), self.image("cronjob", "1.0.0"))
        self.reload()
        self.wait_runs("cronjob", self.image("cronjob", "1.0.1"), kind="cronjob")

    def test_an_object_may_not_be_read_again(self):
        self.make("shop")
        stale = [True]  # what others do is not heard of
        self.proxy.on_line = lambda request, line: b"" if stale and b'"BOOKMARK"' not in line else line
        self.begin()
        self.cluster.set_image("deployment", "shop", self.image("shop", "1.0.1"), self.space)
        with self.without("longshore-base", "get", "deployments"):
            self.push("shop", "1.0.2")
            self.wait_problem(self.program, "feature 'base' is off", self.right("get", "deployment"))
        stale.clear()
        self.retry_parked(self.program)
        self.wait_runs("shop", self.image("shop", "1.0.2"))
        self.wait_no_problem(self.program, "no right")

    def test_nodes_may_not_be_listed(self):
        self.make("shop")
        take(self.cluster, "platform")
        wait_for("it is minded", lambda: not self.may("list", "nodes"))
        self.begin()
        self.push("shop", "1.0.1")
        self.wait_runs("shop", self.image("shop", "1.0.1"))
        self.wait_problem(self.program, "feature 'platform' is off", "list nodes")
        give(self.cluster, "platform")
        self.wait_may("list", "nodes")
        self.push("shop", "1.0.2")
        self.wait_runs("shop", self.image("shop", "1.0.2"))

    def test_no_events_may_be_made(self):
        self.make("shop")
        self.begin()
        with self.without("longshore-base", "create", "events"):
            self.push("shop", "1.0.1")
            self.wait_runs("shop", self.image("shop", "1.0.1"))
            self.wait_problem(self.program, "feature 'events' is off", f"create events in namespace {self.space}")
        self.push("shop", "1.0.2")
        self.wait_no_problem(self.program, "events")
        self.assertTrue([event for event in self.cluster.list("event", self.space)
                         if event.get("reason") == "ImageUpdated" and "1.0.2" in event["message"]])


class Queue(RightsCase):
    def test_the_right_is_taken_in_the_middle_of_a_queue(self):
        names = [f"shop{number}" for number in range(20)]
        for name in names:
            self.make(name, "shop")
        arrived, go_on = threading.Semaphore(0), threading.Event()
        self.addCleanup(go_on.set)
        first = []

        def hold(request):
            if request.command == "PATCH":
                first.append(request.path)
                if len(first) > 5:
                    arrived.release()
                    go_on.wait()

        self.begin(concurrency=1)
        self.proxy.script = hold
        self.push("shop", "1.0.1")
        self.assertTrue(arrived.acquire(timeout=20))
        take(self.cluster, "base", namespace=self.space)
        wait_for("it is minded", lambda: not self.may("patch", "deployments"))
        go_on.set()
        self.wait_problem(self.program, "feature 'base' is off", self.right("patch", "deployment"))
        wanted = self.image("shop", "1.0.1")
        self.assertEqual(sum(self.running(name) == wanted for name in names), 5)
        self.assertEqual(self.program.status()["actions"]["parked"], 15)
        # It does not forget over a new start.
        self.program.kill()
        self.program.start()
        self.wait_problem(self.program, "may not list deployments")
        give(self.cluster, "base", namespace=self.space)
        self.wait_may("patch", "deployments")
        self.wait_may("list", "deployments")
        self.reload()
        for name in names:
            self.wait_runs(name, wanted)
        self.wait_applied(self.program, wanted, 20)
        self.assertEqual([self.patches(name) for name in names], [1] * 20)


class Rollouts(RightsCase):
    """No deadline ends these: only pods tell."""

    def begin_with(self, make, kind, **more):
        self.kind = kind
        self.begin(rollout={"deadline": "600s", "pull-errors": "2s", "restarts": 2})
        self.old = self.push("shop", "1.0.0")
        self.cluster.create(make("shop", self.image("shop", "1.0.0"), workloads.policy("semver:~1.0"), **more),
                            self.space)
        self.cluster.wait_rollout(kind, "shop", self.space)

    def assert_goes_back(self):
        wait_for("it goes back", lambda: self.running("shop", kind=self.kind).startswith(self.image("shop", "1.0.0")),
                 40)
        self.cluster.wait_rollout(self.kind, "shop", self.space, 40)
        self.cluster.wait_pod(self.space, "shop", "is the old one", lambda pod: runs(pod["status"], self.old))

    def test_pods_and_replica_sets_may_not_be_listed(self):
        self.begin_with(workloads.deployment, "deployment")
        with self.without("longshore-rollout", "list", "pods"):
            with self.without("longshore-rollout", "list", "replicasets"):
                self.push("shop", "1.0.1", "crash")
                self.wait_problem(self.program, "feature 'rollout' is off", "list replicasets")
            self.wait_problem(self.program, "feature 'rollout' is off", "list pods")
            wait_for("it is told how it is judged", lambda: [
                rollout for rollout in self.program.status()["rollouts"]
                if rollout["state"] == "watching" and "without its pods" in rollout["progress"]])
            self.assertEqual(self.running("shop"), self.image("shop", "1.0.1"))
        self.assert_goes_back()
        self.wait_no_problem(self.program, "rollout")

    def test_controller_revisions_may_not_be_listed(self):
        self.begin_with(workloads.daemon_set, "daemonset")
        with self.without("longshore-rollout", "list", "controllerrevisions"):
            self.push("shop", "1.0.1", "crash")
            self.wait_problem(self.program, "feature 'rollout' is off", "list controllerrevisions")
        self.assert_goes_back()
        self.wait_no_problem(self.program, "rollout")

    def test_the_pod_that_holds_up_a_stateful_set_may_not_be_deleted(self):
        self.begin_with(workloads.stateful_set, "statefulset", replicas=2)
        with self.without("longshore-statefulset-rollback", "delete", "pods"):
            self.push("shop", "1.0.1", "crash")
            self.wait_problem(self.program, "feature 'statefulset-rollback' is off", "delete pods", seconds=40)
        self.assert_goes_back()
        self.wait_no_problem(self.program, "statefulset-rollback")


class Namespaces(RightsCase):
    def setUp(self):
        super().setUp()
        self.other = self.cluster.namespace({"team": self.space})

    def give_other(self):
        give(self.cluster, *USED, namespace=self.other)
        self.wait_may("list", "cronjobs", self.other)
        self.wait_may("list", "replicasets", self.other)

    def begin_two(self):
        self.begin(namespaces=[self.space, self.other])
        for space in (self.space, self.other):
            self.make("shop", space=space)

    def test_of_two_one_may_not_be_seen(self):
        self.begin_two()
        self.wait_problem(self.program, f"may not list deployments in namespace {self.other}")
        self.push("shop", "1.0.1")
        self.wait_runs("shop", self.image("shop", "1.0.1"))
        self.assertEqual(self.running("shop", self.other), self.image("shop", "1.0.0"))
        self.give_other()
        self.reload()
        self.wait_runs("shop", self.image("shop", "1.0.1"), space=self.other)

    def test_of_two_one_may_be_seen_and_not_changed(self):
        self.give_other()
        self.begin_two()
        with self.without("longshore-base", "patch", "deployments", self.other):
            self.push("shop", "1.0.1")
            self.wait_problem(self.program, self.right("patch", "deployment", self.other))
            self.wait_runs("shop", self.image("shop", "1.0.1"))
            # Also what comes when the other one is known to be shut.
            self.push("shop", "1.0.2")
            self.wait_runs("shop", self.image("shop", "1.0.2"))
            self.assertEqual(self.running("shop", self.other), self.image("shop", "1.0.0"))
        self.retry_parked(self.program)
        self.wait_runs("shop", self.image("shop", "1.0.2"), space=self.other)
        self.wait_no_problem(self.program, "patch")

    def test_chosen_by_labels_they_have_to_be_listed(self):
        self.give_other()
        self.make("shop", space=self.other)
        self.addCleanup(take, self.cluster, "namespace-labels")
        self.program = self.install(self.target(kubeconfig=self.kubeconfig, namespaces=None,
                                                namespace_labels=f"team={self.space}"))
        self.program.start()
        self.wait_problem(self.program, "may not list namespaces", "list and watch on namespaces")
        self.assertFalse(self.status_of(self.program)["synced"])
        self.push("shop", "1.0.1")
        [(decision, _)] = self.wait_decided(self.program, self.image("shop", "1.0.1"))
        self.assertEqual(decision, audit.WAIT)
        give(self.cluster, "namespace-labels")
        wait_for("it is minded", lambda: self.cluster.kubectl(
            "auth", "can-i", "watch", "namespaces", "--as=system:serviceaccount:longshore:longshore",
            check=False).stdout.strip() == "yes")
        self.reload()
        self.wait_runs("shop", self.image("shop", "1.0.1"), space=self.other)


PLUGIN = """\
#!/bin/sh
echo asked >> {log}
echo '{{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {{"token": "{token}"}}}}'
"""


class Users(UpdateCase):
    """Every way in that a kubeconfig has."""

    def write(self, name, user, current=None, **others):
        return str(kubeconfig(self.folder / name, {
            **{other: self.cluster.context(token_user(token)) for other, token in others.items()},
            "main": self.cluster.context(user)}, current or "main"))

    def plugin(self):
        path, self.asked = self.folder / "plugin", self.folder / "plugin.log"
        path.write_text(PLUGIN.format(log=self.asked, token=self.cluster.token()))
        path.chmod(0o700)
        return ("    exec:\n      apiVersion: client.authentication.k8s.io/v1\n"
                f"      command: {path}\n      interactiveMode: Never\n")

    def test_each_way_in_leads_to_an_update(self):
        token, nobody = self.cluster.token(), self.cluster.token("nobody")
        files = {
            "certificate": {"kubeconfig": str(self.cluster.kubeconfig("certificate"))},
            "plugin": {"kubeconfig": self.write("exec.conf", self.plugin())},
            "context": {"kubeconfig": self.write("several.conf", token_user(nobody), good=token), "context": "good"},
            "current": {"kubeconfig": self.write("current.conf", token_user(nobody), "good", good=token)},
            "nobody": {"kubeconfig": str(self.cluster.kubeconfig("nobody"))},
        }
        spaces = {name: self.cluster.namespace() for name in files}
        for space in spaces.values():
            self.make("shop", space=space)
        program = self.install(*(self.target(name, namespaces=[spaces[name]], **options)
                                 for name, options in files.items()))
        program.start()
        for name in files:
            if name != "nobody":
                self.wait_synced(program, name)
        self.wait_problem(program, f"may not list deployments in namespace {spaces['nobody']}", target="nobody")
        self.push("shop", "1.0.1")
        for name, space in spaces.items():
            if name != "nobody":
                self.wait_runs("shop", self.image("shop", "1.0.1"), space=space)
        self.assertFalse(self.status_of(program, "nobody")["synced"])
        self.assertEqual(self.running("shop", spaces["nobody"]), self.image("shop", "1.0.0"))
        self.assertIn("asked", self.asked.read_text())
        self.assertEqual(program.get("/readyz").status, 200)

    def test_a_token_file_is_rotated(self):
        proxy = self.listening(ApiProxy(self.cluster))
        file = self.folder / "token"
        file.write_text("the-first-token\n")
        # The proxy knows two names of one user, and takes one at a time.
        accepted = ["the-first-token"]

        def log_in(request):
            if request.headers["Authorization"] != f"Bearer {accepted[0]}":
                request.reply(401, json.dumps({"kind": "Status", "message": "Unauthorized", "code": 401}).encode())
                return True
            request.headers.replace_header("Authorization", f"Bearer {self.cluster.token()}")
            return False

        proxy.script = log_in
        config = kubeconfig(self.folder / "conf", {"main": (
            proxy.url, self.cluster.authority.certificate, f"    tokenFile: {file}\n", "default")})
        self.make("shop")
        program = self.install(self.target(kubeconfig=str(config)))
        program.start()
        self.wait_synced(program)
        self.push("shop", "1.0.1")
        self.wait_runs("shop", self.image("shop", "1.0.1"))
        new = self.folder / "token.new"
        new.write_text("the-second-token\n")
        accepted[0] = "the-second-token"
        new.replace(file)
        proxy.cut()
        self.push("shop", "1.0.2")
        self.wait_runs("shop", self.image("shop", "1.0.2"))
        self.wait_applied(program, self.image("shop", "1.0.2"))
        self.wait_no_problem(program)
