# SPDX-License-Identifier: Apache-2.0
"""What Keel is known to do wrong, and what is right here (docs/guides/migrating-from-keel.md)."""

import time

from harness import notifications
from harness import kube_workloads as workloads
from harness.images import MANIFEST
from harness.process import wait_for
from harness.rollouts import SEMVER, Gate, RolloutCase, images_of, template_of

AWAY = 5.0  # seconds


class Compared(RolloutCase):
    def copy(self, *tags, image=None):
        """Tags for what 1.0.0 is, of which nobody is told."""
        self.hub.copy_tag((image or self.shop).partition("/")[2], "1.0.0", tags)

    def told(self, tag, digest, image=None):
        """The id of an event that is accepted."""
        repository = (image or self.shop).partition("/")[2]
        reply = self.program.notify("reg", notifications.distribution(self.hub.host, repository, tag, digest))
        self.assertEqual(reply.status, 202)
        return reply.json()["id"]

    def test_accepted_events_outlive_a_sigterm(self):
        proxy = self.proxied()
        gate = Gate(proxy)
        self.begin(proxy)
        _, digest = self.deploy()
        tags = [f"1.0.{number}" for number in range(1, 31)]
        self.copy(*tags)
        gate.set("refuse")
        events = [self.told(tag, digest) for tag in tags]
        self.assertEqual(self.program.stop(), 0)
        gate.set(None)
        self.program.start()
        self.completed(f"{self.shop}:1.0.30")
        wait_for("each has a decision", lambda: set(events) <= self.program.audit().decided())
        self.assertEqual(len(self.patches()), 1)

    def test_a_lower_version_right_after_a_higher_one_does_not_win(self):
        self.begin()
        _, digest = self.deploy()
        self.copy("1.0.1", "1.0.2")
        events = [self.told(tag, digest) for tag in ("1.0.2", "1.0.1")]
        self.completed(f"{self.shop}:1.0.2")
        wait_for("both are decided", lambda: set(events) <= self.program.audit().decided())
        wait_for("nothing is under way", lambda: self.program.status()["actions"] == {"done": 1})
        self.assertEqual(self.images(), {"web": f"{self.shop}:1.0.2"})
        self.assertEqual(len(self.patches()), 1)

    def test_two_containers_of_two_repositories_back_to_back(self):
        self.begin()
        other = f"{self.shop}-proxy"
        digests = {image: self.push("1.0.0", image=image) for image in (self.shop, other)}
        self.create(workloads.deployment("web", {"web": f"{self.shop}:1.0.0", "proxy": f"{other}:1.0.0"}, SEMVER))
        self.rolled_out()
        for image in digests:
            self.copy("1.0.1", image=image)
        for image, digest in digests.items():
            self.told("1.0.1", digest, image)
        for image in digests:
            self.completed(f"{image}:1.0.1")
        self.assertEqual(images_of(self.rolled_out()), {"web": f"{self.shop}:1.0.1", "proxy": f"{other}:1.0.1"})
        self.assertEqual(len(self.patches()), 2)

    def test_replicas_that_an_autoscaler_writes_meanwhile_stay(self):
        proxy = self.proxied()
        met = []

        def meet(request):
            if request.command == "PATCH" and not met:
                met.append(request.path)
                self.create({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
                             "metadata": {"name": "web"},
                             "spec": {"minReplicas": 3, "maxReplicas": 5, "scaleTargetRef": {
                                 "apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}}})
                self.cluster.wait("deployment", "web", "is scaled", lambda web: web["spec"]["replicas"] == 3,
                                  self.space)
            return False

        self.begin(proxy)
        self.deploy()
        proxy.script = meet
        self.push("1.0.1")
        self.completed(f"{self.shop}:1.0.1")
        after = self.rolled_out()
        self.assertEqual((after["spec"]["replicas"], images_of(after)), (3, {"web": f"{self.shop}:1.0.1"}))
        self.assertEqual(len(met), len(self.patches()))

    def test_twenty_identical_pushes_are_one_change(self):
        self.begin()
        self.deploy("latest", annotations=workloads.policy("digest"))
        digest = self.push("latest", content="second")
        path = f"/v2/{self.shop.partition('/')[2]}/manifests/latest"
        manifest = self.hub.request("GET", path, headers={"Accept": MANIFEST}).text
        for _ in range(19):
            self.assertEqual(self.hub.request("PUT", path, manifest, {"Content-Type": MANIFEST}).status, 201)
        self.event("latest", times=21)
        self.completed(f"{self.shop}:latest@{digest}")
        self.assertEqual(self.program.status()["actions"], {"done": 1})
        self.assertEqual(len(self.patches()), 1)

    def test_an_api_server_that_is_away_for_a_while_is_waited_for(self):
        proxy = self.proxied()
        since = []

        def away(request):
            since.append(time.monotonic())
            if since[-1] - since[0] > AWAY:
                return False
            request.reply(503, b"{}")
            return True

        self.begin(proxy)
        self.deploy()
        proxy.script = away
        self.push("1.0.1")
        self.completed(f"{self.shop}:1.0.1")
        self.assertGreater(len(since), 1)
        self.assertEqual(len(self.patches()), 1)

    def test_one_push_that_a_hundred_workloads_run(self):
        self.begin()
        self.push("1.0.0")
        names = [f"web-{number}" for number in range(100)]
        for name in names:
            self.create(workloads.deployment(name, f"{self.shop}:1.0.0", SEMVER, replicas=0))
        wait_for("all are known", lambda: self.program.status()["targets"][0]["workloads"] == len(names))
        self.push("1.0.1")
        event = self.event("1.0.1")
        wait_for("all are changed", lambda: len(self.program.audit().applied(f"{self.shop}:1.0.1")) == len(names))
        said = self.program.audit()
        self.assertEqual({line["id"] for line in said.applied()}, {event})
        for web in self.cluster.list("deployment", self.space):
            self.assertEqual(images_of(web), {"web": f"{self.shop}:1.0.1"})
        self.assertEqual(sorted(line["objectRef"]["name"] for line in self.patches()), sorted(names))

    def test_a_field_that_nobody_here_has_heard_of_stays(self):
        self.begin()
        self.push("1.0.0")
        document = workloads.deployment("web", f"{self.shop}:1.0.0", SEMVER)
        # Resources of a pod as a whole, which came with Kubernetes 1.32.
        fields = {"resources": {"requests": {"cpu": "2m", "memory": "16Mi"}}}
        template_of(document)["spec"].update(fields)
        self.create(document)
        before = template_of(self.rolled_out())["spec"]
        self.assertEqual(before["resources"], fields["resources"])
        self.push("1.0.1")
        self.completed(f"{self.shop}:1.0.1")
        after = template_of(self.get())["spec"]
        self.assertEqual(after.pop("containers")[0].pop("image"), f"{self.shop}:1.0.1")
        before.pop("containers")
        self.assertEqual(after, before)
