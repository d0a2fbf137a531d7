#!/usr/bin/env python3
"""The question of round.cpp, asked of Python's asyncore.

Prints a line for each number of registered descriptors, one of which has a byte to read: the
number, and what a round takes in microseconds, the median of some runs. Only the rounds are
timed, not the sends before them. asyncore left Python with version 3.12.
"""

import resource
import socket
import statistics
import sys
import time
import warnings

DESCRIPTORS = (1, 100, 1000, 10000)
SECONDS_EACH = 0.5  # or what the first argument says
REPETITIONS = 3

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


def mean_round(descriptors, seconds):
    """The mean time of a round, in seconds."""
    registered = {}
    ours, peer = socket.socketpair()
    Reader(ours, registered)
    ends = [ours, peer]
    while len(registered) < descriptors:
        for end in socket.socketpair():
            ends.append(end)
            if len(registered) < descriptors:
                Reader(end, registered)
    rounds, total = 0, 0.0
    while total < seconds:
        peer.send(b"x")
        start = time.perf_counter()
        asyncore.poll2(0, registered)
        total += time.perf_counter() - start
        rounds += 1
    for end in ends:
        end.close()
    return total / rounds


def main():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS_EACH
    for descriptors in DESCRIPTORS:
        try:
            mean = statistics.median(mean_round(descriptors, seconds) for _ in range(REPETITIONS))
            print(descriptors, f"{mean * 1e6:.2f}", flush=True)
        except OSError as error:
            print(f"not run: {descriptors} descriptors: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
