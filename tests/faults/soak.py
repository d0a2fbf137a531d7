"""Clients come and go, the speech engine is dropped, the serial line is replaced: for minutes.

Each byte is checked; memory at the end has to be what it was after the first minute, and the open
descriptors have to be as many as at the start.
"""

import argparse
import os
import random
import socket
import struct
import sys
import tempfile
import threading
import time

from commands import phrases
from peers import Client, Engine, Robot
from program import Hang, Program

ENGINES = ("epoll", "poll", "io_uring")
PATIENCE = 20      # seconds, for a busy machine
LASTING = 11       # seconds after which a connection that breaks is tried again at once
GROWTH = 1024      # KiB that memory may differ by: the allocator's own
PAUSE = 0.02       # seconds between a client and the next


class Served:
    """One command on one engine, and who uses it."""

    def __init__(self, name, engine, arguments):
        self.name = f"{name} on {engine}"
        self.program = Program([*arguments, "--engine", engine])
        self.faults = []
        self.done = 0
        self.descriptors = 0
        self.memory = []

    def fail(self, what):
        self.faults.append(what)

    def open_descriptors(self):
        try:
            return len(os.listdir(f"/proc/{self.program.pid}/fd"))
        except OSError:
            return -1

    def memory_now(self):
        """Resident, in KiB."""
        try:
            with open(f"/proc/{self.program.pid}/status") as file:
                return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        except (OSError, StopIteration):
            return -1

    def begin(self):
        self.descriptors = self.open_descriptors()

    def turn(self):
        """Something that users do; called again and again, in one thread."""
        raise NotImplementedError

    def run(self, end):
        try:
            while time.monotonic() < end and not self.program.ended() and not self.faults:
                self.turn()
                self.done += 1
        except OSError as error:
            self.fail(f"{error}")

    def finish(self):
        """Judges what can be judged when nobody is there any more."""
        if not self.program.ended():
            if not self.program.wait_for(lambda: self.open_descriptors() == self.descriptors, 5):
                self.fail(f"{self.descriptors} descriptors became {self.open_descriptors()}")
            self.memory.append(self.memory_now())
            self.program.signal(15)
        try:
            if (status := self.program.wait(PATIENCE)) != 0:
                self.fail(f"ended with {status}: {bytes(self.program.errors[-200:])!r}")
        except Hang:
            self.fail("does not end")
        if len(self.memory) > 1 and self.memory[-1] > self.memory[0] + GROWTH:
            self.fail(f"{self.memory[0]} KiB became {self.memory[-1]}")
        self.program.close()


class Clients(Served):
    """Of echo or chat: some leave in order, some in the middle of what they are sent."""

    def __init__(self, name, engine, binary):
        super().__init__(name, engine, [binary, name, "127.0.0.1:0"])
        self._lines = name == "chat"
        self.address = self.program.line_after(b"listening on ", PATIENCE)
        self._random = random.Random(1)

    def turn(self):
        client = Client("client", self.address, PATIENCE)
        for _ in range(self._random.randrange(1, 6)):
            data = self._random.randbytes(self._random.choice((1, 100, 5000, 100_000)))
            if self._lines:
                data = data[:5000].hex().encode() + b"\n"
            if not client.exchange(data):
                self.fail(f"{len(client.got)} of {len(client.expected)} bytes came back")
        if self._random.random() < 0.3:
            client.send(b"x" * 100_000)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.socket.close()
        else:
            client.leave()
        time.sleep(PAUSE)


class Bridge(Served):
    """Phrases keep coming while the engine or the line goes away and comes back."""

    def __init__(self, engine, binary, folder):
        self._julius = Engine()
        self._link = os.path.join(folder, f"line-{engine}")
        self._robot = Robot()
        os.symlink(self._robot.path, self._link)
        self._began = time.monotonic()
        super().__init__("bridge", engine, [binary, "bridge", "--julius", self._julius.address,
                                            "--serial", self._link])
        if not self.program.wait_for(self._julius.connected, PATIENCE):
            self.fail("does not connect")

    def turn(self):
        self._say("at first")
        self._julius.drop()
        self._say("after Julius was dropped")
        self._replace_line()
        self._say("after the line was replaced")
        time.sleep(max(0, self._began + LASTING - time.monotonic()))
        self._began = time.monotonic()

    def _say(self, when):
        before = len(self._robot.moves)
        self._julius.say(phrases()[0], PATIENCE)
        if not self.program.wait_for(lambda: len(self._robot.moves) > before, PATIENCE):
            self.fail(f"a phrase was lost {when}")
        elif self._robot.moves[before:] != [b"#M1"]:
            self.fail(f"the robot was told {self._robot.moves[before:]} {when}")

    def _replace_line(self):
        old, self._robot = self._robot, Robot()
        os.symlink(self._robot.path, self._link + ".new")
        os.rename(self._link + ".new", self._link)
        old.close()

    def finish(self):
        super().finish()
        self._julius.close()
        self._robot.close()


def show(served, began, end):
    line = ", ".join(f"{each.name} {each.done}" for each in served)
    left = max(0, end - time.monotonic())
    print(f"soak: {time.monotonic() - began:.0f} s, {left:.0f} s left: {line}", file=sys.stderr,
          flush=True)


def watch(served, threads, began, end):
    """Progress each 30 seconds; memory once the first minute, or a quarter of the time, is over."""
    first = began + min(60, (end - began) / 4)
    told = began
    while any(thread.is_alive() for thread in threads):
        threads[0].join(0.5)
        time.sleep(0.2)
        if first and time.monotonic() > first:
            first = None
            for each in served:
                each.memory.append(each.memory_now())
        if time.monotonic() > told + 30:
            told = time.monotonic()
            show(served, began, end)


def summary(served):
    print(f"{'what':<20} {'rounds':>7} {'descriptors':>12} {'KiB, then':>10} {'at the end':>11}  result")
    for each in served:
        memory = [*each.memory, 0, 0]
        print(f"{each.name:<20} {each.done:>7} {each.descriptors:>12} {memory[0]:>10} {memory[1]:>11}  "
              f"{'; '.join(each.faults) or 'ok'}")
    drops = sum(each.done for each in served if isinstance(each, Bridge))
    print(f"Julius was dropped, and the line replaced, {drops} times")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True, help="the program")
    parser.add_argument("minutes", nargs="?", type=float, default=10)
    options = parser.parse_args()
    began = time.monotonic()
    end = began + 60 * options.minutes
    with tempfile.TemporaryDirectory() as folder:
        served = [Clients(name, engine, options.binary) for name in ("echo", "chat")
                  for engine in ENGINES]
        served += [Bridge(engine, options.binary, folder) for engine in ENGINES]
        for each in served:
            each.begin()
        threads = [threading.Thread(target=each.run, args=(end,)) for each in served]
        for thread in threads:
            thread.start()
        watch(served, threads, began, end)
        for each in served:
            each.finish()
    summary(served)
    return 1 if any(each.faults for each in served) else 0


if __name__ == "__main__":
    sys.exit(main())
