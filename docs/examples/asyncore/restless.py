import asyncore
import socket
import time


class Restless(asyncore.dispatcher):
    calls = 0

    def handle_write(self):
        self.calls += 1


one, other = socket.socketpair()
restless = Restless(one)
end = time.monotonic() + 0.1
while time.monotonic() < end:
    asyncore.loop(timeout=0.1, count=1)
print("handle_write was called", restless.calls, "times")
