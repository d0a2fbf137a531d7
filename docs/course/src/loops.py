"""Chapter 10: the same answers, timed from when they were asked for and from when they should have been.

    loops.py PORT PID      the server's, which is stopped for a while in the middle
"""

import os
import signal
import socket
import sys
import threading
import time

# [loops]
port, pid = int(sys.argv[1]), int(sys.argv[2])
SECONDS, INTERVAL, STOPPED = 4, 0.005, 0.5

server = socket.create_connection(("127.0.0.1", port))
server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
threading.Timer(SECONDS / 2, os.kill, (pid, signal.SIGSTOP)).start()
threading.Timer(SECONDS / 2 + STOPPED, os.kill, (pid, signal.SIGCONT)).start()

from_sending, from_plan = [], []
start = planned = time.perf_counter()
while planned < start + SECONDS:
    time.sleep(max(0, planned - time.perf_counter()))
    sent = time.perf_counter()
    server.sendall(b"x" * 64)
    heard = 0
    while heard < 64:
        heard += len(server.recv(64))
    answered = time.perf_counter()
    from_sending.append(answered - sent)
    from_plan.append(answered - planned)
    planned += INTERVAL

for name, times in ("from sending", from_sending), ("from the plan", from_plan):
    times.sort()
    p50, p90, p99 = (times[int(len(times) * part)] * 1000 for part in (0.5, 0.9, 0.99))
    print(f"{name:13}  p50 {p50:6.1f} ms  p90 {p90:6.1f} ms  p99 {p99:6.1f} ms  "
          f"max {times[-1] * 1000:6.1f} ms")
# [/loops]
