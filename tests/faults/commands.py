"""What is done with each command of the program, unharmed or not."""

import json
import os
import select
import termios
import time
import tty

from peers import Client, Engine, Listener, Robot, Side, serve_echo

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "fixtures")
BIG = bytes(range(256)) * 400  # more than one recv() takes


class Command:
    server = True  # it serves until it is told to end
    line = None    # the path of its serial line
    usual = None   # what it logs when nothing fails, as a pattern
    vital = ()     # calls without which it can not go on

    def __init__(self, patience):
        self.sides = []
        self.patience = patience  # seconds: how long anything is waited for

    def arguments(self):
        raise NotImplementedError

    def ready(self, program):
        """Whether it serves; returns early when it has ended."""
        self.address = program.line_after(b"listening on ", self.patience)
        return self.address is not None

    def play(self, program):
        raise NotImplementedError

    def last(self):
        """Somebody new, who has to be served after whatever happened."""

    def close(self):
        pass

    def client(self, name):
        """One who can not even connect is not whole."""
        try:
            client = Client(name, self.address, self.patience)
        except OSError:
            client = Side(name)
            client.expected = b"?"
            self.sides.append(client)
            return None
        self.sides.append(client)
        return client


class Echo(Command):
    def arguments(self):
        return ["echo", "127.0.0.1:0"]

    def play(self, program):
        clients = []
        for name in ("first", "second"):
            if client := self.client(name):
                clients.append(client)
                client.exchange(name.encode())
        for client in clients:
            client.exchange(BIG + client.name.encode())
        for client in clients:
            client.leave()
        self.last()

    def last(self):
        if client := self.client("third"):
            client.exchange(b"late")
            client.leave()


class EchoVerbose(Echo):
    def arguments(self):
        return super().arguments() + ["--verbose"]


class Chat(Command):
    """Each line comes to everybody who is there when it is said, also to who says it."""

    def arguments(self):
        return ["chat", "127.0.0.1:0"]

    def play(self, program):
        here = []
        for name in ("first", "second", "third"):
            if client := self.client(name):
                here.append(client)
                self._say(here, client, b"here is " + name.encode())
        for client in list(here):
            if client not in here:
                continue  # lost while another spoke
            self._say(here, client, b"still " + client.name.encode())
        for client in here:
            client.leave()
        self.last()

    def _say(self, here, speaker, text):
        """The last line of somebody who is lost may reach the others; who is lost receives nothing."""
        speaker.send(text + b"\n")
        heard = speaker.receive(text + b"\n")
        if not heard:
            here.remove(speaker)
        for other in [client for client in here if client is not speaker]:
            if not heard:
                other.may_receive(text + b"\n")
            elif not other.receive(text + b"\n"):
                here.remove(other)

    def last(self):
        if client := self.client("fourth"):
            client.exchange(b"late\n")
            client.leave()


class Connect(Command):
    server = False

    def __init__(self, patience):
        super().__init__(patience)
        self._echo = Listener(serve_echo)
        self._side = Side("user")
        self.sides = [self._side]

    def arguments(self):
        return ["connect", self._echo.address]

    def ready(self, program):
        self._say(program, b"hello\n")
        return bool(self._side.got)

    def play(self, program):
        self._say(program, b"again\n")
        self._say(program, BIG)
        program.input.close()
        program.wait_end(self.patience)
        self._side.got = bytes(program.output)

    def _say(self, program, data):
        self._side.expected += data
        try:
            written = 0
            while written < len(data) and not program.ended():
                if select.select([], [program.input], [], 0.05)[1]:
                    written += program.input.write(data[written:written + 4096])
        except OSError:
            pass
        program.wait_for(lambda: len(program.output) >= len(self._side.expected), self.patience)
        self._side.got = bytes(program.output)

    def close(self):
        self._echo.close()


class Load(Connect):
    """Its result is whole when it says that messages came back, or what failed."""

    def __init__(self, patience):
        super().__init__(patience)
        self._side.expected = b"a result"

    def arguments(self):
        return ["load", self._echo.address, "--conns", "2", "--seconds", "0.6", "--warmup", "0.05",
                "--json"]

    def ready(self, program):
        return program.wait_for(lambda: self._echo.connections > 0, self.patience)

    def play(self, program):
        program.wait_end(self.patience)
        try:
            result = json.loads(program.output)
            self._side.got = b"a result" if result["messages"] > 0 else b""
        except (ValueError, KeyError):
            self._side.got = b""


