#!/usr/bin/env python3
"""The question of round.cpp, asked of Python's asyncore.

Prints a line for each number of registered descriptors, one of which has a byte to read: the
number, and the median of what a round takes in microseconds. Only the round is timed, not the send
before it. asyncore left Python with version 3.12.
"""

import resource
import socket
import statistics
import sys
import time
import warnings

DESCRIPTORS = (1, 100, 1000, 10000)
SECONDS_EACH = 1.0

warnings.simplefilter("ignore", DeprecationWarning)
try:
    import asyncore
except ImportError:
    sys.exit(f"not run: Python {sys.version_info.major}.{sys.version_info.minor} has no asyncore; "
             "it takes 3.11 or older")


class Reader(asyncore.dispatcher):
    """Reads and does not want to write, as the handlers of round.cpp."""

    def writable(self):
        return False

    def handle_read(self):
        self.recv(65536)


def connected_pair():
    """Over the loopback interface."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    return ours, peer


def median_round(descriptors, seconds):
    """The median time of a round, in seconds."""
    registered = {}
    ours, peer = connected_pair()
    Reader(ours, registered)
    ends = [ours, peer]
    while len(registered) < descriptors:
        for end in socket.socketpair():
            ends.append(end)
            if len(registered) < descriptors:
                Reader(end, registered)
    times = []
    end_of_time = time.perf_counter() + seconds
    while time.perf_counter() < end_of_time or not times:
        peer.send(b"x")
        start = time.perf_counter()
        asyncore.poll2(0, registered)
        times.append(time.perf_counter() - start)
    for end in ends:
        end.close()
    return statistics.median(times)


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS_EACH
    for descriptors in DESCRIPTORS:
        try:
            print(descriptors, f"{median_round(descriptors, seconds) * 1e6:.2f}", flush=True)
        except OSError as error:
            print(f"not run: {descriptors} descriptors: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
