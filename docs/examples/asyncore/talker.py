import asyncore
import socket
import sys


class Talker(asyncore.dispatcher):
    def __init__(self, host, port, text):
        asyncore.dispatcher.__init__(self)
        self.out = text
        self.create_socket(socket.AF_INET, socket.SOCK_STREAM)
        self.connect((host, port))

    def handle_connect(self):
        print("connected", flush=True)

    def writable(self):
        return not self.connected or len(self.out) > 0

    def handle_write(self):
        sent = self.send(self.out)
        self.out = self.out[sent:]

    def handle_read(self):
        print(self.recv(8192).decode(), end="", flush=True)

    def handle_close(self):
        print("closed", flush=True)
        self.close()


host, port = sys.argv[1].split(":")
Talker(host, int(port), b"stressed\nbye\n")
asyncore.loop()
