#!/usr/bin/python3
"""The course's server3: an echo server on asyncore. Needs Python 3.11 or older."""

import socket
import sys
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import asyncore


class EchoHandler(asyncore.dispatcher_with_send):
    def handle_read(self):
        data = self.recv(64 * 1024)
        if data:
            self.send(data)


class EchoServer(asyncore.dispatcher):
    def __init__(self, host, port):
        asyncore.dispatcher.__init__(self)
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.set_reuse_addr()
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.bind((host, port))
        self.listen(4096)

    def handle_accepted(self, sock, addr):
        EchoHandler(sock)


host, port = sys.argv[1].rsplit(":", 1)
server = EchoServer(host, int(port))
print("listening on %s:%d" % server.socket.getsockname(), flush=True)
asyncore.loop()  # select(2): at most 1,024 descriptors
