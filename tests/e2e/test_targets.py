# SPDX-License-Identifier: Apache-2.0
"""Targets of two types beside each other, over reloads, and what a build job waits for."""

import signal

from harness import notifications
from harness.case import TOKEN, Case
from harness.process import Port, wait_for

HUB = {"name": "hub", "type": "dockerhub", "token": TOKEN, "verify": "off"}
WEB = b"""\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {longshore.dev/policy: semver}}
spec: {template: {spec: {containers: [{name: web, image: "docker.io/acme/shop:1.4.1"}]}}}
"""
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: here
contexts: [{{name: here, context: {{cluster: here, user: here}}}}]
clusters: [{{name: here, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: here, user: {{token: test}}}}]
"""


class Targets(Case):
    def cluster(self, program, name, text):
        """A target whose kubeconfig says that."""
        file = program.folder / f"{name}.yaml"
        file.write_text(text)
        return {"name": name, "type": "kubernetes", "kubeconfig": str(file)}

    def away(self, program, name):
        """A cluster whose API server does not answer: nobody listens there."""
        port = Port()
        self.addCleanup(port.release)
        return self.cluster(program, name, KUBECONFIG.format(port=port.number))

    def test_they_keep_their_order_and_go_on_over_a_reload(self):
        program = self.longshore([HUB])
        [files] = program.settings["targets"]
        prod, edge = self.away(program, "prod"), self.away(program, "edge")
        program.settings["targets"] = [prod, files, edge]
        program.write_manifest("web.yaml", WEB)
        program.start()
        wait_for("the folder is read", lambda: program.status()["targets"][1]["synced"])
        before = program.status()["targets"]
        self.assertEqual([target["name"] for target in before], ["prod", "manifests", "edge"])
        self.assertEqual([target["synced"] for target in before], [False, True, False])

        program.settings["targets"] = [{**edge, "concurrency": 3}, prod, files]
        program.write_config()
        program.process.signal(signal.SIGHUP)
        wait_for("they have another order",
                 lambda: [target["name"] for target in program.status()["targets"]]
                 == ["edge", "prod", "manifests"])
        self.assertEqual(program.status()["targets"][2]["synced_at"], before[1]["synced_at"])

    def test_a_kubeconfig_that_cannot_be_used_is_an_error_at_the_start(self):
        program = self.longshore([HUB])
        program.settings["targets"] = [self.cluster(program, "prod", "kind: Nonsense\n")]
        program.launch()
        self.assertEqual(program.process.wait(), 2)
        self.assertRegex(program.process.tail(), r"prod.*prod\.yaml")

    def test_a_build_job_learns_what_came_of_its_push(self):
        program = self.longshore([HUB])
        program.write_manifest("web.yaml", WEB)
        program.start()
        event = program.notify("hub", notifications.dockerhub("acme/shop", "1.4.2")).json()["id"]
        done = program.json_of("wait", event)
        self.assertEqual((done["state"], done["actions"][0]["state"]), ("completed", "done"))
        self.assertEqual(program.run("wait", "docker.io/acme/shop:1.4.2").returncode, 0)
        older = program.notify("hub", notifications.dockerhub("acme/shop", "1.4.0")).json()["id"]
        self.assertEqual(program.run("wait", older).returncode, 5)
        never = program.run("wait", "docker.io/acme/shop:9.9.9", "--timeout", "0s")
        self.assertEqual(never.returncode, 6)
        self.assertRegex(never.stdout, "^unknown ")

    def test_a_build_job_waits_for_a_cluster_that_is_away(self):
        program = self.longshore([HUB])
        program.settings["targets"].append(self.away(program, "prod"))
        program.write_manifest("web.yaml", WEB)
        program.start()
        event = program.notify("hub", notifications.dockerhub("acme/shop", "1.4.2")).json()["id"]
        wait_for("the manifest changes", lambda: b"acme/shop:1.4.2" in program.manifest("web.yaml"))
        late = program.run("wait", event, "--timeout", "1s")
        self.assertEqual(late.returncode, 6, late.stdout)
        self.assertRegex(late.stdout, "(?m)^pending ")
