"""Lab blocking_call: an echo server that knows somebody who knows the answers: "ask QUESTION\\n".

While one waits for an answer, all do.

    blocking_call.py 127.0.0.1:9876 ORACLE    ORACLE is an address too: see the lab's page
"""

import selectors
import socket as sockets
import sys

import lab

selector = selectors.DefaultSelector()
host, port = (sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1:9877").rsplit(":", 1)
oracle = (host, int(port))


def ask(question):
    """Asks the oracle, which takes its time; b"nobody knows" when it says nothing."""
    answer = b""
    try:
        with sockets.create_connection(oracle) as connection:
            connection.sendall(question + b"\n")
            while True:
                data = connection.recv(256)
                if not data:
                    break
                answer += data
    except OSError:
        pass
    return answer.split(b"\n")[0] or b"nobody knows"


class Client:
    def __init__(self, socket):
        self.socket = socket
        self.said = b""  # a line that has not ended yet
        selector.register(socket, selectors.EVENT_READ, self)

    def handle(self):
        try:
            data = self.socket.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        *lines, self.said = (self.said + data).split(b"\n")
        for line in lines:
            if line.startswith(b"ask "):
                question = line[4:]
                self.tell(question + b": " + ask(question))
            else:
                self.tell(line)

    def tell(self, line):
        """Short lines, and a client that reads them: the kernel takes it all."""
        try:
            self.socket.send(line + b"\n")
        except OSError:
            pass  # who is gone is found out by reading

    def close(self):
        selector.unregister(self.socket)
        self.socket.close()


listener = lab.listen_at_argument()
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        if key.fileobj is listener:
            Client(lab.accept(listener))
        else:
            key.data.handle()
