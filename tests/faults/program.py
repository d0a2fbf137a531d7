"""A program that runs; and bunshin, some of whose calls fail."""

import errno
import os
import re
import signal
import subprocess
import threading
import time

from cases import TOLD_APART

TICK = os.sysconf("SC_CLK_TCK")
CALL = re.compile(rb"^(\d+) +(\w+)\((?:\d+<([^>]*)>)?", re.M)


def read(path):
    """Nothing, when the file is not there yet."""
    if not os.path.exists(path):
        return b""
    with open(path, "rb") as file:
        return file.read()


class Hang(Exception):
    """The program did not do in time what it should."""


class Program:
    """What it prints is taken as it comes, so that it never waits for us."""

    def __init__(self, arguments, environment=None):
        """`environment`: what is added to ours."""
        streams = [os.pipe() for _ in range(3)]
        self.streams = [f"pipe:[{os.fstat(stream[0]).st_ino}]" for stream in streams]
        theirs = (streams[0][0], streams[1][1], streams[2][1])
        self.process = subprocess.Popen(self.prefix() + arguments, stdin=theirs[0],
                                        stdout=theirs[1], stderr=theirs[2],
                                        env=os.environ | (environment or {}))
        for descriptor in theirs:
            os.close(descriptor)
        self.input = os.fdopen(streams[0][1], "wb", buffering=0)
        self.output = bytearray()
        self.errors = bytearray()
        self._news = threading.Condition()
        self._readers = [threading.Thread(target=self._read, args=source, daemon=True)
                         for source in ((streams[1][0], self.output), (streams[2][0], self.errors))]
        for reader in self._readers:
            reader.start()

    def prefix(self):
        """The command that runs it; called when its streams are there."""
        return []

    @property
    def pid(self):
        return self.process.pid

    def _read(self, descriptor, text):
        while data := os.read(descriptor, 65536):
            with self._news:
                text += data
                self._news.notify_all()
        os.close(descriptor)

    def wait_for(self, condition, seconds):
        """Whether `condition` came true; returns early when the program has ended."""
        end = time.monotonic() + seconds
        while not condition():
            if self.wait_end(0):
                return bool(condition())
            if time.monotonic() > end:
                return False
            with self._news:
                self._news.wait(0.02)
        return True

    def wait_end(self, seconds):
        """Whether it has ended; then all it printed was taken."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._finish_reading()
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
        self.wait_end(seconds)
        return max(0, ticks() - before) / TICK / seconds

    def signal(self, number):
        try:
            if self.pid is not None:
                os.kill(self.pid, number)
        except OSError:
            pass

    def wait(self, seconds):
        """Its status: a negative number is a signal. Raises Hang, and kills it then."""
        if not self.wait_end(seconds):
            self.kill()
            raise Hang("does not end")
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



class Traced(Program):
    """By strace. `case`: what is to fail, if anything; `line`: the path that is called "line" there."""

    def __init__(self, arguments, trace, case=None, line=None):
        self._trace = trace
        self._case = case
        self._line = line
        self._pid = None
        super().__init__(arguments)

    @property
    def targets(self):
        """What read and write may be for, and the paths by which strace knows that."""
        return dict(zip(("stdin", "stdout", "stderr"), self.streams)) | {"line": self._line}

    def prefix(self):
        strace = ["strace", "-f", "-qq", "-e", "signal=none", "-o", self._trace]
        case = self._case
        if case is None:
            return strace + ["-y"]
        path = self.targets.get(case.target)
        which = f"{case.at}+" if case.until is None else f"{case.at}..{case.until}"
        return [*strace, "--seccomp-bpf", "-e", "trace=" + case.system_call,
                "-e", f"inject={case.system_call}:error={case.error}:when={which}",
                *(["-P", path] if path else [])]

    @property
    def pid(self):
        """The traced process; None before it is there."""
        tracer = self.process.pid
        if self._pid is None:
            try:
                with open(f"/proc/{tracer}/task/{tracer}/children") as file:
                    children = file.read().split()
                self._pid = int(children[0]) if children else None
            except OSError:
                pass
        return self._pid

    def calls(self):
        """What its first thread called, in order, and how many of these were the loader's."""
        calls = CALL.findall(read(self._trace))
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
        return read(self._trace).count(b"(INJECTED)")


class Preloaded(Program):
    """What it asks of an io_uring is noted, and fails, by uring_faults.cpp."""

    def __init__(self, arguments, trace, library, case=None):
        self._trace = trace
        environment = {"LD_PRELOAD": library, "FAULTS_TRACE": trace}
        if case is not None:
            environment["FAULTS_CASE"] = " ".join(
                (case.call.removeprefix("uring_"), str(getattr(errno, case.error)), str(case.at),
                 str(case.until or 0)))
        super().__init__(arguments, environment)

    def calls(self):
        return [name.decode() for _, name, _ in CALL.findall(read(self._trace))], 0

    def hits(self):
        return read(self._trace).count(b"(INJECTED)")
