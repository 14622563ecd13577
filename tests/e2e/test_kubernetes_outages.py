# SPDX-License-Identifier: Apache-2.0
"""Pushes that come when a cluster cannot be asked, or not yet, or not as its workloads want it: each has
a decision, and the newest is in effect once it can be, once."""

import threading

from harness import audit, workloads as manifests
from harness.kube_objects import runs
from harness.kube_proxy import ApiProxy
from harness.kube_updates import UpdateCase
from harness.process import wait_for

SHOPS = ("north", "south")


class Outage(UpdateCase):
    """Nobody answers at the API server."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.bring_back)

    def bring_back(self):
        if self.cluster.find("namespace", "default") is None:
            self.cluster.start_api_server()

    def push_all(self, tag):
        for shop in SHOPS:
            self.push(shop, tag)

    def decisions(self, tag):
        return [decided for shop in SHOPS for decided in self.wait_decided(self.program, self.image(shop, tag))]

    def assert_newest_once(self, tag):
        for shop in SHOPS:
            self.wait_runs(shop, self.image(shop, tag), 40)
            self.wait_applied(self.program, self.image(shop, tag))
            self.assertEqual(self.patches(shop), 1, shop)
        wait_for("nothing waits any more", lambda: not self.program.status()["waits"])
        self.assertEqual(self.program.verify_audit().returncode, 0)

    def test_what_is_pushed_meanwhile_comes_when_it_is_back(self):
        self.program = self.install(self.target(), files=True)
        for shop in SHOPS:
            self.make(shop)
            self.program.write_manifest(
                f"{shop}.yaml", manifests.deployment("web", self.image(shop, "1.0.0"), "semver:~1.0"))
        self.program.start()
        self.wait_synced(self.program)
        self.cluster.stop_api_server(kill=True)
        for tag in ("1.0.1", "1.0.2"):
            self.push_all(tag)
            self.assertLessEqual({decision for decision, _ in self.decisions(tag)},
                                 {audit.UPDATE, audit.WAIT, audit.SUPERSEDED})
        # Who can be asked goes on.
        for shop in SHOPS:
            wait_for("its manifest runs it", lambda shop=shop: self.image(shop, "1.0.2").encode()
                     in self.program.manifest(f"{shop}.yaml"))
        self.bring_back()
        for shop in SHOPS:
            self.wait_runs(shop, self.image(shop, "1.0.2"), 40)
            self.wait_applied(self.program, self.image(shop, "1.0.2"), 2)
            self.assertEqual(self.patches(shop), 1, shop)
        self.assertEqual(self.program.verify_audit().returncode, 0)

    def test_killed_and_started_again_meanwhile_it_waits_and_then_does_the_newest(self):
        self.program = self.install(self.target())
        for shop in SHOPS:
            self.make(shop)
        self.program.start()
        self.wait_synced(self.program)
        self.cluster.stop_api_server(kill=True)
        self.push_all("1.0.1")
        self.decisions("1.0.1")
        self.program.kill()
        self.program.start()
        self.assertFalse(self.status_of(self.program)["synced"])
        for tag in ("1.0.2", "1.0.3"):
            self.push_all(tag)
            self.assertLessEqual({decision for decision, _ in self.decisions(tag)}, {audit.WAIT, audit.SUPERSEDED})
        self.assertEqual({wait["repository"] for wait in self.program.status()["waits"]},
                         {self.image(shop, "").rstrip(":") for shop in SHOPS})
        self.assertTrue(self.status_of(self.program)["problems"])
        self.program.kill()
        self.program.start()
        self.bring_back()
        self.assert_newest_once("1.0.3")


class NotListed(UpdateCase):
    """The list of workloads has begun and not ended."""

    def test_what_is_pushed_before_the_last_page_waits_for_it(self):
        proxy = self.listening(ApiProxy(self.cluster))
        reached, go_on = threading.Event(), threading.Event()
        self.addCleanup(go_on.set)

        def hold_second_page(request):
            request.path = request.path.replace("limit=500", "limit=2")
            if "/deployments?" in request.path and "continue=" in request.path:
                reached.set()
                go_on.wait()

        proxy.script = hold_second_page
        names = [f"shop{number}" for number in range(5)]
        for name in names:
            self.make(name)
        program = self.install(self.target(kubeconfig=str(proxy.kubeconfig())))
        program.start()
        self.assertTrue(reached.wait(20))
        for tag in ("1.0.1", "1.0.2"):
            for name in (names[0], names[-1]):
                self.push(name, tag)
                decided = self.wait_decided(program, self.image(name, tag))
                self.assertLessEqual({decision for decision, _ in decided}, {audit.WAIT, audit.SUPERSEDED})
        self.assertFalse(self.status_of(program)["synced"])
        self.assertEqual({self.running(name) for name in names}, {self.image(name, "1.0.0") for name in names})
        go_on.set()
        for name in (names[0], names[-1]):
            self.wait_runs(name, self.image(name, "1.0.2"))
            self.wait_applied(program, self.image(name, "1.0.2"))
            self.assertEqual(self.patches(name), 1)
        self.assertEqual(program.status()["waits"], [])


class TwoClusters(UpdateCase):
    def test_one_is_away_and_the_other_goes_on(self):
        away = self.another_cluster()
        space = away.namespace()
        self.make("shop")
        self.make("shop", space=space, cluster=away)
        program = self.install(
            self.target(), self.target("away", kubeconfig=str(away.kubeconfig()), namespaces=[space]))
        program.start()
        self.wait_synced(program)
        self.wait_synced(program, "away")
        away.stop_api_server(kill=True)
        for tag in ("1.0.1", "1.0.2"):
            self.push("shop", tag)
            self.wait_runs("shop", self.image("shop", tag))
            self.wait_decided(program, self.image("shop", tag))
        program.kill()
        program.start()
        self.wait_synced(program)
        self.push("shop", "1.0.3")
        self.wait_runs("shop", self.image("shop", "1.0.3"))
        decided = self.wait_decided(program, self.image("shop", "1.0.3"))
        self.assertEqual({decision for decision, _ in decided}, {audit.UPDATE, audit.WAIT})
        self.assertFalse(self.status_of(program, "away")["synced"])
        away.start_api_server()
        self.wait_runs("shop", self.image("shop", "1.0.3"), 40, space=space, cluster=away)
        self.wait_applied(program, self.image("shop", "1.0.3"), 2)
        self.assertEqual((self.patches("shop"), self.patches("shop", away, space)), (3, 1))
        self.assertEqual(program.status()["waits"], [])


class Newest(UpdateCase):
    """Which one is the newest that a workload gets, and keeps."""

    def begin(self, *tags):
        self.program = self.install(self.target())
        self.digests = {tag: self.push("shop", tag) for tag in tags}
        self.program.start()
        self.wait_synced(self.program)

    def wait_settled(self, digest):
        """One pod, which runs it, of a Deployment that is rolled out."""
        self.cluster.wait_rollout("deployment", "shop", self.space)
        self.cluster.wait_pod(self.space, "shop", f"runs {digest}", lambda pod: runs(pod["status"], digest))

    def test_a_deployment_that_is_made_after_the_push_gets_it(self):
        self.begin("1.0.0", "1.0.1")
        self.wait_decided(self.program, self.image("shop", "1.0.1"))
        self.make("shop", replicas=1)
        self.wait_runs("shop", self.image("shop", "1.0.1"))
        self.wait_settled(self.digests["1.0.1"])
        self.assertEqual(self.patches("shop"), 1)

    def test_two_that_crash_one_upon_the_other_end_at_the_one_that_ran(self):
        self.begin("1.0.0")
        self.make("shop", replicas=1)
        self.wait_settled(self.digests["1.0.0"])
        self.push("shop", "1.0.1", "crash")
        self.wait_runs("shop", self.image("shop", "1.0.1"))
        self.push("shop", "1.0.2", "crash")
        self.wait_runs("shop", self.image("shop", "1.0.2"))
        wait_for("it goes back", lambda: self.running("shop").startswith(self.image("shop", "1.0.0")), 40)
        self.wait_settled(self.digests["1.0.0"])
        held = {hold["tag"] for hold in self.program.status()["holds"] if "tag" in hold}
        self.assertIn("1.0.2", held)
        digest = self.push("shop", "1.0.3")
        self.wait_settled(digest)
        self.assertTrue(self.running("shop").startswith(self.image("shop", "1.0.3")))

    def test_a_rollback_to_an_older_one_stays(self):
        self.begin("1.0.0", "1.0.1", "1.0.2")
        self.make("shop", tag="1.0.1", replicas=1)
        self.wait_settled(self.digests["1.0.2"])
        run = self.program.run("rollback", "shop", "--to", "1.0.0")
        self.assertEqual(run.returncode, 0, run.stderr)
        self.wait_runs("shop", self.image("shop", "1.0.0"))
        self.wait_settled(self.digests["1.0.0"])
        self.push("shop", "1.0.2")
        [(decision, _), *_] = self.wait_decided(self.program, self.image("shop", "1.0.2"), 2)
        self.assertEqual(decision, audit.SKIP)
        self.program.kill()
        self.program.start()
        self.wait_synced(self.program)
        self.assertEqual(self.running("shop"), self.image("shop", "1.0.0"))
        self.push("shop", "1.0.3")
        self.wait_runs("shop", self.image("shop", "1.0.3"))
