"""Lab short_write: whoever sends "N\\n" is sent N bytes. Not everybody gets all of them."""

import selectors

import lab

selector = selectors.DefaultSelector()
PERIOD = bytes(range(251))


def pattern(size):
    """N bytes; which byte stands where can be checked."""
    return (PERIOD * (size // len(PERIOD) + 1))[:size]


class Client:
    def __init__(self, socket):
        self.socket = socket
        self.question = b""  # what has come of it
        selector.register(socket, selectors.EVENT_READ, self)

    def handle(self, events):
        self.read_questions()

    def read_questions(self):
        try:
            data = self.socket.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self.question += data
        while b"\n" in self.question:
            number, self.question = self.question.split(b"\n", 1)
            self.answer(pattern(int(number)))

    def answer(self, data):
        try:
            self.socket.send(data)
        except OSError:
            pass

    def close(self):
        selector.unregister(self.socket)
        self.socket.close()


listener = lab.listen_at_argument()
selector.register(listener, selectors.EVENT_READ)
while True:
    for key, events in selector.select():
        if key.fileobj is listener:
            Client(lab.accept(listener))
        else:
            key.data.handle(events)
