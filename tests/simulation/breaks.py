#!/usr/bin/env python3
"""The simulation proves itself: each protection of the loop and of the handlers is taken out, one at
a time (reactor/broken.h), and has to be missed within 30 seconds, in a run that is shrunk to at most
12 steps.

    tests/simulation/breaks.py --binary build/breaks/tests/simulation/simulate [NAME...]
"""

import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

MOST_SECONDS = 30
MOST_STEPS = 12

# What is taken out, the scenario that misses it, and what it is.
BREAKS = [
    ("trap01", "echo", "a short read is taken for the end, though the end of the stream is behind it"),
    ("trap02", "lines", "a short read of a tty is taken for the end"),
    ("trap03", "echo", "a lack of descriptors is taken for nobody being there (docs/model: out_of_numbers)"),
    ("trap04", "chat", "events of the dead reach who got their number (docs/model: no_generation)"),
    ("trap05", "echo", "a turn goes on after its handler has closed"),
    ("trap06", "lines", "a descriptor that has another name is closed and stays registered"),
    ("trap07", "echo", "half-closed is taken for closed"),
    ("trap08", "lines", "a regular file is registered"),
    ("trap09", "echo", "writable is taken for connected"),
    ("trap10", "echo", "the loop sleeps longer than until the next timer"),
    ("trap11", "connect", "a posted function wakes nobody"),
    ("trap12", "echo", "EINTR is taken for a failure"),
    ("trap13", "echo", "small pieces wait for acknowledgements"),
    ("trap14", "farewell", "a socket is closed with unread input"),
    ("trap15", "lines", "nothing is written to a tty"),
    ("trap16", "lines", "one that hung up stays registered level-triggered"),
    ("accepting", "echo", "what fails for one connection ends the listener"),
    ("no_memory", "echo", "ENOMEM and ENOBUFS are taken for failures"),
    ("starved", "echo", "the last of those who starved closes, and the loop goes on trying for it"),
    ("patience", "chat", "whoever is behind does not read"),
    ("owed", "chat", "what is owed to all has no bound"),
    ("drained", "chat", "who was paused because of a full buffer is never resumed"),
    ("throwing", "echo", "what a handler's timer throws ends the loop"),
    ("linger", "farewell", "a socket is closed as soon as all is sent"),
    ("rearm", "echo", "what is exhausted is not asked for again, where that has to be done"),
    ("queue", "echo", "one connection is accepted, and the queue is taken for empty"),
    ("reconnect", "connect", "a connection that was lost is not tried again"),
    ("open_again", "bridge", "a line that hung up is not opened again"),
    ("given_up", "bridge", "a command is given up in silence"),
    ("late_look", "bridge", "who is late judges before looking"),
    ("read_once", "echo", "what was read once is taken for exhausted (docs/model: read_once)"),
    ("deaf", "lines", "who does nothing when it may write is not told that it can read"),
    ("refusing", "echo", "who wants nothing is asked without a pause (docs/model: refusing_spins)"),
    ("parked", "echo", "those who wanted nothing are never asked again (docs/model: refusing_forgets)"),
    ("resume", "echo", "what is asked for outside of a turn is not heard"),
    ("budget", "load", "whoever has spent its budget is forgotten"),
    ("keep", "echo", "what the kernel did not take is kept and never sent"),
    ("places", "echo", "a place that becomes free is given to nobody"),
    ("cork", "chat", "what is held back to leave together is forgotten when some of it had to leave at once"),
    ("hang_up", "bridge", "a command that was on the line when it hung up is forgotten"),
]


def seek(binary, name, scenario):
    """Seconds, steps and what the story says; None for what was not found."""
    began = time.monotonic()
    result = subprocess.run(
        [binary, "--seconds", str(MOST_SECONDS), "--from", "1", "--scenario", scenario],
        env={**os.environ, "BUNSHIN_BREAK": name}, capture_output=True, text=True,
        timeout=10 * MOST_SECONDS)
    took = time.monotonic() - began
    found = re.search(r"seed (\d+) fails after \d+ rounds: (.*)", result.stdout)
    steps = re.search(r"(\d+) of \d+ deviations are needed", result.stdout)
    if result.returncode != 1 or not found or not steps:
        tail = (result.stdout + result.stderr).strip().splitlines()[-1:]
        return took, None, f"exit {result.returncode}: {' '.join(tail)}"
    return took, int(steps.group(1)), found.group(2)


def regressions():
    """(scenario, protection, script) of each line."""
    lines = (Path(__file__).parent / "regressions.txt").read_text().splitlines()
    for line in lines:
        if line and not line.startswith("#"):
            scenario, protection, script = line.split(" ", 2)
            yield scenario, protection.strip("[]"), script


def forgotten(binary):
    """Regressions that hold though their protection is taken out: they show nothing any more."""
    for scenario, protection, script in regressions():
        result = subprocess.run([binary, "--scenario", scenario, "--script", script],
                                env={**os.environ, "BUNSHIN_BREAK": protection},
                                capture_output=True, timeout=60)
        if result.returncode != 1:
            yield f"regressions.txt: {scenario} [{protection}] holds without {protection}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    missed = 0
    print(f"{'taken out':<10} {'in':<9} {'seconds':>7} {'steps':>5}  what was seen")
    for name, scenario, what in BREAKS:
        if options.names and name not in options.names:
            continue
        took, steps, story = seek(options.binary, name, scenario)
        good = steps is not None and steps <= MOST_STEPS and took <= MOST_SECONDS
        missed += not good
        print(f"{name:<10} {scenario:<9} {took:>7.1f} {'-' if steps is None else steps:>5}  {story}"
              f"{'' if good else f'   NOT FOUND ({what})'}", flush=True)
    for line in forgotten(options.binary):
        missed += 1
        print(line)
    print(f"{missed} were not found in {MOST_SECONDS} s and shrunk to {MOST_STEPS} steps"
          if missed else "each one was found")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
