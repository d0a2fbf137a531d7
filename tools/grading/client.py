"""A client of the program that is judged. No step of it waits longer than PATIENCE."""

import array
import fcntl
import socket
import struct
import termios
import threading
import time

from program import PATIENCE
from words import Wrong


class Client:
    def __init__(self, program, receive_buffer=None):
        self.program = program
        program.clients.append(self)  # stays, though the judge has forgotten it
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            self.socket.connect(program.address)
        except OSError:
            raise Wrong("it does not let a client connect",
                        "クライアントの接続を受け付けません") from None

    def send(self, data):
        self.program.check_time()
        try:
            self.socket.sendall(data)
        except TimeoutError:
            raise Wrong(f"for {PATIENCE:.0f} s it read nothing of what a client sends",
                        f"{PATIENCE:.0f} 秒間、クライアントの送ったものを読みませんでした") from None
        except OSError:
            raise Wrong("it closed the connection of a client that was still sending",
                        "まだ送っているクライアントの接続を閉じました") from None

    def send_in_background(self, data):
        """Returns at once: who does not read can not wait until all is sent."""
        def run():
            try:
                self.socket.sendall(data)
            except OSError:
                pass  # the judge sees what comes back
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def receive(self, size):
        """Exactly so many bytes."""
        got = bytearray()
        while len(got) < size:
            self.program.check_time()
            try:
                data = self.socket.recv(min(size - len(got), 1 << 20))
            except TimeoutError:
                raise Wrong(f"{len(got)} of {size} bytes came, then nothing for {PATIENCE:.0f} s",
                            f"{size} バイトのうち {len(got)} バイトが届き、"
                            f"その後 {PATIENCE:.0f} 秒間、何も届きません") from None
            except OSError:
                data = b""
            if not data:
                raise Wrong(f"it closed the connection after {len(got)} of {size} bytes",
                            f"{size} バイトのうち {len(got)} バイトで接続を閉じました")
            got += data
        return bytes(got)

    def receive_what_is_there(self):
        """All that has come, or comes while it is looked at."""
        got = bytearray()
        self.socket.settimeout(0.1)
        try:
            while data := self.socket.recv(1 << 20):
                got += data
        except OSError:
            pass
        self.socket.settimeout(PATIENCE)
        return bytes(got)

    def expect(self, data):
        """These bytes come next."""
        got = self.receive(len(data))
        if got != data:
            at = next(i for i, (a, b) in enumerate(zip(got, data)) if a != b)
            raise Wrong(f"what came is not what was due, from byte {at} on",
                        f"届いたものが {at} バイト目から正しくありません")

    def receive_rest(self):
        """All until the end of file, or a reset."""
        got = bytearray()
        try:
            while data := self.socket.recv(1 << 20):
                got += data
                self.program.check_time()
        except TimeoutError:
            raise Wrong(f"the connection stays open although all is said ({len(got)} bytes came)",
                        f"やりとりが済んでも接続が開いたままです（{len(got)} バイトが届きました）"
                        ) from None
        except OSError:
            pass
        return bytes(got)

    def expect_end(self):
        if rest := self.receive_rest():
            raise Wrong(f"{len(rest)} bytes too many came", f"{len(rest)} バイト余計に届きました")

    def expect_open(self):
        """The connection stands: what is said comes back."""
        self.send(b"are you there?\n")
        self.expect(b"are you there?\n")

    def wait_for_input(self):
        """Until something has come and waits, unread."""
        waiting, limit = array.array("i", [0]), time.monotonic() + PATIENCE
        while waiting[0] == 0:
            if time.monotonic() > limit:
                raise Wrong(f"nothing came for {PATIENCE:.0f} s",
                            f"{PATIENCE:.0f} 秒間、何も届きません")
            time.sleep(0.002)
            fcntl.ioctl(self.socket, termios.FIONREAD, waiting)

    def end_sending(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the connection has ended: whoever reads next will see

    def close(self):
        self.socket.close()

    def reset(self):
        """Goes as a program does that is killed with input unread."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()
