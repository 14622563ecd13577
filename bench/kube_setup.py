# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks with a cluster share: a real API server, Deployments, and Longshore beside them."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

from servers import SOURCE, TICKS

sys.path.insert(0, str(SOURCE / "tests" / "e2e"))
sys.dont_write_bytecode = True

from harness.kube import Cluster  # noqa: E402
from harness.longshore import Longshore  # noqa: E402
from harness.process import wait_for  # noqa: E402

TOKEN = "bench-token-0123456789"
JSON_PATCH = "application/json-patch+json"


def use_binaries(folder, *others):
    """Before anything else: where the program is that is measured, and others that it needs."""
    folder = pathlib.Path(folder)
    for name in ("longshore", *others):
        if not os.access(folder / name, os.X_OK):
            sys.exit(f"error: {folder / name} is not there; build it, or name another folder with --binaries")
    os.environ["LONGSHORE_BIN"] = str(folder / "longshore")


class Bench:
    """A folder for the cluster, one for Longshore's store; all that is in them ends with the block."""

    def __init__(self, binaries, place):
        self.loop_program = str(pathlib.Path(binaries) / "kube_loop")
        self.place = pathlib.Path(place).resolve()
        self._closing = []
        self._made = 0

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="longshore-bench-"))
        self._stores = pathlib.Path(tempfile.mkdtemp(prefix="longshore-bench-", dir=self.place))
        return self

    def __exit__(self, *_):
        for thing in reversed(self._closing):
            thing.close()
        for folder in (self.folder, self._stores):
            shutil.rmtree(folder, ignore_errors=True)

    def ending(self, thing):
        """It is closed at the end of the block."""
        self._closing.append(thing)
        return thing

    def cluster(self):
        self.running = self.ending(Cluster(self.folder / "cluster")).start()
        return self.running

    def longshore(self, kubeconfig, sources, registries=(), **more):
        """Started on an empty store, with a target for the cluster; returns when that is synced."""
        self._made += 1
        program = Longshore(self._stores / f"longshore{self._made}", sources, registries=registries, more={
            "targets": [{"name": "cluster", "type": "kubernetes", "kubeconfig": str(kubeconfig)}], **more})
        self.ending(program).start()
        wait_for("the target is synced", lambda: target_of(program)["synced"], 300)
        return program

    def loop(self, requests, rate=None, connections=8):
        """Sends requests (method, path, type, document) as fast as they are answered, or at a rate."""
        file = self.folder / "requests"
        file.write_text("".join(f"{method}\t{path}\t{kind}\t{json.dumps(document)}\n"
                                for method, path, kind, document in requests))
        token = self.folder / "token"
        token.write_text(self.running.token() + "\n")
        command = [self.loop_program, "--server", self.running.server, "--authority",
                   str(self.running.authority.certificate), "--token-file", str(token), "--requests", str(file),
                   "--connections", str(connections)] + (["--rate", str(rate)] if rate else [])
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        result = json.loads(run.stdout)
        if sum(count for status, count in result["replies"].items() if status[0] == "2") != len(requests):
            raise RuntimeError(f"kube_loop: {len(requests)} requests, answered {result['replies']}")
        return result


def target_of(program):
    return program.status()["targets"][0]


def deployment(name, image, policy="semver"):
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"longshore.dev/policy": policy}},
        "spec": {"replicas": 0, "revisionHistoryLimit": 1, "selector": {"matchLabels": labels},
                 "template": {"metadata": {"labels": labels},
                              "spec": {"containers": [{"name": "web", "image": image}]}}}}


def creations(cluster, space, deployments):
    return [("POST", cluster.path("deployment", None, space), "application/json", one) for one in deployments]


def patch_of(cluster, space, name, before, after, number):
    """The PATCH that Longshore would send, with annotations of the same length."""
    change = f"web: {before} -> {after}"
    reason = f"semver: {after.rpartition(':')[2]} is higher than {before.rpartition(':')[2]}, which runs"
    notes = {"status.longshore.dev~1last-action": f"01BENCH{number:019}", "status.longshore.dev~1last-event": f"01EVENT{number:019}",
             "status.longshore.dev~1last-change": change, "status.longshore.dev~1last-reason": reason,
             "kubernetes.io~1change-cause": f"longshore: {change} ({reason})"}
    container = "/spec/template/spec/containers/0"
    patch = [{"op": "test", "path": f"{container}/name", "value": "web"},
             {"op": "test", "path": f"{container}/image", "value": before},
             {"op": "replace", "path": f"{container}/image", "value": after}]
    patch += [{"op": "add", "path": f"/metadata/annotations/{key}", "value": value} for key, value in notes.items()]
    return "PATCH", cluster.path("deployment", name, space), JSON_PATCH, patch


def images_of(cluster, space):
    return {item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]["image"]
            for item in cluster.list("deployment", space)}


def wait_settled(cluster, space, seconds=600):
    """Until the controllers have done what the last changes want of them."""

    def settled():
        time.sleep(0.3)
        return all(item.get("status", {}).get("observedGeneration", 0) >= item["metadata"]["generation"]
                   for item in cluster.list("deployment", space))

    wait_for("the controllers have seen all changes", settled, seconds)


def memory_mb(program, which="VmRSS"):
    """VmRSS (now) or VmHWM (the most so far)."""
    text = pathlib.Path(f"/proc/{program.process.pid}/status").read_text()
    return int(re.search(rf"^{which}:\s+(\d+) kB$", text, re.MULTILINE).group(1)) / 1024


def cpu_seconds(program):
    fields = pathlib.Path(f"/proc/{program.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def quantile(values, share):
    """The least value that at least this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1e6) * len(ordered) // 1_000_000) - 1)]
