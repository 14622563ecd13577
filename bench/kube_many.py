#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: what do 100,000 workloads cost: memory, the time until the inventory is complete, and one
push, against 100 of them?

    bench/kube_many.py

The API server is a stand-in (kube_stand_in.py) that replays recorded answers over plain HTTP: lists of
500 objects of 9 KB, a watch that stays open. Each Deployment has two containers, one with a
repository of its own and one that all share. Pushes come one after the other, each of another
Deployment, in no order: "CPU" is what the process used for one, from its acceptance to the end of the
rollout and the watch's own word of the change; "to PATCH" is the time until the stand-in has it.
"matches none" are pushes of repositories that nobody runs. "CPU s" is Longshore's until each
repository has been decided once after that; `stand-in CPU s` says how much of the time to sync was
the server's own. Rounds over all sizes; ratios are taken within a round.
"""

import argparse
import http.client
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

import kube_setup
from kube_setup import TOKEN, Bench, quantile
from receive import print_table, wait_for_quiet
from servers import SOURCE, TICKS

from harness.process import wait_for  # noqa: E402

HOST = "registry.example.com"
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: stand-in, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: bench, user: {{token: bench}}}}]
contexts: [{{name: stand-in, context: {{cluster: stand-in, user: bench}}}}]
current-context: stand-in
"""


class StandIn:
    def __init__(self, folder, count):
        self.process = subprocess.Popen([sys.executable, "-B", SOURCE / "bench" / "kube_stand_in.py", str(count)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())
        self.kubeconfig = pathlib.Path(tempfile.mkstemp(dir=folder)[1])
        self.kubeconfig.write_text(KUBECONFIG.format(port=self.port))

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    def cpu_seconds(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(text[11]) + int(text[12])) / TICKS

    def patches(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        try:
            connection.request("GET", "/bench/patches")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


def run(bench, args, count):
    stand_in = StandIn(bench.folder, count)
    begin = time.monotonic()
    program = bench.longshore(
        stand_in.kubeconfig, [{"name": "build", "type": "native", "token": TOKEN, "verify": "off",
                               "images": [f"{HOST}/*"]}],
        registries=[{"host": HOST, "verify": "off"}])
    try:
        result = {"sync": time.monotonic() - begin, "server_cpu": stand_in.cpu_seconds(), "count": count}
        wait_idle(program)
        result["sync_cpu"] = kube_setup.cpu_seconds(program)
        seen = kube_setup.target_of(program)["workloads"]
        if seen != count:
            raise RuntimeError(f"{seen} of {count} workloads are in the inventory")
        result["mb"] = kube_setup.memory_mb(program)
        result["most_mb"] = kube_setup.memory_mb(program, "VmHWM")
        if count:
            result |= events(args, program, stand_in, count)
        return result
    finally:
        program.close()
        stand_in.close()


def wait_idle(program):
    """Each repository is decided once when the inventory is complete: the first pushes would wait."""

    def idle():
        cpu = kube_setup.cpu_seconds(program)
        time.sleep(1)
        return kube_setup.cpu_seconds(program) - cpu < 0.05

    wait_for("nothing is left to decide", idle, 120)


def events(args, program, stand_in, count):
    numbers = random.Random(count).sample(range(count), min(args.events, count))
    send(args, program, [f"{HOST}/shop/nobody-{number}:1.4.3" for number in range(20)])  # warm
    none = send(args, program, [f"{HOST}/shop/none-{number}:1.4.3" for number in numbers])[1]
    images = {f"app-{number:06}": f"{HOST}/shop/app-{number:06}:1.4.3" for number in numbers}
    cpu = kube_setup.cpu_seconds(program)
    sent, _ = send(args, program, images.values())
    wait_for("every change is in the audit", lambda: len(program.audit().applied()) == len(images), 60)
    time.sleep(1)
    cpu = kube_setup.cpu_seconds(program) - cpu
    at = stand_in.patches()
    times = [(at[name] - sent[image]) * 1e3 for name, image in images.items()]
    return {"none_cpu_us": none / len(numbers) * 1e6, "cpu_us": cpu / len(numbers) * 1e6,
            "p50_ms": quantile(times, 0.5), "p99_ms": quantile(times, 0.99)}


def send(args, program, images):
    """When each was sent, and the CPU seconds that the program used meanwhile."""
    sent, cpu, begin = {}, kube_setup.cpu_seconds(program), time.time()
    for number, image in enumerate(images):
        time.sleep(max(0.0, begin + number / args.rate - time.time()))
        sent[image] = time.time()
        if program.notify("build", {"image": image}).status != 202:
            raise RuntimeError(f"a push of {image} was not accepted")
    time.sleep(0.5)
    return sent, kube_setup.cpu_seconds(program) - cpu


def measure(args):
    rounds = []
    with Bench(args.binaries, args.place) as bench:
        for number in range(args.rounds):
            results = {}
            for count in args.sizes if number % 2 == 0 else reversed(args.sizes):
                wait_for_quiet(args)
                results[count] = run(bench, args, count)
                print(f"  round {number + 1}: {json.dumps(results[count])}", file=sys.stderr)
            rounds.append(results)
    return rounds


def show(args, rounds):
    first = next(count for count in args.sizes if count)
    rows = []
    for count in args.sizes:
        def of(key, count=count):
            return statistics.median(results[count][key] for results in rounds)

        def ratio(key, count=count):
            return statistics.median(results[count][key] / results[first][key] for results in rounds)

        row = [f"{count:,}", f"{of('sync'):.2f}", f"{of('sync_cpu'):.2f}", f"{of('server_cpu'):.2f}",
               f"{of('mb'):.1f}", f"{of('most_mb'):.1f}"]
        if count:
            each = statistics.median(
                (results[count]["mb"] - results[min(args.sizes)]["mb"]) / count * 2**20 for results in rounds)
            row += [f"{each:,.0f}" if count >= 1000 else "", f"{of('none_cpu_us'):.0f}", f"{of('cpu_us'):.0f}",
                    f"{ratio('cpu_us'):.2f}", f"{of('p50_ms'):.1f}", f"{of('p99_ms'):.1f}", f"{ratio('p50_ms'):.2f}"]
        rows.append(row + [""] * (13 - len(row)))
    print_table(["workloads", "sync s", "CPU s", "stand-in CPU s", "MB", "MB at most", "bytes each",
                 "matches none us", "push CPU us", f"/ {first}", "to PATCH p50 ms", "p99 ms", f"p50 / {first}"], rows)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binaries", default=str(SOURCE / "build/release/bin"))
    parser.add_argument("--place", default=str(SOURCE / "build"), help="the folder for Longshore's store")
    parser.add_argument("--sizes", default="0,100,1000,10000,100000", help="ascending")
    parser.add_argument("--events", type=int, default=500, help="at most one for each workload")
    parser.add_argument("--rate", type=float, default=100, help="pushes a second")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quiet", type=float, metavar="CPU",
                        help="wait before each run until all programs use no more CPUs than this, such as 0.15")
    parser.add_argument("--json", help="writes every run to this file")
    args = parser.parse_args()
    args.sizes = [int(text) for text in args.sizes.split(",")]
    os.makedirs(args.place, exist_ok=True)
    return args


def main():
    args = arguments()
    kube_setup.use_binaries(args.binaries)
    rounds = measure(args)
    show(args, rounds)
    if args.json:
        pathlib.Path(args.json).write_text(json.dumps(rounds, indent=1) + "\n")


if __name__ == "__main__":
    main()
