#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: one push matches 1,000 Deployments: how long until the last of them is changed, against a
client that does nothing but send the same 1,000 patches?

    bench/kube_push.py [push]    the push against kube_loop: same cluster, same Deployments, as many
                                 connections, one after the other in each round
    bench/kube_push.py memory    what Longshore holds in memory with so many Deployments there

A real API server with its controllers (tests/stack/kube, built once), a real registry on loopback,
which Longshore asks what the tag names. Deployments have no replicas: what is measured is how fast
they are changed, not how fast pods start. The clock runs from the moment when the notification is
sent to the last answer to a PATCH, by the API server's own audit. Before each run the controllers
have come to rest; afterwards every Deployment has to have the new image, and what was asked of the
API server meanwhile is counted.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import statistics
import sys
import time

import kube_setup
from kube_setup import TOKEN, Bench
from receive import print_table, wait_for_quiet
from servers import SOURCE

from harness import notifications  # noqa: E402
from harness.images import Layout  # noqa: E402
from harness.process import wait_for  # noqa: E402
from harness.registries import Registry  # noqa: E402

NAME = "acme/shop"


def epoch(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def is_since(line, begin):
    return epoch(line["requestReceivedTimestamp"]) >= begin


class Push:
    """The cluster, its Deployments and the registry that their image comes from."""

    def __init__(self, bench, args):
        self.bench, self.args = bench, args
        self.cluster = bench.cluster()
        self.space = self.cluster.namespace()
        self.hub = bench.ending(Registry("registry2", bench.folder / "registry"))
        self.hub.start_alone()
        layout = Layout(bench.folder / "layout", "shop")
        self.digest = layout.digest
        layout.push(self.image(0))
        tags = 2 * args.rounds + 2
        self.hub.copy_tag(NAME, "1.0.0", [f"1.0.{number}" for number in range(1, tags)])
        self.names = []
        self.number = 0  # of the version that runs

    def image(self, number):
        return f"{self.hub.host}/{NAME}:1.0.{number}"

    def grow(self, count):
        names = [f"web-{number:05}" for number in range(len(self.names), count)]
        self.bench.loop(kube_setup.creations(
            self.cluster, self.space, [kube_setup.deployment(name, self.image(self.number)) for name in names]))
        self.names += names
        kube_setup.wait_settled(self.cluster, self.space)

    def start(self):
        """Longshore, synced, with an empty store."""
        host = self.hub.host
        return self.bench.longshore(
            self.cluster.kubeconfig(),
            [{"name": "reg", "type": "distribution", "token": TOKEN, "images": [f"{host}/*"], "host": host}],
            registries=[{"host": host, "insecure": True}])

    def next_images(self):
        self.number += 1
        return self.image(self.number - 1), self.image(self.number)

    def bare(self):
        before, after = self.next_images()
        result = self.bench.loop([
            kube_setup.patch_of(self.cluster, self.space, name, before, after, number)
            for number, name in enumerate(self.names)])
        self.check(after)
        return {"seconds": result["seconds"], "p50": result["latency_ms"]["p50"], "cpu": result["cpu_seconds"]}

    def pushed(self):
        before, after = self.next_images()
        del before
        program = self.start()
        try:
            return self.measure(program, after)
        finally:
            program.close()

    def measure(self, program, after):
        rest, cpu, begin = kube_setup.memory_mb(program), kube_setup.cpu_seconds(program), time.time()
        program.notify("reg", notifications.distribution(
            self.hub.host, NAME, after.rpartition(":")[2], self.digest))
        self.wait_applied(program)
        lines = [line for line in self.cluster.asked("longshore") if is_since(line, begin)]
        ends = [epoch(line["stageTimestamp"]) for line in lines if line["verb"] == "patch"]
        self.check(after)
        used = kube_setup.cpu_seconds(program) - cpu
        steps = [epoch(line["time"]) for line in program.audit().applied()]
        return {"seconds": max(ends) - begin, "first": min(ends) - begin, "applied": max(steps) - begin,
                "cpu": used, "requests": self.requests(begin), "rest_mb": rest,
                "most_mb": kube_setup.memory_mb(program, "VmHWM")}

    def wait_applied(self, program):
        """By as little as can be: what looks takes of the CPUs that are measured."""

        def is_over():
            time.sleep(0.2)
            return program.audit_file.read_bytes().count(b'"step":"applied"') >= len(self.names)

        wait_for("every change is in the audit", is_over, 300)

    def is_at(self, image):
        return set(kube_setup.images_of(self.cluster, self.space).values()) == {image}

    def check(self, image):
        if not self.is_at(image):
            raise RuntimeError(f"not every Deployment runs {image}")

    def requests(self, begin):
        """What was asked of the API server until all is at rest, by kind."""
        kube_setup.wait_settled(self.cluster, self.space)
        time.sleep(self.args.linger)
        asked = (line for line in self.cluster.asked("longshore") if is_since(line, begin))
        return collections.Counter(f"{line['verb']} {line['objectRef']['resource']}" for line in asked)


def push(args):
    with Bench(args.binaries, args.place) as bench:
        case = Push(bench, args)
        case.grow(args.deployments)
        runs = {"loop": [], "longshore": []}
        for number in range(args.rounds):
            for name in ("loop", "longshore") if number % 2 == 0 else ("longshore", "loop"):
                wait_for_quiet(args)
                result = case.bare() if name == "loop" else case.pushed()
                runs[name].append(result)
                print(f"  round {number + 1}: {name} {json.dumps(result)}", file=sys.stderr)
                kube_setup.wait_settled(case.cluster, case.space)
    show(args, runs)
    return runs


def median(runs, key):
    return statistics.median(run[key] for run in runs)


def show(args, runs):
    loop, ours = runs["loop"], runs["longshore"]
    ratio = statistics.median(a["seconds"] / b["seconds"] for a, b in zip(ours, loop))
    print_table(["client", "first PATCH s", "last PATCH s", "/ loop", "CPU s", "MB before/most"], [
        ["kube_loop", "", f"{median(loop, 'seconds'):.2f}", "1.00", f"{median(loop, 'cpu'):.2f}", ""],
        ["longshore", f"{median(ours, 'first'):.2f}", f"{median(ours, 'seconds'):.2f}", f"{ratio:.2f}",
         f"{median(ours, 'cpu'):.2f}", f"{median(ours, 'rest_mb'):.0f}/{max(run['most_mb'] for run in ours):.0f}"]])
    print(f"\nWhat was asked of the API server from the push until {args.linger:g} s after all was at rest:")
    for run in ours:
        print("  " + ", ".join(f"{count} {what}" for what, count in sorted(run["requests"].items())))


def memory(args):
    rows = []
    with Bench(args.binaries, args.place) as bench:
        case = Push(bench, args)
        for count in args.sizes:
            if count:
                case.grow(count)
            program = case.start()
            time.sleep(args.linger)
            rows.append([f"{count:,}", f"{kube_setup.memory_mb(program):.1f}",
                         f"{kube_setup.memory_mb(program, 'VmHWM'):.1f}"])
            program.close()
    print_table(["Deployments", "MB resident", "MB at most"], rows)
    return rows


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", default="push", choices=["push", "memory"])
    parser.add_argument("--binaries", default=str(SOURCE / "build/release/bin"))
    parser.add_argument("--place", default=str(SOURCE / "build"), help="the folder for Longshore's store")
    parser.add_argument("--deployments", type=int, default=1000)
    parser.add_argument("--sizes", default="0,1000,10000", help="for memory, ascending")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--linger", type=float, default=5, help="seconds")
    parser.add_argument("--quiet", type=float, metavar="CPU",
                        help="wait before each run until all programs use no more CPUs than this, such as 0.4")
    parser.add_argument("--json", help="writes every run to this file")
    args = parser.parse_args()
    args.sizes = [int(text) for text in args.sizes.split(",")]
    os.makedirs(args.place, exist_ok=True)
    return args


def main():
    args = arguments()
    kube_setup.use_binaries(args.binaries, "kube_loop")
    results = {"push": push, "memory": memory}[args.mode](args)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
