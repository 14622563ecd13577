#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Question: how many pushes a second does Longshore accept, keep and finish, as a share of what this
machine can do at all, and how long does a sender wait?

    bench/receive.py [throughput]   closed loop, 32 and 128 connections, store on tmpfs and on disk,
                                    beside a bare epoll server, a bare loop that commits, and
                                    adnanh/webhook
    bench/receive.py latency        open loop at half of Longshore's own throughput
    bench/receive.py crowd          throughput beside 5,000 idle connections and 1,000 slow senders

Every measurement starts its server anew on an empty folder. The rounds alternate in order, a ratio is
taken within its round, and medians are printed. After each run everything that was answered 202 has
to be on the disk, else the program ends with status 1. Numbers of a busy machine are worth nothing:
what other programs use is measured, too; each run waits for a quiet moment and is repeated if the
quiet did not last (--quiet).
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import servers
from servers import SOURCE

LONGEST_WAIT = 1800.0  # seconds, for the machine to be quiet
WITHOUT_STORE = ("bare", "webhook")
DRAIN_AT_MOST = 120.0  # seconds


def machine_busy_seconds():
    """CPU seconds that all processes of the machine have used so far."""
    fields = [int(field) for field in open("/proc/stat").readline().split()[1:9]]
    user, nice, system, _idle, _wait, interrupt, soft, steal = fields
    return (user + nice + system + interrupt + soft + steal) / servers.TICKS


def wait_for_quiet(args):
    """Returns once the machine has been idle for half a second."""
    deadline = time.monotonic() + LONGEST_WAIT
    while args.quiet is not None and time.monotonic() < deadline:
        busy = machine_busy_seconds()
        time.sleep(0.5)
        if (machine_busy_seconds() - busy) / 0.5 <= args.quiet:
            return


