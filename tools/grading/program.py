"""A student's program while it is judged: started with limits, looked at from outside, ended."""

import array
import fcntl
import os
import resource
import selectors
import signal
import subprocess
import termios
import threading
import time

import processes
from words import Unfit, Wrong

PATIENCE = 4.0  # seconds that any one thing may take
OUTPUT_LIMIT = 1 << 20
NOBODY = 65534
LIMITS = {"core": 0, "cpu": 30, "fsize": 64 << 20, "as": 4 << 30}
SPARE_TASKS = 300  # threads and processes that it may have beside those that its user has already
# While it has nothing to do, in a second: a loop that is right has neither.
GLANCES = 40
BUSY_GLANCES = 12  # in which it runs, or would if others did not: a busy machine changes nothing
BUSY_WAKE_UPS = 60


def limited(command, descriptors=None):
    """`command`, run with limits; by nobody when we are root. Ends with the thread that starts it."""
    uid = os.getuid() or NOBODY
    limits = {**LIMITS, "nproc": processes.tasks_of_user(uid) + SPARE_TASKS}
    if descriptors:
        limits["nofile"] = descriptors
    for name in limits:
        most = resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}"))[1]
        if most != resource.RLIM_INFINITY:
            limits[name] = min(limits[name], most)  # nobody may have more than we have
    who = [] if os.getuid() else [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    return ["prlimit", *(f"--{name}={value}" for name, value in limits.items()), "--",
            "setpriv", "--no-new-privs", "--pdeathsig=KILL", *who, "--", *command]


class Program:
    """Use it in a `with`: it runs from there on, and is gone at the end, with all it has started."""

    def __init__(self, command, folder, deadline, arguments=(), descriptors=None):
        self.deadline = deadline
        self.output = b""
        self.errors = b""
        self.clients = []
        self.said = threading.Condition()
        self.drained = False
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "PYTHONPATH": folder,
                       "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
        self.input, write_end = os.pipe()
        os.write(write_end, b"\n")  # there to be missed when it was read
        self.write_end = write_end
        self.process = subprocess.Popen(
            limited([*command, "127.0.0.1:0", *arguments], descriptors), stdin=self.input,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment,
            start_new_session=True)
        self.pid = self.process.pid
        self.reader = threading.Thread(target=self._read_output, daemon=True)
        self.reader.start()

    def __enter__(self):
        try:
            self.address = self._wait_for_address()
            self.wait_until_asleep()
            self.base_descriptors = self.descriptors()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind, error, trace):
        """What is wrong with the program itself is told rather than what it did to a client."""
        try:
            if kind is None or issubclass(kind, (Wrong, OSError)):
                if kind is not None:
                    self._wait_for_end(0.2)  # connections close a moment before
                self.check()
        finally:
            self._end()

    def check(self):
        """Raises when it has ended, or does what no answer may."""
        if len(self.output) + len(self.errors) >= OUTPUT_LIMIT:
            raise Unfit("babbles", "it prints more than a megabyte", "1 メガバイトを超える出力をします")
        if processes.descendants(self.pid):
            raise Unfit("forks", "it starts other processes", "ほかのプロセスを起動します")
        if self.has_ended():
            raise Wrong(*self._how_it_ended())

    def check_time(self):
        """Raises when the whole takes too long, though no single step does."""
        if time.monotonic() > self.deadline:
            raise Wrong("it is so slow that it could not be looked at to the end",
                        "遅すぎて、最後まで見ることができません")

    def has_ended(self):
        return self.process.poll() is not None

    def _wait_for_end(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pass

    def _how_it_ended(self):
        self.reader.join(0.5)
        status = self.process.returncode
        words = self.errors.decode(errors="replace").strip().split("\n")[-1][:200]
        words = f" ({words})" if words else ""
        if status < 0:
            name = signal.Signals(-status).name
            return (f"the program was ended by {name}{words}",
                    f"プログラムが {name} で終わりました{words}")
        return (f"the program ended, with status {status}{words}",
                f"プログラムが終了しました。終了ステータスは {status} です{words}")

    def wait_until_asleep(self):
        """It has done what there is to do, and waits for more."""
        limit, asleep = time.monotonic() + 1, 0
        while asleep < 5 and time.monotonic() < limit:
            asleep = asleep + 1 if processes.stat_fields(self.pid)[:1] == [b"S"] else 0
            time.sleep(0.001)

    def _wait_for_address(self):
        limit = time.monotonic() + PATIENCE
        with self.said:
            while b"\n" not in self.output and not self.drained and time.monotonic() < limit:
                self.said.wait(0.05)
        line = self.output.partition(b"\n")[0].decode(errors="replace").strip()
        if line.startswith("listening on 127.0.0.1:"):
            return ("127.0.0.1", int(line.rpartition(":")[2]))
        self._wait_for_end(0.2)
        try:
            self.check()
        except Wrong as wrong:
            seen = wrong.seen
            raise Unfit("does_not_start", seen.en, seen.ja) from None
        if self._has_read_input():
            raise Unfit("reads_input", "it waits for standard input, which has nothing for it",
                        "標準入力を待っています。標準入力には何も届きません")
        raise Unfit("does_not_start",
                    f"in {PATIENCE:.0f} s it did not say \"listening on 127.0.0.1:PORT\"",
                    f"{PATIENCE:.0f} 秒たっても「listening on 127.0.0.1:ポート番号」と表示しません")

    def _has_read_input(self):
        waiting = array.array("i", [0])
        fcntl.ioctl(self.input, termios.FIONREAD, waiting)
        return waiting[0] == 0

    def _read_output(self):
        selector = selectors.DefaultSelector()
        for stream, name in ((self.process.stdout, "output"), (self.process.stderr, "errors")):
            selector.register(stream, selectors.EVENT_READ, name)
        while selector.get_map() and len(self.output) + len(self.errors) < OUTPUT_LIMIT:
            for key, _ in selector.select():
                data = os.read(key.fd, 65536)
                if not data:
                    selector.unregister(key.fileobj)
                with self.said:
                    setattr(self, key.data, getattr(self, key.data) + data)
                    self.said.notify()
        selector.close()
        with self.said:
            self.drained = True
            self.said.notify()
        if len(self.output) + len(self.errors) >= OUTPUT_LIMIT:
            self.process.kill()

    def _end(self):
        processes.end_all_below(self.pid)  # while they can still be told from other programs' ones
        processes.signal_all([self.pid], signal.SIGKILL)
        self.process.wait()
        for client in self.clients:
            client.close()
        self.reader.join(1)
        for descriptor in (self.input, self.write_end):
            os.close(descriptor)
        if not self.reader.is_alive():
            self.process.stdout.close()
            self.process.stderr.close()

    # Looking at it

    def descriptors(self):
        return processes.open_descriptors(self.pid)

    def memory(self):
        return processes.resident_bytes(self.pid)

    def expect_idle(self, while_en, while_ja):
        """It has nothing to do now. Raises Wrong when it does something nevertheless."""
        time.sleep(0.1)
        busy, wakes = 0, processes.wake_ups(self.pid)
        for _ in range(GLANCES):
            time.sleep(1 / GLANCES)
            busy += processes.wants_to_run(self.pid)
        wakes = processes.wake_ups(self.pid) - wakes
        if busy > BUSY_GLANCES:
            raise Wrong(f"{while_en} it was running all the time, in {busy} of {GLANCES} glances",
                        f"{while_ja}、{GLANCES} 回見たうち {busy} 回、動き続けていました")
        if wakes > BUSY_WAKE_UPS:
            raise Wrong(f"{while_en} it woke up {wakes} times in a second",
                        f"{while_ja}、1 秒間に {wakes} 回も起きました")

    def expect_descriptors_free(self):
        """All clients have gone. Raises Wrong when their descriptors stay open."""
        limit = time.monotonic() + PATIENCE
        while (more := self.descriptors() - self.base_descriptors) > 0:
            if time.monotonic() > limit:
                raise Wrong(f"{more} descriptors of clients that are gone stay open",
                            f"いなくなったクライアントの記述子が {more} 個、開いたままです")
            time.sleep(0.02)

    # Making things happen at the same moment for it

    def stand_still(self):
        """Until go_on(): what happens meanwhile it finds all at once."""
        os.kill(self.pid, signal.SIGSTOP)
        while processes.stat_fields(self.pid)[:1] not in ([b"T"], [b"Z"], []):
            time.sleep(0.001)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)
