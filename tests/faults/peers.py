"""Who talks with the program under test: clients, an echo server, a speech engine, a robot."""

import os
import pty
import re
import select
import socket
import threading
import time
import tty

PATIENCE = 4.0  # the longest pause anything takes to get over a failure, and some more
HOPELESS = 1.5  # the same for what will not pass


class Side:
    """What one of the peers should have received, and what it did."""

    def __init__(self, name):
        self.name = name
        self.expected = b""
        self.got = b""

    @property
    def whole(self):
        return self.got == self.expected

    @property
    def wrong(self):
        return not self.expected.startswith(self.got)


class Client(Side):
    """Sends, and keeps what comes back. Anything that fails ends it: it then is not whole."""

    def __init__(self, name, address, patience):
        super().__init__(name)
        self._patience = patience
        host, port = address.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), patience)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except OSError:
            pass

    def receive(self, expected):
        """Waits for so many bytes more."""
        self.expected += expected
        end = time.monotonic() + self._patience
        try:
            while len(self.got) < len(self.expected):
                self.socket.settimeout(max(0.01, end - time.monotonic()))
                data = self.socket.recv(65536)
                if not data:
                    break
                self.got += data
        except OSError:
            pass
        return self.whole

    def may_receive(self, data):
        """Either all of it comes, soon, or nothing."""
        patience, self._patience = self._patience, 0.5
        self.receive(data)
        self._patience = patience
        if self.got == self.expected[:-len(data)]:
            self.expected = self.got

    def exchange(self, data):
        self.send(data)
        return self.receive(data)

    def leave(self):
        """Ends its sending; what still comes then is more than was expected.

        The server's end is not waited for long: it never comes when its close() was made to fail.
        """
        try:
            self.socket.shutdown(socket.SHUT_WR)
            self.socket.settimeout(1)
            while data := self.socket.recv(65536):
                self.got += data
        except OSError:
            pass
        self.socket.close()


class Listener:
    """A server of the driver's own; `serve` is called with each connection, in its own thread."""

    def __init__(self, serve):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.connections = 0  # so far
        self._serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        try:
            while True:
                connection, _ = self.socket.accept()
                self.connections += 1
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()
        except OSError:
            pass

    def _talk(self, connection):
        with connection:
            try:
                self._serve(connection)
            except OSError:
                pass

    def close(self):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()


def serve_echo(connection):
    while data := connection.recv(65536):
        connection.sendall(data)


class Engine:
    """Julius, as far as a bridge sees it: whoever is connected last hears what is said."""

    def __init__(self):
        self.heard = bytearray()  # what the client says
        self._client = None
        self._changed = threading.Condition()
        self._listener = Listener(self._serve)
        self.address = self._listener.address

    def _serve(self, connection):
        with self._changed:
            self._client = connection
            self._changed.notify_all()
        try:
            while data := connection.recv(65536):
                self.heard += data
        finally:
            with self._changed:
                if self._client is connection:
                    self._client = None

    def connected(self):
        return self._client is not None

    def say(self, data, patience):
        with self._changed:
            if not self._changed.wait_for(self.connected, patience):
                return
            try:
                self._client.sendall(data)
            except OSError:
                pass

    def drop(self):
        """Hangs up; whoever wants to hear more connects again."""
        with self._changed:
            client, self._client = self._client, None
        if client is not None:
            try:
                client.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self._listener.close()
        self.drop()


class Robot:
    """The other end of a serial line. Answers as the firmware does, or only takes what comes."""

    COMMAND = re.compile(rb"#(?:(M\d)|(C)|P[SARGB0-9]*(T\d{3}))")

    def __init__(self, answers=True):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.path = os.ttyname(slave)
        self._slave = slave  # kept: a pty without one hangs up
        self.taken = bytearray()
        self.moves = []
        self._answers = answers
        self._end, self._ended = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        rest = b""
        while True:
            ready = select.select([self.master, self._end], [], [])[0]
            if self._end in ready:
                return
            data = os.read(self.master, 4096)
            self.taken += data
            if self._answers:
                rest = self._answer(rest + data)

    def _answer(self, text):
        end = 0
        for match in self.COMMAND.finditer(text):
            end = match.end()
            motion, _, pose_time = match.groups()
            if motion or pose_time:
                self.moves.append(match[0])
            answer = b"#" + motion if motion else b"#P" + pose_time if pose_time else b"#C0"
            os.write(self.master, answer)
        return text[end:]

    def say(self, data):
        os.write(self.master, data)

    def close(self):
        os.write(self._ended, b".")
        self._thread.join()
        for descriptor in (self.master, self._slave, self._end, self._ended):
            os.close(descriptor)
