#!/usr/bin/python3
"""The performance study: bunshin beside its peers, on this machine, in one command.

    bench/study/run.py                  everything: 40 minutes at most
    bench/study/run.py --quick          a first look: 3 minutes
    bench/study/run.py --report FILE    draws the report again from its raw records

Read docs/study/method.md for what is measured and what it can not say.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import machine
import scenarios
import serial_lines
import servers
from measure import Measurer
from summary import Study

ROOT = machine.ROOT
TARGET = "study"
SLOW = 8  # seconds of one measurement


def tell(text):
    print(text, file=sys.stderr, flush=True)


class Progress:
    """One line that is written over on a terminal, and a line a round elsewhere."""

    def __init__(self):
        self.terminal = sys.stderr.isatty()

    def show(self, text):
        if self.terminal:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)

    def end(self, text):
        print(("\r\033[K" if self.terminal else "") + text, file=sys.stderr, flush=True)


def build(folder):
    """Configures and builds what is compared, as it ships: optimised, no tests."""
    tell(f"building in {folder}")
    generator = ["-G", "Ninja"] if machine.output("ninja", "--version") else []
    commands = (["cmake", "-S", ROOT, "-B", folder, *generator, "-DCMAKE_BUILD_TYPE=Release",
                 "-DBUNSHIN_BUILD_BENCH=ON", "-DBUNSHIN_BUILD_TESTS=OFF"],
                ["cmake", "--build", folder, "--parallel", str(os.cpu_count()), "--target", TARGET])
    for command in commands:
        run = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"cannot build (is everything installed? tools/setup.sh):\n{run.stdout[-3000:]}"
                     f"{run.stderr[-3000:]}")


def cells_of(plan, all_servers):
    """What is measured in one round: the scenarios one after the other, and in each the servers."""
    def chosen(server, group):
        return server.group == group and (group != "grid" or not plan.servers
                                          or server.key in plan.servers)

    cells = []
    for key in scenarios.BY_KEY:
        groups = ["grid"] if key in plan.grid else []
        groups += [group for scenario, group in plan.special if scenario == key]
        here = [server for server in all_servers if any(chosen(server, group) for group in groups)]
        if here:
            cells.append((scenarios.BY_KEY[key], here))
    return cells


def first_pass(measurer, all_servers, progress):
    """The same server twice, again and again: how far apart are its own figures? And how many
    messages the slowest compiled peer can do, for the open loops."""
    by_key = {server.key: server for server in all_servers}
    hundred = scenarios.BY_KEY["c100"]
    pairs = []
    for number in range(3):
        progress.show(f"the same server twice: {number + 1} of 3")
        pair = [measurer.measure(by_key[key], hundred)
                for key in ("hand_epoll", "hand_epoll_again")]
        pairs.append(pair)
    rates = []
    for server in all_servers:
        if server.group == "grid" and server.compiled and not server.hand:
            progress.show(f"what can it do: {server.label}")
            record = measurer.measure(server, hundred)
            if "result" in record:
                rates.append(record["result"]["messages_per_second"])
    measurer.slowest = min(rates, default=10000)
    return pairs


def noise_text(pairs):
    both = [pair for pair in pairs if all("result" in record for record in pair)]
    if not both:
        return "the hand-coded loop could not be measured: " + pairs[0][0].get("cannot", "")

    def apart(metric):
        values = [[metric(record["result"]) for record in pair] for pair in both]
        return 100 * statistics.median(abs(a - b) / min(a, b) for a, b in values)

    cpu = apart(lambda result: result["server"]["cpu_seconds"] / result["messages"])
    p99 = apart(lambda result: result["latency_ns"]["p99"])
    return f"noise here: the same server twice is {cpu:.1f} % apart in CPU a message, {p99:.0f} % at p99"


def one_round(measurer, cells, number, progress, deadline_text, slow):
    """`slow` collects what took so long that one round of it has to do: ten thousand threads."""
    records = []
    total = sum(len(here) for _, here in cells)
    for scenario, here in cells:
        shift = number % len(here)  # nobody is always the first, nor always after the same one
        for server in here[shift:] + here[:shift]:
            if (server.key, scenario.key) in slow:
                continue
            progress.show(f"round {number + 1}, {len(records) + 1} of {total}: {scenario.title}: "
                          f"{server.label}{deadline_text}")
            began = time.monotonic()
            records.append(measurer.measure(server, scenario, round=number))
            if time.monotonic() - began > SLOW:
                slow.add((server.key, scenario.key))
    return records


def all_rounds(measurer, cells, plan, progress, data, save):
    start = time.monotonic()
    longest = 0
    slow = set()
    for number in range(plan.rounds):
        began = time.monotonic()
        left = plan.minutes * 60 - (began - start)
        if number > 0 and longest > left:
            break
        data["runs"] += one_round(measurer, cells, number, progress,
                                  f" ({left / 60:.0f} min left)", slow)
        longest = max(longest, time.monotonic() - began)
        data["rounds"] = number + 1
        save()
        progress.end(f"round {number + 1} took {time.monotonic() - began:.0f} s")


def count_calls(measurer, plan, all_servers, progress):
    records = []
    for key in plan.call_scenarios:
        for server in all_servers:
            if server.group != "grid" or server.key == "hand_epoll_again":
                continue
            if plan.servers and server.key not in plan.servers:
                continue
            progress.show(f"system calls: {scenarios.BY_KEY[key].title}: {server.label}")
            records.append(measurer.calls(server, scenarios.BY_KEY[key]))
    return records


def study(plan, folder, out):
    namespace = os.environ.get(machine.NAMESPACE, "")
    limit = machine.raise_descriptor_limit()
    cores = machine.Cores()
    built = servers.Build(folder)
    all_servers = servers.servers(built)
    measurer = Measurer(built, cores, plan, limit)
    progress = Progress()
    description = machine.describe(namespace, cores)
    tell(f"{description['cpu']}, {description['cores']} cores; {description['placement']}; {namespace}")
    if float(description["load_before"]) > 0.5:
        tell(f"other programs are running (load {description['load_before']}): expect noise")
    stolen, ticks = machine.steal()
    pairs = first_pass(measurer, all_servers, progress)
    progress.end(noise_text(pairs))
    data = {"format": 1, "plan": asdict(plan), "machine": description, "rounds": 0,
            "noise": noise_text(pairs), "slowest": measurer.slowest, "descriptors": limit,
            "servers": [asdict(server) for server in all_servers],
            "scenarios": [asdict(scenario) for scenario in scenarios.ALL],
            "runs": [], "calls": [], "serial": []}
    for server in data["servers"]:
        del server["command"]  # where they were built is nobody's business

    def save():
        stolen_now, ticks_now = machine.steal()
        description["steal"] = (stolen_now - stolen) / max(1, ticks_now - ticks)
        (out / "results.json").write_text(json.dumps(data, separators=(",", ":")))

    all_rounds(measurer, cells_of(plan, all_servers), plan, progress, data, save)
    data["calls"] = count_calls(measurer, plan, all_servers, progress)
    if plan.serial:
        progress.show("serial lines")
        data["serial"] = serial_lines.measure(built.bunshin, cores, plan)
    save()
    progress.end("measured")
    return data


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--quick", action="store_true", help="a first look, in 3 minutes")
    kind.add_argument("--ci", action="store_true",
                      help="the machinery only, in a minute: checks the report, not the figures")
    kind.add_argument("--report", metavar="FILE", type=Path, help="draw the report of a results.json")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "study" / "report",
                        help="where the report goes (build/study/report)")
    parser.add_argument("--build", type=Path, metavar="FOLDER",
                        help="use what was built there, and build nothing")
    return parser.parse_args()


def main():
    options = arguments()
    if options.report:
        out = options.out.resolve()
        data = json.loads(options.report.read_text())
    else:
        folder = options.build or ROOT / "build" / "study" / "release"
        if machine.NAMESPACE not in os.environ:
            if not options.build:
                build(folder)
            os.environ[machine.NAMESPACE] = machine.enter_namespace()
        else:
            machine.enter_namespace()
        out = options.out.resolve()
        out.mkdir(parents=True, exist_ok=True)
        plan = scenarios.CI if options.ci else scenarios.QUICK if options.quick else scenarios.FULL
        data = study(plan, folder, out)
    import report  # needs matplotlib: not before the measuring
    out.mkdir(parents=True, exist_ok=True)
    report.write(Study(data), out)
    tell(f"report: {out / 'report.html'}")
    if options.ci:
        report.check(out)


if __name__ == "__main__":
    main()
