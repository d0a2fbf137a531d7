#!/usr/bin/env python3
"""Does what stands in the documents' console blocks work, and print what stands there?

    docs/try_console.py --bunshin PREFIX [--programs FOLDER...] [DOCUMENT...]

Each document is one session of bash, from its first block to its last. Network, processes, /tmp and
HOME are new, the tree is a copy of what git knows, and nobody is root; installed are what is at PREFIX
and the programs in the FOLDERs. The lines behind a command are what it has to print, in any order;
times, ports and large numbers are not compared. Where no lines follow, it may print what it likes, but
it has to be there and to be called rightly. Where namespaces are forbidden nothing is run: status 77.

A block is told how to be run by a comment before it:
    <!-- console: not run here, REASON -->
    <!-- console: each in a terminal of its own -->
    <!-- console: it prints something else each time -->
"""

import argparse
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README*.md", "CONTRIBUTING.md", "bench/README*.md", "docs/**/*.md")
BLOCK = re.compile(r"(?:^<!-- console: (?P<how>.*?) -->\n+)?^ *```console\n(?P<text>.*?)^ *```$",
                   re.DOTALL | re.MULTILINE)
HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
NOT_RUN = "not run here, "
TERMINALS = "each in a terminal of its own"
VARIES = "it prints something else each time"
COMMAND_SECONDS = 40
LATER_SECONDS = 10  # for what a command in the background prints
TERMINAL_SECONDS = 5
AFTER_KILL_SECONDS = 0.3  # before the next command is typed: a program ends in its own time
TRIES = 3
SKIPPED = 77
CALLED_WRONGLY = (2, 126, 127)
MARK = "--- done "
NOBODY = 65534
INSIDE = "BUNSHIN_CONSOLE_DOCUMENT"

MASKS = tuple((re.compile(pattern), instead) for pattern, instead in (
    (r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d( [A-Z]+)? \d{4}", "DATE"),
    (r"\b\d{4}-\d\d-\d\d\b", "DATE"),
    (r"\b\d\d:\d\d:\d\d(\.\d+)?\b", "TIME"),
    (r"(?<=[\d\]*]:)\d{4,5}\b", "PORT"),
    (r"htons\(\d+\)", "htons(PORT)"),
    (r"\b\d+(\.\d+)? (ns|us|ms|s|seconds)\b", "DURATION"),
    (r"\b\d+(\.\d+)? (kB|%)", "NUMBER"),
    (r"^ *\d+\.\d\d +\d+\.\d{6} +\d+ ", "SHARE "),  # strace -c
    (r"\b0x[0-9a-f]{6,}\b", "ADDRESS"),
    (r"\bsi_(pid|uid)=\d+", "NUMBER"),
    (r"\b\d+m\d+[.,]\d+s", "DURATION"),
    (r"\b\d{6,}\b", "NUMBER"),
    (r",\d+\.\d$", ",DURATION"),
    (r"\s+", " ")))
# What bash says of its jobs: not at every machine at the same moment.
OF_JOBS = re.compile(r"^\[\d+\][ +-]|^.*: line \d+: +\d+ (Terminated|Killed|Stopped|Done)|^$")


def masked(line):
    for pattern, instead in MASKS:
        line = pattern.sub(instead, line)
    return line.strip()


def commands_of(text):
    """(command, the lines that it prints) for each; a here-document belongs to its command."""
    found, end = [], None
    for line in text.splitlines():
        if end is not None:
            found[-1][0] += "\n" + line
            if line == end:
                end = None
        elif line.startswith("$ "):
            found.append([line[2:], []])
            heredoc = HEREDOC.search(line)
            end = heredoc and heredoc[1]
        elif found:
            found[-1][1].append(line)
    return [(command, lines) for command, lines in found]


def blocks_of(document):
    for found in BLOCK.finditer(document.read_text(encoding="utf-8")):
        indent = len(found["text"]) - len(found["text"].lstrip(" "))
        text = re.sub(rf"^ {{{indent}}}", "", found["text"], flags=re.MULTILINE)
        yield found["how"] or "", commands_of(text)


# Inside: as an ordinary user, with a network, processes and a /tmp of its own.

class Session:
    """One bash. Commands come by a pipe of their own, so that what they read is not eaten."""

    # `jobs` forgets those that have ended, as a prompt does: the next one is %1 again.
    LOOP = ("set -m; while IFS= read -r -d '' command <&9; do jobs >/dev/null; eval \"$command\"; "
            f"status=$?; echo; echo \"{MARK}$status\"; done")

    def __init__(self):
        commands, self.commands = os.pipe()
        self.input, silent = os.pipe()  # somebody at the keyboard who types nothing
        self.output, output = os.pipe()
        self.bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", f"exec 9<&{commands} {commands}<&-; {self.LOOP}"],
            stdin=self.input, stdout=output, stderr=output, pass_fds=(commands,))
        os.close(output)
        os.close(commands)
        self.silent = silent
        self.rest = b""

    def read_line(self, limit):
        """None when none comes in time."""
        while b"\n" not in self.rest:
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self.output], [], [], left)[0]:
                return None
            data = os.read(self.output, 65536)
            if not data:
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode(errors="replace")

    def run(self, command, wanted):
        """(exit status or None, lines)"""
        os.write(self.commands, command.encode() + b"\0")
        lines, status, limit = [], None, time.monotonic() + COMMAND_SECONDS
        while (line := self.read_line(limit)) is not None:
            if line.startswith(MARK):
                status, limit = int(line[len(MARK):]), time.monotonic() + LATER_SECONDS
            elif not OF_JOBS.match(line):
                lines.append(line)
            if status is not None and len(lines) >= wanted:
                break
        return status, lines


