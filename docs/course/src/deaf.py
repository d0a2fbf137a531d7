"""Chapter 7: one client talks much, the other never reads. What becomes of the server's memory?

    deaf.py PORT PID
"""

import socket
import sys

# [deaf]
port, pid = int(sys.argv[1]), int(sys.argv[2])
LINE = b"x" * 1023 + b"\n"


def memory():
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


deaf = socket.create_connection(("127.0.0.1", port))
talker = socket.create_connection(("127.0.0.1", port))
for megabytes in (0, 10, 20, 30, 40):
    if megabytes:
        for _ in range(10 * 1024):
            talker.sendall(LINE)
            heard = 0
            while heard < len(LINE):
                heard += len(talker.recv(65536))
    print("%2d MB said: the server has %6d kB" % (megabytes, memory()))
# [/deaf]
