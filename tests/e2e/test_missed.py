# SPDX-License-Identifier: Apache-2.0
"""Pushes that nobody announces, found in the lists of tags that registries give."""

from harness import audit
from harness.case import TOKEN, Case
from harness.components import needs
from harness.process import wait_for
from harness.workloads import deployment, image_of


class Missed:
    """The tests, for whichever registry a class below names."""

    kind = ""

    def setUp(self):
        super().setUp()
        self.hub = self.registry(self.kind)
        self.hub.start_alone()
        self.image = f"{self.hub.host}/acme/shop"

    def begin(self, policies=(), sweep="off"):
        """Its one source speaks of acme/*. The registry does not notify it."""
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{self.hub.host}/acme/*"]}],
            registries=[{"host": self.hub.host, "insecure": True}], policies=policies, more={"sweep": sweep})
        self.program.write_manifest("web.yaml", deployment("web", f"{self.image}:1.4.1"))
        self.program.start()

    def push(self, tag, content=None):
        layout = self.layout(content or tag)
        layout.push(f"{self.image}:{tag}")
        return layout.digest

    def wait_running(self, image, seconds=20.0):
        wait_for(f"the manifest runs {image}",
                 lambda: image_of(self.program.manifest("web.yaml")) == image, seconds)
        wait_for("the audit says so", lambda: self.program.audit().applied(image))

    def wait_missed(self, tag):
        return wait_for(f"the audit says that {tag} was missed",
                        lambda: self.program.audit().about(audit.MISSED, f"{self.image}:{tag}"))

    def assert_found_by_the_sweep(self, tag):
        """The audit tells the whole story of that tag; the event's id."""
        said = self.program.audit()
        [event] = said.received(f"{self.image}:{tag}")
        steps = [line["step"] for line in said.of(event)]
        for step in (audit.RECEIVED, audit.DECIDED, audit.APPLIED):
            self.assertIn(step, steps)
        [received] = [line for line in said.of(event) if line["step"] == audit.RECEIVED]
        self.assertEqual(received["source"], audit.SWEEP)
        return event

    def test_what_was_pushed_while_it_was_away_is_deployed_and_said_to_be_missed(self):
        self.push("1.4.1")
        self.begin(policies=[{"image": f"{self.hub.host}/acme/*", "policy": "semver:~1.4"}], sweep="1h")
        wait_for("the tags are listed", lambda: "oldest" in self.program.status()["sweep"])
        self.assertEqual(self.program.status()["sweep"]["repositories"], 1)
        self.assertEqual(self.program.stop(), 0)
        self.push("1.4.2")
        self.push("2.0.0")
        self.assertEqual(image_of(self.program.manifest("web.yaml")), f"{self.image}:1.4.1")

        self.program.start()
        self.wait_running(f"{self.image}:1.4.2")
        event = self.assert_found_by_the_sweep("1.4.2")
        missed = {tag: [line["id"] for line in self.wait_missed(tag)] for tag in ("1.4.2", "2.0.0")}
        self.assertEqual(missed["1.4.2"], [event])
        said = self.program.audit()
        self.assertEqual(len(said.steps(audit.MISSED)), len(missed))
        # Both came together, and the one that was decided upon is named with the other.
        for line in said.superseded():
            self.assertIn(event, line["reason"])
            self.assertNotEqual(event, line["id"])
        self.assertEqual(self.program.verify_audit().returncode, 0)

    def test_somebody_elses_image_is_followed_by_its_sweep_alone(self):
        self.image = f"{self.hub.host}/others/base"
        self.push("1.4.1")
        self.begin(policies=[{"image": self.image, "policy": "semver:~1.4", "sweep": "2s"}])
        for tag in ("1.4.2", "1.4.3"):
            self.push(tag)
            self.wait_running(f"{self.image}:{tag}")
            self.assert_found_by_the_sweep(tag)
        said = self.program.audit()
        self.assertEqual([line["to"] for line in said.applied()], [f"{self.image}:1.4.2", f"{self.image}:1.4.3"])
        self.assertEqual(said.steps(audit.MISSED), [])
        self.assertEqual(self.program.status()["sweep"]["repositories"], 1)

    def test_a_moving_tag_of_somebody_else_is_followed_too(self):
        self.image = f"{self.hub.host}/others/base"
        first = self.push("1.4.1", content="A")
        self.begin(policies=[{"image": self.image, "policy": "digest", "sweep": "2s"}])
        self.wait_running(f"{self.image}:1.4.1@{first}")
        second = self.push("1.4.1", content="B")
        self.wait_running(f"{self.image}:1.4.1@{second}")


@needs("registry2", "skopeo")
class Distribution2Missed(Missed, Case):
    kind = "registry2"


@needs("registry3", "skopeo")
class Distribution3Missed(Missed, Case):
    kind = "registry3"
