"""Lab half_close: an echo server that keeps what a client does not read yet. Some get only a part."""

import selectors

import lab

selector = selectors.DefaultSelector()


class Client:
    def __init__(self, socket):
        self.socket = socket
        self.owed = bytearray()  # has been received and not been sent back yet
        selector.register(socket, selectors.EVENT_READ, self)

    def handle(self, events):
        try:
            if events & selectors.EVENT_READ:
                data = self.socket.recv(64 * 1024)
                if not data:
                    self.close()
                    return
                self.owed += data
            if self.owed:
                sent = self.socket.send(self.owed)
                del self.owed[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        self.wish()

    def wish(self):
        wishes = selectors.EVENT_READ
        if self.owed:
            wishes |= selectors.EVENT_WRITE
        selector.modify(self.socket, wishes, self)

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
