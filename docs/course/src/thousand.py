"""Chapter 11: a thousand messages there and back.

    thousand.py PORT
"""

import socket
import sys

# [talk]
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server:
    for _ in range(1000):
        server.sendall(b"hello")
        heard = 0
        while heard < 5:
            heard += len(server.recv(5))
# [/talk]
