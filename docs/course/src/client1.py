"""Chapter 1: sends what is typed, line by line, and prints what comes back."""

import socket
import sys

# [main]
port = int(sys.argv[1]) if len(sys.argv) > 1 else 9876
host = sys.argv[2] if len(sys.argv) > 2 else "127.0.0.1"

with socket.create_connection((host, port)) as server:
    answers = server.makefile("rb")
    for line in sys.stdin:
        server.sendall(line.encode())
        answer = answers.readline()
        if not answer:
            sys.exit("the server has gone")
        print(answer.decode(), end="", flush=True)
# [/main]
