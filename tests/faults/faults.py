#!/usr/bin/python3
"""Fails each system call of each command in turn, and judges what becomes of it.

Nobody may be hurt who was not hit: no crash, no hang, no spinning, the others' bytes whole, a line
that says what was lost, and a status that is true.
"""

import argparse
import collections
import concurrent.futures
import fnmatch
import os
import subprocess
import sys
import time

from cases import cases_of, chosen, unknown_calls
from commands import COMMANDS
from judge import measure, play

ENGINES = ("epoll", "poll", "io_uring")
KNOWN = os.path.join(os.path.dirname(__file__), "known.txt")


def read_known():
    """Patterns of cases that are known to fail, with the reasons."""
    with open(KNOWN) as file:
        lines = [line.split("#")[0].split(None, 1) for line in file]
    return [(pattern, reason.strip()) for pattern, reason in filter(None, lines)]


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the program")
    parser.add_argument("--uring-faults", required=True, help="uring_faults.cpp, built")
    parser.add_argument("--all", action="store_true", help="every case, not only the chosen ones")
    parser.add_argument("--list", action="store_true", help="only say what would be tried")
    parser.add_argument("--jobs", type=int, default=6, help="cases at a time")
    parser.add_argument("cases", nargs="*", metavar="CASE",
                        help="only those whose name begins so: COMMAND/ENGINE/PHASE/CALL/ERROR/WHEN")
    return parser.parse_args()


def wanted(case_name, prefixes):
    return not prefixes or any(case_name.startswith(prefix) for prefix in prefixes)


def measure_all(options, pool):
    """The cases, and which calls are made that cases.py does not know."""
    runs = [(command, engine) for command in COMMANDS for engine in ENGINES
            if not options.cases or any(case.startswith(f"{command}/{engine}"[:len(case)])
                                        or f"{command}/{engine}/" in case
                                        for case in options.cases)]
    cases, unknown, slowness = [], set(), [1]
    for (command, engine), (start, steady, slow) in zip(
            runs, pool.map(lambda run: measure(options, *run), runs)):
        cases += cases_of(command, engine, start, steady)
        unknown |= set(unknown_calls(start)) | set(unknown_calls(steady))
        slowness.append(slow)
    # Where others work too, everything is given more time.
    options.slowness = min(max(slowness), 10)
    if options.cases:
        cases = [case for case in cases if wanted(case.name, options.cases)]
    elif not options.all:
        cases = list(chosen(cases))
    return cases, unknown


class Table:
    """Tried, hit and outcome, for each command and engine."""

    COLUMNS = ("tried", "hit", "unseen", "lost", "ended", "failed", "not reached", "known", "wrong")

    def __init__(self):
        self._rows = collections.defaultdict(collections.Counter)

    def add(self, case, verdict, known):
        judged = (["known"] if known else ["wrong"]) if verdict.faults else []
        for row in ((case.command, case.engine), ("all", "")):
            self._rows[row].update(["tried", verdict.outcome, *(["hit"] if verdict.hits else []),
                                    *judged])

    def print(self):
        print(f"{'command':<14} {'engine':<9}" + "".join(f" {name:>11}" for name in self.COLUMNS))
        total = self._rows.pop(("all", ""), {})
        for (command, engine), row in [*sorted(self._rows.items()), (("all", ""), total)]:
            print(f"{command:<14} {engine:<9}" + "".join(f" {row.get(name, 0):>11}" for name in self.COLUMNS))


def show_progress(done, total, wrong, began):
    if sys.stderr.isatty() or done % 100 == 0 or done == total:
        end = "\r" if sys.stderr.isatty() and done != total else "\n"
        print(f"faults: {done} of {total}, {wrong} wrong, {time.monotonic() - began:.0f} s",
              end=end, file=sys.stderr, flush=True)


def tell(case, verdict, known):
    print(f"{f'KNOWN ({known})' if known else 'WRONG'}: {case.name}: {'; '.join(verdict.faults)}")
    for line in verdict.log.strip().splitlines()[:3]:
        print(f"       it said: {line}")
    print(f"       alone: tools/faults.sh {case.name}", flush=True)


def can_trace():
    return subprocess.run(["strace", "-f", "-o", "/dev/null", "true"],
                          stderr=subprocess.DEVNULL, check=False).returncode == 0


def run(options, pool):
    began = time.monotonic()
    cases, unknown = measure_all(options, pool)
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    table, wrong, slowest, known_reasons = Table(), 0, [], read_known()
    running = {pool.submit(play, options, case): case for case in cases}
    for done, future in enumerate(concurrent.futures.as_completed(running), 1):
        case, verdict = running[future], future.result()
        known = next((reason for pattern, reason in known_reasons
                      if fnmatch.fnmatchcase(case.name, pattern)), "")
        table.add(case, verdict, known)
        slowest = sorted([*slowest, (verdict.seconds, case.name)])[-3:]
        if verdict.faults:
            wrong += not known
            tell(case, verdict, known)
        show_progress(done, len(cases), wrong, began)
    table.print()
    if unknown:
        print(f"not tried, since cases.py does not know them: {', '.join(sorted(unknown))}")
    print("slowest:", ", ".join(f"{name} {seconds:.1f} s" for seconds, name in slowest))
    print(f"{len(cases)} cases, {wrong} wrong, {time.monotonic() - began:.0f} s")
    return 1 if wrong or unknown or not cases else 0


def main():
    options = parse()
    if not can_trace():
        print("faults: strace can not trace here (is ptrace forbidden?)", file=sys.stderr)
        return 1
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        return run(options, pool)


if __name__ == "__main__":
    sys.exit(main())
