"""Judges the answers to the labs of the course by what they do. Started by tools/grade.sh."""

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import building
import processes
from building import LABS
from program import PATIENCE
from words import Unfit, Words

NAMES = tuple(sorted(path.stem for path in (Path(__file__).resolve().parent / "labs").glob("*.py")))
LANGUAGES = (".cpp", ".py")
WHOLE = 20  # seconds for one file, with compiling
LAST_STEP = WHOLE - PATIENCE - 2  # after so many of them no client begins with anything more
UNENDED = 40  # seconds after which judging is given up, and that is not the fault of the file

VERDICTS = {
    "passed": Words("passed: it behaves as it has to", "合格: 求められたとおりに動きます"),
    "wrong": Words("not yet", "まだです"),
    "does_not_compile": Words("it does not compile", "コンパイルできません"),
    "does_not_start": Words("it does not start to serve", "サーバーとして動き始めません"),
    "reads_input": Words("it must not need input", "標準入力を必要としてはいけません"),
    "forks": Words("it must stay one process", "一つのプロセスのままでなければいけません"),
    "babbles": Words("it prints without end", "出力が止まりません"),
}


def lab_named(name):
    return import_module(f"labs.{name}").LAB


def judge(name, file, built=None):
    """What is to be said of `file`, as a dictionary."""
    lab = lab_named(name)
    began = time.monotonic()
    result = {"lab": name, "file": file.name, "verdict": "passed", "said": "", "behaviours": []}
    with tempfile.TemporaryDirectory(prefix="bunshin-lab-") as folder:
        os.chmod(folder, 0o755)  # as root we let nobody run it
        try:
            command = [str(built.resolve())] if built else building.build(lab, file, Path(folder))
            for behaviour, seen in lab.judge(command, folder, began + LAST_STEP):
                result["behaviours"].append(
                    {"name": behaviour.name, "should": str(behaviour.should),
                     "look": str(behaviour.look), "seen": seen and str(seen)})
                if seen:
                    result["verdict"] = "wrong"
            if processes.descendants(os.getpid()):
                raise Unfit("forks", "it leaves other processes behind", "ほかのプロセスを残します")
        except Unfit as unfit:
            result.update(verdict=unfit.verdict, said=str(unfit.seen), behaviours=[])
        finally:
            processes.end_all_below(os.getpid())
    result["seconds"] = round(time.monotonic() - began, 1)
    return result


def tell(result):
    for behaviour in result["behaviours"]:
        if not behaviour["seen"]:
            print(f"  {Words('ok   ', '○')} {behaviour['should']}")
            continue
        print(f"  {Words('WRONG', '×')} {behaviour['should']}")
        print(f"        {Words('but ', '実際: ')}{behaviour['seen']}")
        print(f"        {Words('look at: ', '見るところ: ')}{behaviour['look']}")
    said = f": {result['said']}" if result["said"] else ""
    if result["verdict"] == "wrong":
        wrong = [one["name"] for one in result["behaviours"] if one["seen"]]
        said = Words(f": {len(wrong)} of {len(result['behaviours'])} behaviours are wrong",
                     f": {len(result['behaviours'])} のふるまいのうち {len(wrong)} が正しくありません")
    print(f"{result['file']}: {VERDICTS[result['verdict']]}{said}")


def grade_one(name, file, built, as_json):
    if lab_named(name).with_bunshin and not built and file.suffix == ".cpp":
        building.build_bunshin()
    # Nobody waits for more: not for one who can not be ended, nor for a busy machine.
    signal.signal(signal.SIGALRM, lambda *_: end("grade: the time is over"))
    signal.alarm(UNENDED)
    result = judge(name, file, built)
    signal.alarm(0)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        tell(result)
    return 0 if result["verdict"] == "passed" else 1


def end(words):
    processes.end_all_below(os.getpid())
    print(words, file=sys.stderr, flush=True)
    os._exit(1)


# A class

def handed_in(folder):
    """(student, lab, file), for DIR/STUDENT/LAB.cpp and what lies deeper."""
    for file in sorted(Path(folder).rglob("*")):
        if file.suffix in LANGUAGES and file.stem in NAMES and file.is_file():
            yield str(file.parent.relative_to(folder)), file.stem, file


def grade_apart(file, name):
    """In a process of its own, which keeps what it starts apart."""
    done = subprocess.run(
        ["setpriv", "--pdeathsig=TERM", "--", sys.executable, __file__, "--json", name, file],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return {"verdict": "not_judged", "behaviours": [], "seconds": UNENDED}


def grade_class(folder):
    work = list(handed_in(folder))
    if not work:
        print(f"grade: nothing in {folder} is named STUDENT/LAB.cpp or STUDENT/LAB.py, "
              f"LAB being one of: {' '.join(NAMES)}", file=sys.stderr)
        return 1
    if any(lab_named(lab).with_bunshin and file.suffix == ".cpp" for _, lab, file in work):
        building.build_bunshin()
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(("student", "lab", "file", "verdict", "right", "of", "wrong", "seconds"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = pool.map(lambda one: grade_apart(one[2], one[1]), work)
        for (student, lab, file), result in zip(work, results):
            wrong = [one["name"] for one in result["behaviours"] if one["seen"]]
            count = len(result["behaviours"])
            table.writerow((student, lab, file.name, result["verdict"], count - len(wrong), count,
                            " ".join(wrong), result["seconds"]))
            sys.stdout.flush()
    return 0


def arguments():
    parser = argparse.ArgumentParser(
        prog="tools/grade.sh", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Builds the answer to a lab and judges it by what it does.",
        epilog="labs: " + " ".join(NAMES) + "\nexit status: 0 passed (or the class is graded), "
               "1 not passed, 2 called wrongly")
    parser.add_argument("lab", nargs="?", choices=NAMES, metavar="LAB")
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE",
                        help="C++ (.cpp) or Python (.py); the default is docs/course/labs/LAB.cpp")
    parser.add_argument("--csv", metavar="DIR", help="grade DIR/STUDENT/LAB.cpp, all there are")
    parser.add_argument("--json", action="store_true", help="say it as JSON")
    parser.add_argument("--built", metavar="PROGRAM", type=Path, help="judge this instead of building FILE")
    given = parser.parse_args()
    if bool(given.csv) == bool(given.lab):
        parser.error("say a LAB, or --csv DIR")
    if given.csv and not Path(given.csv).is_dir():
        parser.error(f"no folder: {given.csv}")
    if given.lab:
        given.file = given.file or LABS / f"{given.lab}.cpp"
        if given.file.suffix not in LANGUAGES or not given.file.is_file():
            parser.error(f"no .cpp or .py file: {given.file}")
    return given


def main():
    given = arguments()
    processes.adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: end("grade: interrupted"))
    if given.csv:
        return grade_class(given.csv)
    return grade_one(given.lab, given.file, given.built, given.json)


if __name__ == "__main__":
    sys.exit(main())