def fsync_us(folder):
    """p50 and p99 of an append of 16 KiB with fdatasync, in microseconds."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "fsync.probe"
    descriptor = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    times = []
    for _ in range(200):
        os.write(descriptor, b"x" * 16384)
        begin = time.perf_counter()
        os.fdatasync(descriptor)
        times.append((time.perf_counter() - begin) * 1e6)
    os.close(descriptor)
    file.unlink()
    times.sort()
    return times[100], times[197]


def load_command(args, server, connections, extra):
    command = [str(pathlib.Path(args.binaries) / "load"), "--port", str(server.port),
               "--path", server.path, "--token", servers.TOKEN,
               "--connections", str(connections), "--repositories", str(args.repositories),
               "--warm-up", str(args.warm_up), "--seconds", str(args.seconds)]
    if args.generator_cpu is not None:
        command = ["taskset", "-c", str(args.generator_cpu)] + command
    return command + extra


def drain(server):
    """Waits until the backlog is gone; returns what it was at first, and the seconds it took."""
    begin = time.monotonic()
    first = backlog = server.backlog()
    while backlog and time.monotonic() < begin + DRAIN_AT_MOST:
        time.sleep(0.02)
        backlog = server.backlog()
    if backlog:
        raise RuntimeError(f"{backlog} events are not finished after {DRAIN_AT_MOST:.0f} s")
    return first, (time.monotonic() - begin if first else 0.0)


def run_load(args, server, connections, extra):
    """One load against a started server, with what it cost and left behind."""
    rest_mb = server.memory_mb("VmRSS")
    busy, own, begin = machine_busy_seconds(), server.cpu_seconds(), time.monotonic()
    load = subprocess.Popen(load_command(args, server, connections, extra),
                            stdout=subprocess.PIPE, text=True)
    middle = None
    if server.backlog() is not None:
        time.sleep(args.warm_up + args.seconds / 2)
        middle = server.backlog()
    result = json.loads(load.communicate()[0] or "{}")
    if load.returncode != 0:
        raise RuntimeError(f"the load failed against {server.name}:\n{server.output()}")
    elapsed = time.monotonic() - begin
    result["server_cpu"] = (server.cpu_seconds() - own) / elapsed
    everything = (machine_busy_seconds() - busy) / elapsed
    result["other_cpu"] = everything - result["server_cpu"] - result["cpu_share"]
    result["backlog_middle"], result["backlog_end"], result["drain_seconds"] = middle, None, 0.0
    if middle is not None:
        result["backlog_end"], result["drain_seconds"] = drain(server)
    accepted = result["replies"].get("202", 0)
    result["finished_per_second"] = accepted / (elapsed + result["drain_seconds"])
    result["rest_mb"], result["most_mb"] = rest_mb, server.memory_mb("VmHWM")
    return result


def measure(args, name, place, connections, extra=()):
    """A run that nothing else disturbed, out of at most ten."""
    for _ in range(10):
        wait_for_quiet(args)
        result = measure_once(args, name, place, connections, extra)
        if args.quiet is None or result["other_cpu"] <= args.quiet:
            break
    return result


def measure_once(args, name, place, connections, extra):
    server = servers.ALL[name](args.binaries, pathlib.Path(args.folders[place]) / name)
    server.start()
    try:
        result = run_load(args, server, connections, list(extra))
    finally:
        result_code = server.stop()
    if result_code not in (0, -15):
        raise RuntimeError(f"{name} ended with {result_code}:\n{server.output()}")
    answers = result["replies"]
    good = answers.get("202", 0)
    problems = []
    if good != result["sent"]:
        problems.append(f"{result['sent']} sent, {answers} answered, {result['lost']} lost")
    for where, kept in server.kept().items():
        # A reply may be lost with its connection after the event was kept: never the other way.
        if not good <= kept <= result["sent"]:
            problems.append(f"{good} answered 202, but {kept} {where}")
    result["problems"] = [f"{name} on {place}, {connections} connections: {text}"
                          for text in problems]
    server.remove()
    report = f"{result['per_second']:>9.0f}/s  p99 {result['latency_us']['p99']:>8.0f} us"
    print(f"  {name:<11}{place:<6}{connections:>4}  {report}  generator {result['cpu_share']:.2f}"
          f"  server {result['server_cpu']:.2f}  others {result['other_cpu']:.2f} CPU",
          file=sys.stderr)
    return result


def in_rounds(args, cases):
    """Runs all cases in each round, every second round backwards. Returns case -> results."""
    results = {case: [] for case in cases}
    for number in range(args.rounds):
        print(f"round {number + 1} of {args.rounds}", file=sys.stderr)
        wait_for_quiet(args)
        for place in args.places:
            p50, p99 = fsync_us(pathlib.Path(args.folders[place]))
            print(f"  fdatasync {place}: p50 {p50:.0f}, p99 {p99:.0f} us", file=sys.stderr)
            args.fsync.setdefault(place, []).append((p50, p99))
        for case in cases if number % 2 == 0 else reversed(cases):
            name, place, connections, *extra = case
            results[case].append(measure(args, name, place, connections, extra))
    return results


def median_of(runs, member):
    return statistics.median(member(run) for run in runs)


def rate_of(run):
    return run["per_second"]


def ratio(runs, others, member):
    return statistics.median(member(a) / member(b) for a, b in zip(runs, others) if member(b))


def print_table(head, rows):
    widths = [max(len(str(row[i])) for row in [head] + rows) for i in range(len(head))]
    for row in [head, ["-" * width for width in widths]] + rows:
        print("| " + " | ".join(str(cell).ljust(width) for cell, width in zip(row, widths)) + " |")


def throughput(args):
    cases = []
    for connections in args.connections:
        for name in args.subjects:
            places = args.places[:1] if name in WITHOUT_STORE else args.places
            cases += [(name, place, connections) for place in places]
    results = in_rounds(args, cases)
    rows = []
    for name, place, connections in cases:
        runs = results[name, place, connections]

        def against(other):
            where = args.places[0] if other in WITHOUT_STORE else place
            others = results.get((other, where, connections))
            return f"{ratio(runs, others, rate_of):.2f}" if others and other != name else ""

        backlog = [run["backlog_end"] for run in runs if run["backlog_end"] is not None]
        rows.append([
            name, "-" if name in WITHOUT_STORE else place, connections,
            f"{median_of(runs, rate_of):,.0f}",
            f"{median_of(runs, lambda run: run['finished_per_second']):,.0f}" if backlog else "",
            against("bare"), against("commit"), against("webhook"),
            f"{median_of(runs, lambda run: run['latency_us']['p50']):,.0f}",
            f"{median_of(runs, lambda run: run['latency_us']['p99']):,.0f}",
            max(backlog) if backlog else "",
            f"{median_of(runs, lambda run: run['server_cpu']):.2f}",
            f"{median_of(runs, lambda run: run['cpu_share']):.2f}",
            f"{max(run['other_cpu'] for run in runs):.2f}",
            f"{median_of(runs, lambda run: run['rest_mb']):.0f}/"
            f"{max(run['most_mb'] for run in runs):.0f}"])
    print_table(["server", "store", "conn", "accepts/s", "finished/s", "/ bare", "/ commit",
                 "/ webhook", "p50 us", "p99 us", "backlog", "CPU", "gen CPU", "other CPU",
                 "MB rest/most"], rows)
    return results


def latency(args):
    rows, everything = [], {}
    for place in args.places:
        for connections in args.connections:
            rate = args.rate
            if rate is None:
                full = measure(args, "longshore", place, connections)
                everything.setdefault(("longshore", place, connections), []).append(full)
                rate = full["per_second"] / 2
            cases = [(name, place, connections, "--rate", f"{rate:.0f}")
                     for name in ("commit", "longshore")]
            results = in_rounds(args, cases)
            everything.update(results)
            for case in cases:
                runs = results[case]
                shown = [f"{median_of(runs, lambda run, key=key: run['latency_us'][key]):,.0f}"
                         for key in ("p50", "p99", "p99.9")]
                p99 = ratio(runs, results[cases[0]], lambda run: run["latency_us"]["p99"])
                rows.append([case[0], place, connections, f"{rate:,.0f}"] + shown +
                            [f"{p99:.2f}", sum(run["unsent"] for run in runs),
                             f"{max(run['other_cpu'] for run in runs):.2f}"])
    print_table(["server", "store", "conn", "requests/s", "p50 us", "p99 us", "p99.9 us",
                 "p99 / commit", "unsent", "other CPU"], rows)
    return everything


def crowd(args):
    plain = ("longshore", args.places[0], args.connections[0])
    cases = [plain, plain + ("--idle", "5000"), plain + ("--slow", "1000")]
    results = in_rounds(args, cases)
    rows = [[" ".join(case[3:]) or "nobody else", f"{median_of(results[case], rate_of):,.0f}",
             f"{ratio(results[case], results[plain], rate_of):.2f}",
             sum(run["crowd_closed"] for run in results[case])] for case in cases]
    print_table(["beside", "accepts/s", "/ without", "closed by the server"], rows)
    return results


def arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", default="throughput",
                        choices=["throughput", "latency", "crowd"])
    parser.add_argument("--binaries", default=str(SOURCE / "build/release/bin"))
    parser.add_argument("--subjects", default="bare,commit,commit-all,webhook,longshore")
    parser.add_argument("--places", default="tmpfs,disk")
    parser.add_argument("--tmpfs", default="/dev/shm")
    parser.add_argument("--disk", default=str(SOURCE / "build"))
    parser.add_argument("--connections", default="32,128")
    parser.add_argument("--repositories", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--warm-up", type=float, default=1)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rate", type=float, help="for latency; else half of the throughput")
    parser.add_argument("--generator-cpu", help="pins the load to this CPU")
    parser.add_argument("--quiet", type=float, metavar="CPU",
                        help="repeat a run in which others used more CPUs than this, such as 0.15")
    parser.add_argument("--quick", action="store_true", help="one round of 1 s: a smoke test")
    parser.add_argument("--json", help="writes every run to this file")
    args = parser.parse_args()
    if args.quick:
        args.rounds, args.warm_up, args.seconds, args.connections = 1, 0.2, 1, "32"
    args.subjects, args.places = args.subjects.split(","), args.places.split(",")
    args.connections = [int(text) for text in args.connections.split(",")]
    name = f"longshore-bench-{os.getpid()}"
    args.folders = {"tmpfs": f"{args.tmpfs}/{name}", "disk": f"{args.disk}/{name}"}
    args.fsync = {}
    return args


def main():
    args = arguments()
    for name in args.subjects:
        server = servers.ALL[name](args.binaries, "/nonexistent")
        if not server.available():
            sys.exit(f"error: {server.command()[0]} is not there; leave {name} out of --subjects")
    try:
        results = {"throughput": throughput, "latency": latency, "crowd": crowd}[args.mode](args)
    except RuntimeError as problem:
        sys.exit(f"error: {problem}")
    finally:
        for folder in args.folders.values():
            subprocess.run(["rm", "-rf", folder], check=True)
    for place, probes in args.fsync.items():
        p50, p99 = (statistics.median(probe[i] for probe in probes) for i in (0, 1))
        print(f"\nfdatasync of 16 KiB on {place}: p50 {p50:.0f} us, p99 {p99:.0f} us")
    if args.json:
        runs = [{"case": list(case), "runs": value} for case, value in results.items()]
        pathlib.Path(args.json).write_text(json.dumps(runs, indent=1) + "\n")
    problems = [text for runs in results.values() for run in runs for text in run["problems"]]
    for text in problems:
        print(f"error: {text}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
