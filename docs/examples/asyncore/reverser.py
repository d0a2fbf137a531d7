import asynchat
import asyncore
import socket
import sys


class Reverser(asynchat.async_chat):
    def __init__(self, sock):
        asynchat.async_chat.__init__(self, sock)
        self.set_terminator(b"\n")
        self.line = []

    def collect_incoming_data(self, data):
        self.line.append(data)

    def found_terminator(self):
        line = b"".join(self.line)
        self.line = []
        if line == b"bye":
            self.push(b"see you\n")
            self.close_when_done()
        else:
            self.push(line[::-1] + b"\n")


class Server(asyncore.dispatcher):
    def __init__(self, host, port):
        asyncore.dispatcher.__init__(self)
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.set_reuse_addr()
        self.bind((host, port))
        self.listen(5)

    def handle_accepted(self, sock, addr):
        Reverser(sock)


host, port = sys.argv[1].split(":")
server = Server(host, int(port))
print("listening on %s:%d" % server.socket.getsockname(), flush=True)
asyncore.loop()
