#!/usr/bin/env python3
"""Starts the echo server given as arguments and talks to it as several clients at once."""

import socket
import subprocess
import sys

LIMIT = 10  # seconds that any one step may take
CLIENTS = 3


def talk(address):
    clients = [socket.create_connection(address, LIMIT) for _ in range(CLIENTS)]
    # The first connected has to wait for nobody: the last is answered first.
    for number, client in reversed(list(enumerate(clients))):
        text = b"hello from %d " % number * 500
        client.sendall(text)
        got = b""
        while len(got) < len(text):
            part = client.recv(4096)
            assert part, "the server closed the connection"
            got += part
        assert got == text, f"client {number} got {got[:80]!r}..."
    for client in clients:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(1) == b"", "more came than was sent"


server = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True)
try:
    words = server.stdout.readline().split()  # listening on HOST:PORT
    assert words[:2] == ["listening", "on"], f"it said {words}"
    host, port = words[2].rsplit(":", 1)
    talk((host, int(port)))
    assert server.poll() is None, f"it ended with status {server.returncode}"
finally:
    server.kill()
    server.wait()
print(f"{CLIENTS} clients at once: served")
