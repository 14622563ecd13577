# SPDX-License-Identifier: Apache-2.0
"""Gates that this build does not have: what asks for one is never let through."""

from harness import audit, notifications
from harness.case import TOKEN, Case
from harness.process import wait_for
from harness.workloads import annotated, image_of

IMAGE = "docker.io/acme/shop"
POLICY = {"longshore.dev/policy": "semver:~1.4"}
GATES = {
    "approvals": {**POLICY, "longshore.dev/approvals": "1"},
    "approvals of one container": {**POLICY, "longshore.dev/approvals.web": "2"},
    "window": {**POLICY, "longshore.dev/window": "Mon-Fri 09:00-17:00 UTC"},
    "scan-gate": {**POLICY, "longshore.dev/scan-gate": "high"},
    "Keel's approvals": {"keel.sh/policy": "minor", "keel.sh/approvals": "1"},
    "Keel's approvals beside our policy": {**POLICY, "keel.sh/approvals": "1"},
}
HUB = {"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"}


class Gates(Case):
    def test_a_workload_that_asks_for_one_is_skipped_with_the_reason(self):
        program = self.longshore([HUB])
        before = {}
        for number, (gate, annotations) in enumerate(GATES.items()):
            before[gate] = annotated(f"gated{number}", f"{IMAGE}:1.4.1", annotations)
            program.write_manifest(f"{number}.yaml", before[gate])
        program.write_manifest("free.yaml", annotated("free", f"{IMAGE}:1.4.1", POLICY))
        program.start()
        for tag in ("1.4.2", "1.4.3"):
            event = program.notify("hub", notifications.dockerhub("acme/shop", tag)).json()["id"]
            wait_for("the free one runs it", lambda: program.audit().applied(f"{IMAGE}:{tag}"))
            decisions = {line["workload"]: line for line in program.audit().decisions(event)}
            for number in range(len(GATES)):
                line = decisions[f"manifests: {number}.yaml Deployment gated{number} web"]
                self.assertEqual(line["decision"], audit.SKIP)
                self.assertRegex(line["reason"], "needs (approvals|window|scan-gate), which (are|is) not available")
        self.assertEqual(program.stop(), 0)
        self.assertEqual(image_of(program.manifest("free.yaml")), f"{IMAGE}:1.4.3")
        for number, gate in enumerate(GATES):
            self.assertEqual(program.manifest(f"{number}.yaml"), before[gate], gate)
        self.assertEqual({line["workload"] for line in program.audit().applied()},
                         {"manifests: free.yaml Deployment free"})

    def test_they_stand_in_the_status(self):
        program = self.longshore([HUB])
        program.write_manifest("0.yaml", annotated("gated", f"{IMAGE}:1.4.1", GATES["approvals"]))
        program.start()
        [bad] = wait_for("the status says so", lambda: program.status()["bad_policies"])
        self.assertIn("gated", bad["workload"])
        self.assertIn("needs approvals, which are not available", bad["message"])

    def test_in_the_configuration_it_is_an_error(self):
        for gate, value in (("approvals", 1), ("window", "Mon-Fri 09:00-17:00 UTC"), ("scan-gate", "high")):
            with self.subTest(gate=gate):
                program = self.longshore(
                    [HUB], policies=[{"image": f"{IMAGE}", "policy": "semver:~1.4", gate: value}])
                program.launch()
                self.assertGreater(program.process.wait(), 0)
                self.assertRegex(program.process.tail(), rf"longshore\.yaml:\d+:\d+: .*{gate}")
