import asyncore
import sys


class Counter(asyncore.file_dispatcher):
    count = 0

    def writable(self):
        return False  # standard input

    def handle_read(self):
        self.count += len(self.recv(4096))

    def handle_close(self):
        print(self.count, "bytes")
        self.close()


Counter(sys.stdin)
asyncore.loop()
