#!/usr/bin/env python3
"""Programs that are no answer at all, and a class: tools/grade.sh says one thing and leaves nothing."""

import csv
import io
import json
import os
import signal
import subprocess
import tempfile
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GRADE = ROOT / "tools/grade.sh"
LISTENING = "import lab\nlistener = lab.listen_at_argument()\n"

# Each with its verdict and a word of what is said.
UNFIT = {
    "does_not_parse.py": ("def main(:\n", "does_not_compile", "SyntaxError"),
    "does_not_compile.cpp": ("int main() { return nothing; }\n", "does_not_compile", "nothing"),
    "is_empty.cpp": ("", "does_not_compile", "main"),
    "compiles_for_ever.cpp": ('#include "fifo"\nint main() {}\n', "does_not_compile", "10 s"),
    "ends_at_once.py": ("import sys\nsys.exit(3)\n", "does_not_start", "status 3"),
    "throws.py": ("raise ValueError('no idea')\n", "does_not_start", "no idea"),
    "crashes.cpp": ("#include <csignal>\nint main() { raise(SIGSEGV); }\n", "does_not_start",
                    "SIGSEGV"),
    "never_serves.py": ("while True:\n    pass\n", "does_not_start", "listening on"),
    "sleeps.py": ("import time\ntime.sleep(1000)\n", "does_not_start", "listening on"),
    "needs_input.py": ("name = input()\ninput()\n", "reads_input", "standard input"),
    "prints_first.py": ("while True:\n    print('x' * 1000)\n", "babbles", "megabyte"),
    "prints_later.py": (LISTENING + "while True:\n    print('x' * 1000, flush=True)\n", "babbles",
                        "megabyte"),
    "complains.py": ("import sys\nwhile True:\n    sys.stderr.write('x' * 1000)\n", "babbles",
                     "megabyte"),
    "forks.py": (LISTENING + "import os, signal, time\n"
                 "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                 "for _ in range(30):\n"
                 "    if os.fork() == 0:\n        os.setsid()\n        time.sleep(1000)\n"
                 "time.sleep(1000)\n", "forks", "process"),
    "goes_into_the_background.py": (LISTENING + "import os, time\n"
                                    "if os.fork():\n    os._exit(0)\n"
                                    "os.setsid()\n"
                                    "if os.fork():\n    os._exit(0)\n"
                                    "time.sleep(1000)\n", "forks", "process"),
    "makes_children_for_ever.py": (LISTENING + "import os, time\n"
                                   "while True:\n"
                                   "    if os.fork():\n        os._exit(0)\n"
                                   "    os.setsid()\n    time.sleep(0.01)\n", "forks", "process"),
}


class GraderTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="grader-test-")
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)
        self.folder.chmod(0o755)
        # Where the programs run: whoever is in there is one of ours.
        self.environment = {**os.environ, "TMPDIR": str(self.folder), "LC_ALL": "C.UTF-8"}

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def grade(self, *arguments, **more):
        return subprocess.run([GRADE, *arguments], capture_output=True, text=True, timeout=100,
                              env=self.environment, **more)

    def left_running(self):
        found = []
        for process in Path("/proc").iterdir():
            try:
                if process.name.isdigit() and str(self.folder) in os.readlink(process / "cwd"):
                    found.append(process.name)
            except OSError:
                pass
        return found

    def assert_nothing_left(self):
        limit = time.monotonic() + 5
        while (left := self.left_running()) and time.monotonic() < limit:
            time.sleep(0.02)
        self.assertEqual(left, [])

    def test_one_verdict_each_and_nothing_left(self):
        os.mkfifo(self.folder / "fifo")
        files = [self.write(name, text) for name, (text, _, _) in UNFIT.items()]
        with ThreadPoolExecutor(4) as pool:
            done = list(pool.map(lambda file: self.grade("--json", "half_close", file), files))
        for file, one in zip(files, done):
            with self.subTest(file.name):
                result = json.loads(one.stdout)
                _, verdict, word = UNFIT[file.name]
                self.assertEqual(result["verdict"], verdict, one.stdout)
                self.assertIn(word, result["said"])
                self.assertLess(result["seconds"], 20)
                self.assertEqual(one.returncode, 1)
                self.assertEqual(one.stderr, "")
        self.assert_nothing_left()
        self.assertEqual(list(self.folder.glob("bunshin-lab-*")), [])

    def test_in_words(self):
        file = self.write("half_close.py", "syntax error")
        for language, words in (("en_US.UTF-8", "it does not compile"),
                                ("ja_JP.UTF-8", "コンパイルできません")):
            self.environment["LC_ALL"] = language
            self.assertIn(words, self.grade("half_close", file).stdout)
        self.environment["LC_ALL"] = "ja_JP.UTF-8"
        said = self.grade("half_close", ROOT / "docs/course/labs/half_close.py").stdout
        for words in ("× `nc -N`", "実際: ", "見るところ: ", "まだです: 5 のふるまいのうち 1 が"):
            self.assertIn(words, said)

    def test_a_class(self):
        broken = (ROOT / "docs/course/labs/half_close.py").read_text()
        self.write("class/山田, 太郎/half_close.py", broken)
        self.write("class/bob/week 3/sigpipe.cpp", "no program")
        self.write("class/bob/notes.txt", "not a lab")
        self.write("class/carol/forks.py", "not the name of a lab")
        done = self.grade("--csv", self.folder / "class")
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        self.assertEqual([(row["student"], row["file"], row["verdict"], row["wrong"], row["of"])
                          for row in rows],
                         [("bob/week 3", "sigpipe.cpp", "does_not_compile", "", "0"),
                          ("山田, 太郎", "half_close.py", "wrong", "all_that_is_owed", "5")])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_nothing_left()

    def test_an_empty_class_is_told(self):
        done = self.grade("--csv", self.folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("STUDENT/LAB.cpp", done.stderr)

    def test_called_wrongly(self):
        for arguments in ((), ("no_lab",), ("half_close", "/nowhere.cpp"), ("half_close", GRADE),
                          ("--csv", "/nowhere"), ("--csv", self.folder, "half_close")):
            with self.subTest(arguments):
                self.assertEqual(self.grade(*arguments).returncode, 2)

    def test_interrupted(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with self.subTest(number):
                file = self.write("sleeps.py", LISTENING + "import time\ntime.sleep(1000)\n")
                grader = subprocess.Popen([GRADE, "half_close", file], env=self.environment,
                                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                limit = time.monotonic() + 10
                while not self.left_running() and time.monotonic() < limit:
                    time.sleep(0.01)
                self.assertTrue(self.left_running())
                grader.send_signal(number)
                self.assertNotEqual(grader.wait(10), 0)
                self.assert_nothing_left()


unittest.main()
