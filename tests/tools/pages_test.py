#!/usr/bin/env python3
"""Whatever `--help` tells of a command, its manual page and each shell's completion tell, too.

    pages_test.py BUNSHIN completion|manual
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUNSHIN = sys.argv[1]


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20, **options).stdout


class Command:
    """What the help of one command says it takes."""

    def __init__(self, path):
        self.path = path
        text = run(BUNSHIN, *path, "--help")
        self.options = set(re.findall(r"^ +(?:-\w,)?(--[\w-]+)", text, re.M))
        part = text.partition("Subcommands:\n")[2]
        self.commands = re.findall(r"^  ([\w-]+) ", part, re.M)

    def all(self):
        yield self
        for name in self.commands:
            yield from Command(self.path + [name]).all()


ALL = list(Command([]).all())


class Bash:
    SCRIPT = ('source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _bunshin;'
              'printf "%s\\n" "${COMPREPLY[@]}"')

    def complete(self, file, words):
        return run("bash", "--norc", "-c", self.SCRIPT, file, *words).split()


class Zsh:
    SCRIPT = ('compdef() { }; _describe() { print -rl -- "${(@P)2}" }; _files() { print -l -- "$PREFIX"*(N) };'
              'source "$0"; words=("$@"); CURRENT=$#; PREFIX=${words[CURRENT]}; _bunshin')

    def complete(self, file, words):
        lines = run("zsh", "-f", "-c", self.SCRIPT, file, *words).splitlines()
        return [line.partition(":")[0] for line in lines if line.startswith(words[-1])]


class Fish:
    def complete(self, file, words):
        script = "source $argv[1]; complete -C (string join -- ' ' $argv[2..-1])"
        lines = run("fish", "--no-config", "-c", script, file, *words).splitlines()
        return [line.partition("\t")[0] for line in lines]


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.shells = []
        for shell in (Bash(), Zsh(), Fish()):
            name = type(shell).__name__.lower()
            file = self.folder / name
            file.write_text(run(BUNSHIN, "completion", name))
            self.shells.append((name, lambda *words, shell=shell, file=file: shell.complete(
                str(file), ["bunshin", *words])))

    def test_every_command_and_option(self):
        self.assertGreater(len(ALL), 8)
        for name, complete in self.shells:
            for command in ALL:
                with self.subTest(shell=name, command=command.path):
                    self.assertLessEqual(command.options, set(complete(*command.path, "--")))
                    if command.commands:
                        self.assertEqual(set(command.commands), set(complete(*command.path, "")))

    def test_values(self):
        for name, complete in self.shells:
            with self.subTest(shell=name):
                self.assertIn("poll", complete("echo", "--engine", ""))
                self.assertEqual(["fish"], complete("completion", "f"))
                self.assertEqual([], complete("echo", "--threads", ""))

    def test_a_value_is_no_command(self):
        for name, complete in self.shells:
            with self.subTest(shell=name):
                self.assertEqual({"--speed", "--spin"},
                                 set(complete("sim", "julius", "--engine", "auto", "--sp")))

    def test_files(self):
        wanted = self.folder / "rules.toml"
        wanted.touch()
        for name, complete in self.shells:
            with self.subTest(shell=name):
                self.assertEqual([str(wanted)], complete("bridge", "--config", str(self.folder / "rul")))

    def test_help_of_a_command(self):
        for name, complete in self.shells:
            with self.subTest(shell=name):
                self.assertEqual(["echo"], complete("help", "ec"))


class Manual(unittest.TestCase):
    def test_every_command_has_a_page_that_names_its_options(self):
        with tempfile.TemporaryDirectory() as folder:
            run(BUNSHIN, "manual", "--all", folder)
            pages = {page.name for page in Path(folder).iterdir()}
            self.assertEqual({"-".join(["bunshin", *each.path]) + ".1" for each in ALL}, pages)
            for page in Path(folder).iterdir():
                run("mandoc", "-T", "lint", "-W", "error", str(page))
        for command in ALL:
            with self.subTest(command=command.path):
                page = run(BUNSHIN, "manual", *command.path)
                # Of mandoc(1), without the letters that are struck twice to be bold.
                text = re.sub(".\b", "", run("mandoc", "-T", "ascii", input=page))
                for name in command.options | set(command.commands):
                    self.assertIn(name, text)

    def test_the_bridges_page_has_its_configuration(self):
        page = run("mandoc", "-T", "utf8", input=run(BUNSHIN, "manual", "bridge"))
        self.assertIn("min_confidence = 0.7", re.sub(".\b", "", page))

    def test_an_unknown_command_is_told(self):
        wrong = subprocess.run([BUNSHIN, "manual", "ecko"], capture_output=True, text=True, timeout=20)
        self.assertEqual(2, wrong.returncode)
        self.assertIn("there is no command ecko", wrong.stderr)


if __name__ == "__main__":
    chosen = {"completion": Completion, "manual": Manual}[sys.argv[2]]
    suite = unittest.TestLoader().loadTestsFromTestCase(chosen)
    sys.exit(not unittest.TextTestRunner(verbosity=1).run(suite).wasSuccessful())
