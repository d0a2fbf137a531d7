"""Lab slow_reader: a chat. One who does not read makes the server grow."""

import selectors
import socket as sockets

import lab

selector = selectors.DefaultSelector()
members = set()

# In the kernel; small, so that it is soon seen who does not read.
KERNEL_BUFFER = 64 * 1024


class Member:
    def __init__(self, socket):
        socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, KERNEL_BUFFER)
        self.socket = socket
        self.said = b""  # a line that has not ended yet
        self.owed = bytearray()
        members.add(self)
        selector.register(socket, selectors.EVENT_READ, self)

    def handle(self, events):
        try:
            if events & selectors.EVENT_WRITE:
                self.send_owed()
            if events & selectors.EVENT_READ:
                self.receive()
        except BlockingIOError:
            pass
        except OSError:
            self.close()

    def receive(self):
        data = self.socket.recv(64 * 1024)
        if not data:
            self.close()
            return
        *lines, self.said = (self.said + data).split(b"\n")
        if lines:
            text = b"\n".join(lines) + b"\n"
            for member in list(members):
                member.hear(text)

    def hear(self, text):
        self.owed += text
        try:
            self.send_owed()
        except OSError:
            pass  # who is gone is found out by reading

    def send_owed(self):
        try:
            while self.owed:
                del self.owed[: self.socket.send(self.owed[:KERNEL_BUFFER])]
        except BlockingIOError:
            pass
        wishes = selectors.EVENT_READ
        if self.owed:
            wishes |= selectors.EVENT_WRITE
        selector.modify(self.socket, wishes, self)

    def close(self):
        if self in members:
            members.discard(self)
            selector.unregister(self.socket)
            self.socket.close()


listener = lab.listen_at_argument()
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, events in selector.select():
        if key.fileobj is listener:
            Member(lab.accept(listener))
        elif key.data in members:
            key.data.handle(events)
