# SPDX-License-Identifier: Apache-2.0
"""Real pushes to real registries, and what they do to manifests in a folder."""

import signal
import time

from harness import audit
from harness.case import TOKEN, Case
from harness.components import needs
from harness.process import PATIENCE, wait_for

# As people write manifests: comments, odd spacing, a name that only looks like ours, flow style,
# no newline at the end.
MANIFEST = """\
# The shop's front. Whoever changes the image by hand tells the shop team.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
  annotations: {{longshore.dev/policy: "{policy}"}}   # see the guide
spec:
    replicas: 3
    template:
        spec:
            containers:
                -   name: web
                    image:   "{image}"  # the one that moves
                    env: [{{name: GREETING, value: 'it''s {repository}'}}]
                -   name: proxy
                    image: docker.io/library/envoy:1.4.1
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: web, namespace: shop}}
data:
  note: |
    image: {image}
    stays as it is, for it is text"""


class Pushes:
    """The tests, for whichever registry a class below names."""

    kind = ""

    def setUp(self):
        super().setUp()
        self.hub = self.registry(self.kind)
        self.repository = f"{self.hub.host}/acme/shop"
        self.program = self.longshore(
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{self.hub.host}/acme/*"],
              "verify": "off"}],
            registries=[{"host": self.hub.host}])

    def begin(self, current="1.4.1", policy="semver:~1.4"):
        self.image = f"{self.repository}:{current}"
        self.before = MANIFEST.format(policy=policy, image=self.image, repository=self.repository).encode()
        self.program.write_manifest("web.yaml", self.before)
        self.program.start()
        self.hub.start(self.program_url(), TOKEN)

    def program_url(self):
        return f"http://127.0.0.1:{self.program.port.number}/hooks/reg"

    def push(self, tag, content=None, platforms=("amd64",)):
        """Pushes an image; returns its digest and the moment when skopeo was done."""
        layout = self.layout(content or tag, platforms)
        layout.push(f"{self.repository}:{tag}")
        return layout.digest, time.monotonic()

    def expected(self, image):
        """The manifest as it was, but for the bytes of the one scalar."""
        return self.before.replace(f'"{self.image}"'.encode(), f'"{image}"'.encode(), 1)

    def wait_manifest(self, image, seconds=10.0):
        wanted = self.expected(image)
        wait_for(f"the manifest runs {image}",
                 lambda: self.program.manifest("web.yaml") == wanted, seconds)

    def wait_applied(self, times):
        """What was applied: the lines follow the manifest by the time of a commit."""
        wait_for(f"{times} change(s) in the audit", lambda: len(self.program.audit().applied()) >= times)
        applied = [line["to"] for line in self.program.audit().applied()]
        self.assertEqual(len(applied), times, applied)
        return applied

    def wait_decided(self, tag, times=1):
        """The ids of the events about that tag, once `times` of them have a decision."""

        def decided():
            said = self.program.audit()
            events = said.received(f"{self.repository}:{tag}")
            return events if len(events) >= times and all(said.decisions(e) for e in events) else None

        return wait_for(f"{times} event(s) about {tag} are decided", decided)

    def test_a_push_changes_the_manifest_within_a_second_and_nothing_else_in_it(self):
        self.begin()
        _, pushed = self.push("1.4.2")
        self.wait_manifest(f"{self.repository}:1.4.2")
        self.assertLessEqual(time.monotonic() - pushed, 1.0 * PATIENCE)
        [event] = self.wait_decided("1.4.2")
        applied = wait_for("the audit says so", lambda: self.program.audit().applied(f"{self.repository}:1.4.2"))
        self.assertEqual([line["id"] for line in applied], [event])
        self.assertEqual(applied[0]["from"], self.image)
        self.assertIn("web.yaml", applied[0]["workload"])

    def test_windows_line_endings_stay(self):
        self.begin()
        self.before = self.before.replace(b"\n", b"\r\n")
        self.program.write_manifest("web.yaml", self.before)
        self.push("1.4.2")
        self.wait_manifest(f"{self.repository}:1.4.2")

    def test_an_older_version_changes_nothing_and_the_audit_says_why(self):
        self.begin(current="1.4.2")
        self.push("1.4.0")
        [event] = self.wait_decided("1.4.0")
        self.assertEqual(self.program.manifest("web.yaml"), self.before)
        self.assertEqual(self.program.audit().applied(), [])
        for line in self.program.audit().decisions(event):
            self.assertEqual(line["decision"], audit.SKIP)
            self.assertIn("1.4.2", line["reason"])

    def test_a_version_outside_the_policy_changes_nothing(self):
        self.begin()
        self.push("2.0.0")
        [event] = self.wait_decided("2.0.0")
        self.assertEqual(self.program.manifest("web.yaml"), self.before)
        self.assertIn("1.4", self.program.audit().reasons(event))

    def test_pushes_in_a_row_are_applied_in_order_and_the_newest_stays(self):
        self.begin()
        for patch in range(2, 7):
            self.push(f"1.4.{patch}")
        self.wait_manifest(f"{self.repository}:1.4.6")
        self.wait_decided("1.4.6")
        steps = [line["to"] for line in self.program.audit().applied()]
        self.assertEqual(steps, sorted(set(steps)))

    def test_it_goes_on_after_the_registry_restarted(self):
        self.begin()
        self.push("1.4.2")
        self.wait_manifest(f"{self.repository}:1.4.2")
        self.hub.restart()
        self.push("1.4.3")
        self.wait_manifest(f"{self.repository}:1.4.3")

    def test_what_is_pushed_while_it_is_away_arrives_when_it_is_back(self):
        self.begin()
        self.push("1.4.2")
        self.wait_manifest(f"{self.repository}:1.4.2")
        self.program.process.signal(signal.SIGTERM)
        self.assertEqual(self.program.process.wait(), 0)
        self.push("1.4.3")
        self.push("1.4.4")
        self.assertEqual(self.program.manifest("web.yaml"), self.expected(f"{self.repository}:1.4.2"))
        self.program.start()
        self.wait_manifest(f"{self.repository}:1.4.4", 20)
        self.push("1.4.5")
        self.wait_manifest(f"{self.repository}:1.4.5")
        self.assertEqual(self.program.verify_audit().returncode, 0)

    def test_an_image_of_two_platforms_is_one_change(self):
        self.begin()
        digest, _ = self.push("1.4.2", platforms=("amd64", "arm64"))
        self.wait_manifest(f"{self.repository}:1.4.2")
        [event] = self.wait_decided("1.4.2")
        self.wait_applied(1)
        said = self.program.audit()
        [received] = [line for line in said.of(event) if line["step"] == audit.RECEIVED]
        self.assertTrue(received["image"].endswith(digest), received["image"])

    def test_the_same_push_again_changes_nothing(self):
        self.begin()
        self.push("1.4.2")
        self.wait_manifest(f"{self.repository}:1.4.2")
        self.push("1.4.2")
        first, second = self.wait_decided("1.4.2", times=2)
        self.assertNotEqual(first, second)
        self.assertEqual(self.program.manifest("web.yaml"), self.expected(f"{self.repository}:1.4.2"))
        self.wait_applied(1)

    def test_a_moving_tag_that_goes_back_ends_where_it_went_back_to(self):
        self.begin(current="stable", policy="digest")
        first, _ = self.push("stable", content="A")
        self.wait_manifest(f"{self.repository}:stable@{first}")
        second, _ = self.push("stable", content="B")
        self.wait_manifest(f"{self.repository}:stable@{second}")
        third, _ = self.push("stable", content="A")
        self.assertEqual(third, first)
        self.wait_manifest(f"{self.repository}:stable@{first}")
        self.wait_decided("stable", times=3)
        self.wait_applied(3)

    def test_a_signature_of_an_image_is_recorded_and_never_acted_upon(self):
        self.begin(policy="semver:~1.4")
        digest, _ = self.push("1.4.2")
        self.wait_manifest(f"{self.repository}:1.4.2")
        self.push(digest.replace(":", "-") + ".sig", content="signature")
        self.push("1.4.3")
        self.wait_manifest(f"{self.repository}:1.4.3")
        self.assertEqual(self.wait_applied(2), [f"{self.repository}:1.4.2", f"{self.repository}:1.4.3"])


@needs("registry2", "skopeo")
class Distribution2(Pushes, Case):
    kind = "registry2"


@needs("registry3", "skopeo")
class Distribution3(Pushes, Case):
    kind = "registry3"