class Stuck(Exception):
    """What comes after it can not be tried."""


def same(lines, expected):
    """In any order: programs in the background speak when they like, and ss lists as it likes."""
    return sorted(map(masked, lines)) == sorted(map(masked, expected))


def run_commands(session, commands):
    for command, expected in commands:
        status, lines = session.run(command, len(expected))
        if command.startswith("kill "):
            time.sleep(AFTER_KILL_SECONDS)
        said = "\n".join(lines)
        if status is None:
            raise Stuck(f"$ {command}\ndoes not come to its end; it said\n{said}")
        if expected and not same(lines, expected):
            yield f"$ {command}\nprints\n{said}\nand not\n" + "\n".join(expected)
        elif (status in CALLED_WRONGLY and not expected) or "syntax error" in said:
            yield f"$ {command}\nends with {status}:\n{said}"


def run_terminals(commands):
    """All at the same time, for a while; none may fail."""
    started = []
    for command, _ in commands:
        started.append((command, subprocess.Popen(
            ["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)))
        time.sleep(0.5)
    time.sleep(TERMINAL_SECONDS)
    for command, process in reversed(started):
        process.terminate()
        said, _ = process.communicate(timeout=COMMAND_SECONDS)
        if process.returncode not in (0, -signal.SIGTERM):
            yield f"$ {command}\nends with {process.returncode}:\n{said}"


def run_inside(document):
    session = Session()
    mistakes = []
    try:
        for how, commands in blocks_of(document):
            if how == TERMINALS:
                mistakes += run_terminals(commands)
            elif how == VARIES:
                mistakes += run_commands(session, [(command, []) for command, _ in commands])
            elif not how.startswith(NOT_RUN):
                mistakes += run_commands(session, commands)
    except Stuck as stuck:
        mistakes.append(str(stuck))
    print("\n\n".join(mistakes))
    return 1 if mistakes else 0


# Outside

def copy_tree(folder):
    """What git knows, as it is now."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    for name in names.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)


ENTER = """
set -e
ip link set lo up
exec 8<"$1"  # which may be below /tmp
shift
mount -t tmpfs -o size=1g tmpfs /tmp
mkdir /tmp/home
cp -a /proc/self/fd/8/. /tmp/home/
exec 8<&-
cd /tmp/home/bunshin
[ -z "$NOBODY" ] || chown -R "$NOBODY" /tmp/home
chmod 755 /tmp/home
chmod 1777 /tmp
exec setpriv --bounding-set=-all ${NOBODY:+--reuid=$NOBODY --regid=$NOBODY --clear-groups} -- "$@"
"""


def apart(command, home):
    """`command` in namespaces of its own, as nobody when we are root."""
    root = os.getuid() == 0
    return ["unshare", *([] if root else ["--user", "--map-root-user"]), "--net", "--pid", "--fork",
            "--kill-child", "--mount", "--mount-proc", "env", f"NOBODY={NOBODY if root else ''}",
            "bash", "-c", ENTER, "-", home, *command]


def can_be_apart(home):
    done = subprocess.run(apart(["true"], home), stdin=subprocess.DEVNULL, capture_output=True,
                          text=True)
    if done.returncode != 0:
        print(f"no document is run, for it needs namespaces of its own: {done.stderr.strip()}")
    return done.returncode == 0


def run_document(document, home):
    environment = {
        "PATH": "/tmp/home/bin:/usr/local/bin:/usr/bin:/bin",
        "HOME": "/tmp/home", "TERM": "dumb", "PYTHONDONTWRITEBYTECODE": "1",
        # LC_ALL would be complained of where there is no such locale.
        "LANG": "ja_JP.UTF-8" if "ja" in re.split(r"[./]", document) else "C.UTF-8",
        INSIDE: document}  # not an argument, where pgrep -f would find it
    done = subprocess.run(
        apart([sys.executable, "docs/try_console.py"], home),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment)
    return done.returncode == 0, done.stdout.strip() + done.stderr.strip()


def try_document(document, home):
    """Whether it is as it says, and what is to be told. What a reader does within seconds may take
    longer on a busy machine: then it is tried again."""
    for number in range(1, TRIES + 1):
        well, said = run_document(document, home)
        if well:
            return True, "as it says" + (f", at the {number}. time" if number > 1 else "")
    return False, said


def worth_running(names):
    """Documents with blocks. A translation whose blocks are the same is not run a second time."""
    seen = []
    for name in names:
        blocks = [(how, commands) for how, commands in blocks_of(ROOT / name)]
        for how, commands in blocks:
            if how.startswith(NOT_RUN):
                print(f"{name}: {how}: $ {commands[0][0]}")
            elif how not in ("", TERMINALS, VARIES):
                raise SystemExit(f"{name}: what shall this mean? <!-- console: {how} -->")
        blocks = [block for block in blocks if not block[0].startswith(NOT_RUN)]
        if blocks and blocks not in seen:
            seen.append(blocks)
            yield name


def furnish(home, bunshin, folders):
    """What the READMEs have the reader build, which other tests do, is there already."""
    tree = home / "bunshin"
    copy_tree(tree)
    shutil.copytree(bunshin / "bin", home / "bin")
    shutil.copytree(bunshin / "bin", tree / "build/demo/tools")
    for folder in folders:
        for program in folder.iterdir():
            if program.is_file() and os.access(program, os.X_OK):
                shutil.copy(program, home / "bin")
    shutil.copytree(bunshin, tree / "build/labs/installed")
    (tree / "build/labs").chmod(0o555)  # somebody has built it for all


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bunshin", type=Path, help="where bunshin is installed")
    parser.add_argument("--programs", nargs="+", type=Path, default=[], help="folders with more")
    parser.add_argument("documents", nargs="*")
    given = parser.parse_args()
    if INSIDE in os.environ:
        return run_inside(Path(os.environ.pop(INSIDE)))
    names = given.documents or sorted(
        path.relative_to(ROOT).as_posix() for pattern in DOCUMENTS for path in ROOT.glob(pattern))
    with tempfile.TemporaryDirectory(prefix="bunshin-console-") as folder:
        furnish(Path(folder), given.bunshin, given.programs)
        names = list(worth_running(names))
        if not can_be_apart(Path(folder)):
            return SKIPPED
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            results = list(pool.map(lambda name: try_document(name, Path(folder)), names))
    for name, (_, said) in zip(names, results):
        print(f"{name}: {said}")
    return 0 if all(well for well, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
