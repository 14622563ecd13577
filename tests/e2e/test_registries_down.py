# SPDX-License-Identifier: Apache-2.0
"""One registry wants to be left alone, one hangs, one is not there: the fourth goes on, and nothing of
the three is lost, even if the program is killed meanwhile."""

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.fake_registry import FakeRegistry, TooMany
from harness.process import wait_for
from harness.workloads import deployment, image_of

BUSY_SECONDS = 15  # that the first one asks for, each time
PUSHES = 40  # to the fourth, each wave
OTHERS = 5  # to each of the three
CONCURRENCY = 2


class RegistriesDown(Case):
    def setUp(self):
        super().setUp()
        self.busy, self.hanging, self.refusing, self.healthy = (FakeRegistry() for _ in range(4))
        self.busy.script = TooMany(BUSY_SECONDS)
        self.hanging.script = self.hanging.hang
        for registry in (self.busy, self.hanging, self.healthy):
            self.listening(registry)
        self.addCleanup(self.refusing.close)
        self.three = [self.busy, self.hanging, self.refusing]
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN}],
            registries=[{"host": registry.host, "insecure": True, "deadline": "2s", "concurrency": CONCURRENCY}
                        for registry in (*self.three, self.healthy)])
        self.images = {}  # manifest: host/repository
        for registry in self.three:
            self.write_workloads(registry, OTHERS)
        self.write_workloads(self.healthy, PUSHES)

    def write_workloads(self, registry, count):
        for number in range(count):
            name = f"{registry.host.rpartition(':')[2]}-{number}.yaml"
            image = f"{registry.host}/acme/shop{number}"
            self.images[name] = image
            self.program.write_manifest(name, deployment("web", f"{image}:1.0.0", "semver:~1.0", pin="digest"))

    def push(self, registry, count, tag):
        """Returns what its workloads have to run then."""
        wanted = set()
        for number in range(count):
            repository = f"acme/shop{number}"
            digest = registry.put(repository, tag)
            reply = self.program.notify("reg", notifications.distribution(registry.host, repository, tag, digest))
            self.assertEqual(reply.status, 202)
            wanted.add(f"{registry.host}/{repository}:{tag}@{digest}")
        return wanted

    def running(self):
        return {image_of(self.program.manifest(name)) for name in self.images}

    def wait_running(self, wanted, seconds=15.0):
        wait_for("all pushes run", lambda: wanted <= self.running(), seconds)

    def wait_applied(self, wanted):
        """Each once, by the audit."""
        def applied():
            return sorted(line["to"] for line in self.program.audit().applied() if line["to"] in wanted)

        wait_for("the audit says so", lambda: len(applied()) >= len(wanted))
        self.assertEqual(applied(), sorted(wanted))

    def wait_said(self):
        """Each of the three has been asked, and the audit says what came of it."""
        for registry in self.three:
            wait_for(f"the audit speaks of {registry.host}", lambda: [
                line for line in self.program.audit().steps(audit.REGISTRY)
                if line["image"].startswith(registry.host + "/") and line["error"]])

    def wait_shown(self, waiting):
        """What waits for a registry stands in the status, tag by tag, and nothing else does."""
        wanted = {image.partition("@")[0] for image in waiting}
        wait_for("the status says so", lambda: wanted == {
            f"{wait['repository']}:{wait['tag']}" for wait in self.program.status()["waits"]})

    def test_the_others_go_on_and_nothing_is_lost(self):
        self.program.start()
        waiting = set().union(*(self.push(registry, OTHERS, "1.0.1") for registry in self.three))
        first = self.push(self.healthy, PUSHES, "1.0.1")
        self.wait_running(first)
        self.wait_said()
        second = self.push(self.healthy, PUSHES, "1.0.2")
        self.wait_running(second)
        self.wait_applied(first | second)
        self.assertEqual(self.running() & waiting, set())
        self.assertGreater(len(self.hanging.asked), 0)
        self.wait_shown(waiting)

        self.program.kill()
        self.program.start()
        third = self.push(self.healthy, PUSHES, "1.0.3")
        self.wait_running(third)
        self.assertEqual(self.running() & waiting, set())

        self.busy.script.end()
        self.hanging.script = None
        self.refusing.listen()
        self.wait_running(waiting, 45)
        self.wait_applied(waiting | third)
        # Told to wait, nobody asks again, but for what was on its way, and after the new start.
        self.assertGreater(self.busy.script.answered, 0)
        self.assertLess(self.busy.script.early, 2 * CONCURRENCY)
        self.assertEqual(self.program.verify_audit().returncode, 0)
