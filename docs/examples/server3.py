import asyncore
import socket
import sys


class EchoHandler(asyncore.dispatcher_with_send):
    def handle_read(self):
        data = self.recv(1024)
        if data:
            self.send(data)


class EchoServer(asyncore.dispatcher):
    def __init__(self, host, port):
        asyncore.dispatcher.__init__(self)
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.set_reuse_addr()
        self.bind((host, port))
        self.listen(5)

    def handle_accept(self):
        pair = self.accept()
        if pair is not None:
            EchoHandler(pair[0])


host, port = sys.argv[1].split(":") if len(sys.argv) > 1 else ("127.0.0.1", 9876)
server = EchoServer(host, int(port))
print("listening on %s:%d" % server.socket.getsockname(), flush=True)
asyncore.loop()