def phrases():
    """What is said for each of the recorded phrases that move the robot."""
    with open(os.path.join(FIXTURES, "julius", "robot-commands.bin"), "rb") as file:
        blocks = file.read().split(b"\n.\n")
    return [block + b"\n.\n" for block in blocks if block.startswith(b"<RECOGOUT>")]


class Bridge(Command):
    """Two phrases. A move may be asked for again when its answer was lost, nothing else may."""

    usual = rb"the serial line \S+ is open|heard .*|sent .*"

    def __init__(self, patience, *options, answers=True):
        super().__init__(patience)
        self._options = options
        self._engine = Engine()
        self._robot = Robot(answers)
        self.line = self._robot.path

    def arguments(self):
        return ["bridge", "--julius", self._engine.address, "--serial", self._robot.path,
                *self._options]

    def ready(self, program):
        opened = b"the serial line " + self._robot.path.encode()
        return program.wait_for(lambda: opened in program.errors and self._engine.connected(),
                                self.patience)

    def play(self, program):
        for name, phrase in (("first phrase", 0), ("second phrase", 2)):
            self._phrase(program, name, phrase)

    def _phrase(self, program, name, number):
        side = Side(name)
        self.sides.append(side)
        before = len(self._robot.moves)
        self._engine.say(phrases()[number], self.patience)
        side.expected = (b"#M1", b"", b"#M3")[number]
        program.wait_for(lambda: len(self._robot.moves) > before or program.ended(), self.patience)
        moves = self._robot.moves[before:]
        side.got = b"".join(dict.fromkeys(moves))

    def last(self):
        self.sides.pop()

    def close(self):
        self._engine.close()
        self._robot.close()


class RawBridge(Bridge):
    def __init__(self, patience):
        super().__init__(patience, "--raw", "--both-ways", answers=False)

    def play(self, program):
        for name in ("first", "second", "third"):
            side = Side("line, " + name)
            self.sides.append(side)
            before = len(self._robot.taken)
            side.expected = b"#M1 " + name.encode()
            self._engine.say(side.expected, self.patience)
            program.wait_for(lambda: len(self._robot.taken) >= before + len(side.expected),
                             self.patience)
            side.got = bytes(self._robot.taken[before:])
            side = Side("engine, " + name)
            self.sides.append(side)
            before = len(self._engine.heard)
            side.expected = b"#E " + name.encode()
            self._robot.say(side.expected)
            program.wait_for(lambda: len(self._engine.heard) >= before + len(side.expected),
                             self.patience)
            side.got = bytes(self._engine.heard[before:])


class SimJulius(Command):
    def __init__(self, patience):
        super().__init__(patience)
        with open(os.path.join(FIXTURES, "julius", "robot-commands.bin"), "rb") as file:
            self._recording = file.read()

    def arguments(self):
        return ["sim", "julius", os.path.join(FIXTURES, "julius", "robot-commands"), "127.0.0.1:0",
                "--speed", "0"]

    def play(self, program):
        for name in ("first", "second"):
            self._listen(name)

    def _listen(self, name):
        if client := self.client(name):
            client.receive(self._recording)
            client.leave()

    def last(self):
        self._listen("third")


class SimRapiro(Command):
    line = "/dev/ptmx"
    vital = ("write:line",)

    def arguments(self):
        return ["sim", "rapiro"]

    def play(self, program):
        for name, command in (("first", b"#M1"), ("second", b"#M2"), ("third", b"#Z")):
            self._ask(name, command)

    def _ask(self, name, command, answer=None):
        side = Side(name)
        self.sides.append(side)
        side.expected = b"#E" if command == b"#Z" else command
        try:
            line = os.open(self.address, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return
        try:
            tty.setraw(line)
            os.write(line, command)
            end = time.monotonic() + self.patience
            while len(side.got) < len(side.expected) and time.monotonic() < end:
                if select.select([line], [], [], 0.1)[0]:
                    side.got += os.read(line, 100)
        except (OSError, termios.error):
            pass
        finally:
            os.close(line)

    def last(self):
        self._ask("last", b"#M0")


COMMANDS = {
    "echo": Echo,
    "echo-verbose": EchoVerbose,
    "chat": Chat,
    "connect": Connect,
    "load": Load,
    "bridge": Bridge,
    "bridge-raw": RawBridge,
    "sim-julius": SimJulius,
    "sim-rapiro": SimRapiro,
}
