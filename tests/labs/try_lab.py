#!/usr/bin/env python3
"""Does the grader tell a model answer from a lab as it is, and from mends that mend nothing?

    tests/labs/try_lab.py LAB FOLDER    where the programs were built: broken, answer, wrong_...
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LABS = ROOT / "docs/course/labs"
WRONG_MENDS = 3  # at least


def broken_behaviours(file):
    line = re.search(rf"^{re.escape(file)}: (.+)$", (HERE / "broken.txt").read_text(), re.MULTILINE)
    return line[1].split()


def cases(lab, folder):
    """(what it is, arguments for the grader, the behaviours that have to be wrong)"""
    yield f"{lab}.cpp", ["--built", folder / "broken", lab], broken_behaviours(f"{lab}.cpp")
    if (LABS / f"{lab}.py").exists():
        yield f"{lab}.py", [lab, LABS / f"{lab}.py"], broken_behaviours(f"{lab}.py")
        yield "answer.py", [lab, folder / "answer.py"], []
    yield "answer.cpp", ["--built", folder / "answer", lab], []
    for patch in sorted((HERE / lab).glob("wrong_*.patch")):
        fails = re.search(r"^Fails: (.+)$", patch.read_text(), re.MULTILINE)
        yield f"{patch.stem}.cpp", ["--built", folder / patch.stem, lab], fails[1].split()


def judge(case):
    """What is not as it has to be, or None."""
    what, arguments, expected = case
    done = subprocess.run([ROOT / "tools/grade.sh", "--json", *arguments], capture_output=True,
                          text=True, timeout=60)
    try:
        result = json.loads(done.stdout)
    except ValueError:
        return f"{what}: {done.stdout}{done.stderr}"
    wrong = {one["name"]: one["seen"] for one in result["behaviours"] if one["seen"]}
    told = f"{what}: {result['verdict']} {result['said']} {wrong}"
    print(told, flush=True)
    if expected:
        right = result["verdict"] == "wrong" and done.returncode == 1 and set(expected) <= set(wrong)
    else:
        right = result["verdict"] == "passed" and done.returncode == 0
    return None if right else f"{told}, where these have to be wrong: {expected}"


def main():
    lab, folder = sys.argv[1], Path(sys.argv[2])
    work = list(cases(lab, folder))
    assert sum(what.startswith("wrong_") for what, _, _ in work) >= WRONG_MENDS
    with ThreadPoolExecutor(4) as pool:
        mistakes = [mistake for mistake in pool.map(judge, work) if mistake]
    print("\n".join(mistakes) or f"{lab}: {len(work)} programs are judged as they have to be")
    return 1 if mistakes else 0


sys.exit(main())
