"""Chapter 2: an echo server for many clients, one after the other."""

import socket
import sys
import time

# [main]
port = int(sys.argv[1]) if len(sys.argv) > 1 else 9876

with socket.create_server(("127.0.0.1", port)) as listener:
    print("listening on %s:%d" % listener.getsockname(), flush=True)
    while True:
        client, peer = listener.accept()
        with client:
            try:
                while data := client.recv(1024):
                    client.sendall(time.strftime("[%a %b %d %H:%M:%S %Y] ").encode() + data)
            except ConnectionError:
                pass
# [/main]
