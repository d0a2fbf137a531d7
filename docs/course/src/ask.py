"""Chapter 8: asks a long question, waits a moment, and counts how much of the answer there is.

    ask.py PORT
"""

import socket
import sys
import time

# [ask]
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as server:
    server.sendall(b"?" * 1000)
    time.sleep(0.5)
    heard = 0
    try:
        while part := server.recv(65536):
            heard += len(part)
        print(f"{heard} bytes, and the end")
    except ConnectionResetError:
        print(f"{heard} bytes, and then: connection reset by peer")
# [/ask]
