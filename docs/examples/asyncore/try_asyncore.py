#!/usr/bin/env python3
"""What docs/asyncore.md says is so: its programs do the same on both sides, or differ as it says, and
it has every name of asyncore and asynchat.

    docs/examples/asyncore/try_asyncore.py FOLDER SERVER3    where the programs in C++ are
"""

import inspect
import os
import re
import socket
import subprocess
import sys
import threading
import time
import unittest
import warnings
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[1]
sys.path.insert(0, str(DOCS.parent / "tools/grading"))

from processes import stat_fields

LIMIT = 20  # seconds that any one step may take
FOLDER, SERVER3 = Path(sys.argv[1]), sys.argv[2]
MUCH = 6_000_000


def sides(name):
    """The same program in Python and in C++."""
    return ([sys.executable, "-W", "ignore", HERE / f"{name}.py"], [FOLDER / f"asyncore_{name}"])


def output(command, *arguments, **more):
    done = subprocess.run([*command, *arguments], stdout=subprocess.PIPE, text=True, timeout=LIMIT,
                          check=True, **more)
    return done.stdout


class Server:
    """Says "listening on HOST:PORT"."""

    def __init__(self, command):
        self.process = subprocess.Popen([*command, "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self.process.stdout.readline().split()[2]

    def wait_until_asleep(self):
        """It has done what there was to do."""
        limit, asleep = time.monotonic() + LIMIT, 0
        while asleep < 5 and time.monotonic() < limit:
            asleep = asleep + 1 if stat_fields(self.process.pid)[:1] == [b"S"] else 0
            time.sleep(0.002)

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


class AsyncoreTest(unittest.TestCase):
    def test_client_and_server_for_lines(self):
        for server in sides("reverser"):
            with Server(server) as address:
                for client in sides("talker"):
                    self.assertEqual(output(client, address), "connected\ndesserts\nsee you\nclosed\n")

    def test_standard_input(self):
        for counter in sides("counter"):
            self.assertEqual(output(counter, input="x" * 100_000), "100000 bytes\n")

    def test_ticks(self):
        for ticks in sides("ticks"):
            self.assertEqual(output(ticks), "tick\n" * 3)

    def test_writable_by_default(self):
        python, cpp = (int(re.search(r"\d+", output(one))[0]) for one in sides("restless"))
        self.assertGreater(python, 100)
        self.assertEqual(cpp, 0)

    def returned(self, command):
        """Of MUCH that was sent, like the end of sending, before anything was read."""
        server = Server(command)
        with server as address, socket.socket() as client:
            host, port = address.split(":")
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.settimeout(LIMIT)
            client.connect((host, int(port)))
            sending = threading.Thread(target=client.sendall, args=(b"x" * MUCH,))
            sending.start()
            sending.join(1)
            got = 0
            if sending.is_alive():  # ours reads no more than it can send back
                got = self.receive(client, MUCH // 2)
                sending.join()
            client.shutdown(socket.SHUT_WR)
            server.wait_until_asleep()
            return got + self.receive(client, MUCH)

    @staticmethod
    def receive(client, most):
        got = 0
        while got < most and (data := client.recv(min(1 << 16, most - got))):
            got += len(data)
        return got

    def test_half_closed(self):
        self.assertEqual(self.returned([SERVER3]), MUCH)
        python = [sys.executable, "-W", "ignore", HERE.parent / "server3.py"]
        self.assertLess(self.returned(python), MUCH)

    def test_every_name_is_there(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import asynchat
            import asyncore
        names = set()
        for module in (asyncore, asynchat):
            for name, thing in vars(module).items():
                if inspect.isclass(thing) and thing.__module__ == module.__name__:
                    own = {one for one in vars(thing) if not one.startswith("__")}
                    names |= {name} | (own if name != "file_wrapper" and name != "simple_producer"
                                       else set())
                elif inspect.isfunction(thing) and thing.__module__ == module.__name__:
                    names.add(name)
        names = {name for name in names if not name.startswith("_") or name.startswith("_get")}
        for document in ("asyncore.md", "asyncore.ja.md"):
            told = set(re.findall(r"`(\w+)", (DOCS / document).read_text(encoding="utf-8")))
            self.assertEqual(sorted(names - told - {"ExitNow"}), [], document)


os.environ.pop("PYTHONWARNINGS", None)
unittest.main(argv=sys.argv[:1])
