"""bunshin under strace, which fails the calls it is told to."""

import os
import re
import signal
import subprocess
import threading
import time

from cases import TOLD_APART

TICK = os.sysconf("SC_CLK_TCK")
CALL = re.compile(rb"^(\d+) +(\w+)\((?:\d+<([^>]*)>)?", re.M)


class Hang(Exception):
    """The program did not do in time what it should."""


class Program:
    def __init__(self, binary, arguments, engine, trace, case=None, line=None):
        """`line`: a path that is named "line" in the case."""
        self.trace = trace
        streams = [os.pipe() for _ in range(3)]
        # What calls that are told apart by what they are for are for.
        self.targets = {name: f"pipe:[{os.fstat(stream[0]).st_ino}]"
                        for name, stream in zip(("stdin", "stdout", "stderr"), streams)}
        self.targets["line"] = line
        theirs = (streams[0][0], streams[1][1], streams[2][1])
        self.process = subprocess.Popen(
            ["strace", "-f", "-qq", "-e", "signal=none", "-o", trace, *self._what(case),
             binary, *arguments, "--engine", engine],
            stdin=theirs[0], stdout=theirs[1], stderr=theirs[2])
        for descriptor in theirs:
            os.close(descriptor)
        self.input, output, errors = (
            os.fdopen(end, mode, buffering=0)
            for end, mode in ((streams[0][1], "wb"), (streams[1][0], "rb"), (streams[2][0], "rb")))
        self.output = bytearray()
        self.errors = bytearray()
        self._pid = None
        self._news = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=source, daemon=True)
                         for source in ((output, self.output), (errors, self.errors))]
        for reader in self._readers:
            reader.start()

    def _what(self, case):
        """What strace has to do."""
        if case is None:
            return ["-y"]
        path = self.targets.get(case.target)
        return ["--seccomp-bpf", "-e", "trace=" + case.system_call, "-e", "inject=" + case.injection(),
                *(["-P", path] if path else [])]

    def _read(self, stream, text):
        with stream:
            while data := stream.read(65536):
                with self._news:
                    text += data
                    self._news.notify_all()

    @property
    def pid(self):
        """The traced process; None before it is there and after it has ended."""
        if self._pid is None:
            tracer = self.process.pid
            try:
                with open(f"/proc/{tracer}/task/{tracer}/children") as file:
                    children = file.read().split()
                self._pid = int(children[0]) if children else None
            except OSError:
                pass
        return self._pid

    def wait_for(self, condition, seconds):
        """Whether `condition` came true; returns early when the program has ended."""
        end = time.monotonic() + seconds
        while not condition():
            if self.ended():
                self._finish_reading()
                return bool(condition())
            if time.monotonic() > end:
                return False
            with self._news:
                self._news.wait(0.02)
        return True

    def _finish_reading(self):
        for reader in self._readers:
            reader.join(5)

    def line_after(self, start, seconds):
        """What stands behind `start` on the line of the output that begins so; None if never."""
        pattern = re.compile(rb"^" + re.escape(start) + rb"(.*)\n", re.M)
        if self.wait_for(lambda: pattern.search(self.output), seconds):
            return pattern.search(self.output)[1].decode()
        return None

    def ended(self):
        return self.process.poll() is not None

    def busy(self, seconds):
        """The share of a processor it takes while nobody asks anything of it."""
        def ticks():
            try:
                with open(f"/proc/{self.pid}/stat") as file:
                    return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
            except OSError:
                return 0
        before = ticks()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        return max(0, ticks() - before) / TICK / seconds

    def signal(self, number):
        try:
            if self.pid is not None:
                os.kill(self.pid, number)
        except OSError:
            pass

    def wait(self, seconds):
        """Its status: a negative number is a signal. Raises Hang, and kills it then."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Hang("does not end") from None
        finally:
            self._finish_reading()
        return self.process.returncode

    def kill(self):
        self.signal(signal.SIGKILL)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.kill()
        try:
            self.input.close()
        except OSError:
            pass
        self._finish_reading()

    def calls(self):
        """What its first thread called, in order, and how many of these were the loader's."""
        with open(self.trace, "rb") as file:
            calls = CALL.findall(file.read())
        calls = [self._named(name.decode(), path.decode()) for pid, name, path in calls
                 if pid == calls[0][0]]
        # The loader ends by giving back its cache of names.
        return calls, calls.index("munmap") + 1 if "munmap" in calls else len(calls)

    def _named(self, name, path):
        """read and write are told apart by what they are for."""
        if name not in TOLD_APART:
            return name
        target = next((target for target, its in self.targets.items() if its == path), "other")
        return f"{name}:{target}"

    def hits(self):
        with open(self.trace, "rb") as file:
            return file.read().count(b"(INJECTED)")
