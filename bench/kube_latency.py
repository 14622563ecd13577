#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how long does it take from a push that is accepted to the PATCH that is answered, at 50
pushes a second?

    bench/kube_latency.py

Fifty Deployments, each with a repository of its own, and each push a newer tag of one of them. A real
API server with its controllers; a real registry on loopback behind tokens, asked by Longshore which
digest the tag names, with its tokens cached by one push to each repository before. The time is that
from `received` to `applied` in Longshore's audit: two commits to the store, the question to the
registry, the decision, the PATCH. `sent to PATCH` begins when the sender sends and ends with the API
server's word that it has answered. Beside it, in each round, kube_loop sends the same patches alone,
at the same rate. Each row counts the values of all rounds but for the ratio, which is within a round.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import sys
import threading
import time

import kube_setup
from kube_push import epoch
from kube_setup import TOKEN, Bench, quantile
from receive import fsync_us, print_table, wait_for_quiet
from servers import SOURCE

from harness import notifications  # noqa: E402
from harness.images import Layout  # noqa: E402
from harness.process import wait_for  # noqa: E402
from harness.registries import Registry  # noqa: E402
from harness.secrets import PASSWORD, USER, Certificate, TokenService  # noqa: E402

SENDERS = 8  # threads


class Pushes:
    """The cluster, its Deployments, and a repository for each."""

    def __init__(self, bench, args):
        self.bench, self.args = bench, args
        self.cluster = bench.cluster()
        self.space = self.cluster.namespace()
        self.names = [f"app-{number:03}" for number in range(args.deployments)]
        self.version = 0  # that runs, of each Deployment
        self.tags = -(-args.events // args.deployments)  # of each repository in a run
        self.start_registry()
        bench.loop(kube_setup.creations(self.cluster, self.space, [
            kube_setup.deployment(name, self.image(name, 0)) for name in self.names]))
        kube_setup.wait_settled(self.cluster, self.space)

    def start_registry(self):
        folder = self.bench.folder
        service = self.bench.ending(TokenService(Certificate(folder)))
        service.listen()
        self.auth_host = service.host
        self.hub = self.bench.ending(Registry("registry2", folder / "registry"))
        self.hub.start_alone(service.registry_line())
        layout = Layout(folder / "layout", "shop")
        self.digest = layout.digest
        first, *others = self.names
        layout.push(self.image(first, 0), f"{USER}:{PASSWORD}")
        most = 2 * self.args.rounds * (self.tags + 2)
        self.hub.copy_tag(f"acme/{first}", "1.0.0", [f"1.0.{number}" for number in range(1, most)])
        repositories = self.hub.folder / "data/docker/registry/v2/repositories/acme"
        for name in others:
            shutil.copytree(repositories / first, repositories / name)

    def image(self, name, number):
        return f"{self.hub.host}/acme/{name}:1.0.{number}"

    def start(self):
        host = self.hub.host
        return self.bench.longshore(
            self.cluster.kubeconfig(),
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{host}/*"], "host": host}],
            registries=[{"host": host, "insecure": True, "username": USER, "password": PASSWORD,
                         "auth_hosts": [self.auth_host]}])

    def alone(self):
        """The same patches from a client that does nothing else."""
        requests = [
            kube_setup.patch_of(self.cluster, self.space, name, self.image(name, self.version + turn),
                                self.image(name, self.version + turn + 1), turn)
            for turn in range(self.tags) for name in self.names]
        result = self.bench.loop(requests, rate=self.args.rate)
        self.version += self.tags
        return result["latency_ms"]

    def pushed(self):
        program = self.start()
        try:
            self.push(program, 1)  # the tokens
            before = len(program.audit().lines)
            begin, cpu = time.time(), kube_setup.cpu_seconds(program)
            sent = self.push(program, self.tags)
            cpu = kube_setup.cpu_seconds(program) - cpu
            return self.result(program.audit().lines[before:], sent, begin, cpu)
        finally:
            program.close()

    def push(self, program, turns):
        """Sends them at the rate; returns when each was sent, once all are applied."""
        first, sent = self.version + 1, {}
        work = [(turn, name) for turn in range(turns) for name in self.names]
        start, taken, lock = time.time() + 0.2, iter(enumerate(work)), threading.Lock()

        def send():
            while True:
                with lock:
                    number, item = next(taken, (None, None))
                if item is None:
                    return
                turn, name = item
                due = start + number / self.args.rate
                time.sleep(max(0.0, due - time.time()))
                tag = f"1.0.{first + turn}"
                body = notifications.distribution(self.hub.host, f"acme/{name}", tag, self.digest)
                sent[f"{self.hub.host}/acme/{name}:{tag}"] = time.time()
                if program.notify("reg", body).status != 202:
                    raise RuntimeError(f"a push of {name}:{tag} was not accepted")

        threads = [threading.Thread(target=send) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.version += turns
        self.wait_applied(program)
        return sent

    def wait_applied(self, program):
        """Two pushes of one repository that wait together are one change, so the last ones count."""

        def finished():
            time.sleep(0.1)
            applied = {line["to"] for line in program.audit().applied()}
            return all(self.image(name, self.version) in applied for name in self.names)

        wait_for("the newest tag of every repository is applied", finished, 60)

    def result(self, lines, sent, begin, cpu):
        received = {line["id"]: epoch(line["time"]) for line in lines if line["step"] == "received"}
        applied = {line["to"]: (line["id"], epoch(line["time"])) for line in lines if line["step"] == "applied"}
        program = [(at - received[event]) * 1e3 for event, at in applied.values()]
        patches = [line for line in self.cluster.asked("longshore", "patch")
                   if epoch(line["requestReceivedTimestamp"]) >= begin]
        alone = [(epoch(line["stageTimestamp"]) - epoch(line["requestReceivedTimestamp"])) * 1e3 for line in patches]
        whole = self.from_sender(patches, sent)
        return {"applied": program, "server": alone, "whole": whole, "cpu": cpu,
                "events": len(sent), "changes": len(applied)}

    def from_sender(self, patches, sent):
        """The n-th PATCH of a Deployment is about its n-th tag where each was one change."""
        ends = {}
        for line in patches:
            ends.setdefault(line["objectRef"]["name"], []).append(epoch(line["stageTimestamp"]))
        times = []
        for name in self.names:
            begun = sorted(at for image, at in sent.items() if image.startswith(f"{self.hub.host}/acme/{name}:"))
            if len(begun) == len(ends.get(name, [])):
                times += [(end - at) * 1e3 for at, end in zip(begun, sorted(ends[name]))]
        return times


def measure(args):
    runs = []
    with Bench(args.binaries, args.place) as bench:
        case = Pushes(bench, args)
        for number in range(args.rounds):
            wait_for_quiet(args)
            kube_setup.wait_settled(case.cluster, case.space)
            disk = fsync_us(pathlib.Path(args.place))
            run = {"alone": case.alone(), "fdatasync_us": disk}
            kube_setup.wait_settled(case.cluster, case.space)
            wait_for_quiet(args)
            run |= case.pushed()
            runs.append(run)
            print(f"  round {number + 1}: PATCH alone {run['alone']}, accepted to applied p50 "
                  f"{quantile(run['applied'], 0.5):.1f} p99 {quantile(run['applied'], 0.99):.1f} ms, "
                  f"{run['changes']} changes for {run['events']} events", file=sys.stderr)
    return runs


def show(args, runs):
    def row(name, p50s, p99s):
        ratio = statistics.median(p50 / run["alone"]["p50"] for p50, run in zip(p50s, runs))
        return [name, f"{statistics.median(p50s):.1f}", f"{statistics.median(p99s):.1f}", f"{ratio:.2f}"]

    rows = [row("a PATCH alone (kube_loop)", [run["alone"]["p50"] for run in runs],
                [run["alone"]["p99"] for run in runs])]
    for name, key in (("its PATCH, by the API server", "server"), ("accepted to applied", "applied"),
                      ("sent to PATCH answered", "whole")):
        rows.append(row(name, *[[quantile(run[key], share) for run in runs] for share in (0.5, 0.99)]))
    print_table(["at {:g} a second".format(args.rate), "p50 ms", "p99 ms", "p50 / alone"], rows)
    cpu = statistics.median(run["cpu"] / run["events"] * 1e3 for run in runs)
    disk = [statistics.median(run["fdatasync_us"][i] for run in runs) for i in (0, 1)]
    print(f"\n{cpu:.2f} ms of CPU for each push. fdatasync of 16 KiB: p50 {disk[0]:.0f} us, p99 {disk[1]:.0f} us")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=str(SOURCE / "build/release/bin"))
    parser.add_argument("--place", default=str(SOURCE / "build"), help="the folder for Longshore's store")
    parser.add_argument("--deployments", type=int, default=50)
    parser.add_argument("--events", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quiet", type=float, metavar="CPU",
                        help="wait before each run until all programs use no more CPUs than this, such as 0.4")
    parser.add_argument("--json", help="writes every run to this file")
    args = parser.parse_args()
    os.makedirs(args.place, exist_ok=True)
    return args


def main():
    args = arguments()
    kube_setup.use_binaries(args.binaries, "kube_loop")
    runs = measure(args)
    show(args, runs)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(runs, indent=1) + "\n")


if __name__ == "__main__":
    main()
