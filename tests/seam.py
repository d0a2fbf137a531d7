#!/usr/bin/env python3
"""What reactor/, handlers/, bridge/ and tools/scope/ ask of the world, they ask at the seam: of an Engine, a Medium
or a Host. Here stands which files are that seam, or a business of the whole process, and why; no
other file makes a system call on a descriptor or asks what time it is.

    tests/seam.py [ROOT]
"""

import re
import sys
from pathlib import Path

SEAM = {
    "reactor/epoll_engine.cpp": "an engine",
    "reactor/kqueue_engine.cpp": "an engine",
    "reactor/poll_engine.cpp": "an engine",
    "reactor/uring_engine.cpp": "an engine",
    "reactor/uring_operations.cpp": "an engine",
    "reactor/uring_ring.cpp": "an engine",
    "reactor/engine.cpp": "what engines have in common: their waits",
    "reactor/medium.cpp": "the kernel's media",
    "reactor/operations.h": "the medium of a plain stream, inline",
    "reactor/host.h": "the kernel as a host: its clock",
    "reactor/host.cpp": "the kernel as a host",
    "reactor/custom_baud.cpp": "the kernel as a host: ttys",
    "reactor/path_watch.cpp": "the kernel as a host: names that come and go",
    "reactor/sockets.cpp": "the kernel as a host: systems differ",
    "reactor/socket_address.cpp": "the kernel as a host: names",
    "reactor/serial_line.cpp": "the kernel as a host: ttys",
    "reactor/simulation/world.cpp": "close(2), for what is not the world's",
    "reactor/signals.cpp": "signals are the process's",
    "reactor/standard_stream.cpp": "standard streams are the process's",
    "reactor/stream_watch.cpp": "standard streams are the process's",
    "reactor/reactor.cpp": "SIGPIPE is the process's",
    "handlers/unix_path.cpp": "names in the file system, and who else has one",
    "bridge/service_manager.cpp": "its socket, and those it passes, are the process's",
    "bridge/pseudo_terminal.cpp": "makes the line of a simulated robot",
    "tools/scope/trace_file.cpp": "a file, written by a thread of its own",
    "bridge/simulated_rapiro.cpp": "links in the file system",
}

CALLS = ("socket accept accept4 bind listen connect shutdown getsockopt setsockopt getsockname "
         "getpeername recv recvfrom recvmsg send sendto sendmsg read readv write writev poll ppoll "
         "select ioctl fcntl fstat open close dup dup2 pipe pipe2 tcgetattr tcsetattr isatty flock "
         "inotify_init1 inotify_add_watch stat readlink unlink symlink access sigaction clock_gettime gettimeofday time nanosleep "
         "usleep sleep").split()
ASKS = re.compile(
    r"(?<![\w:])::(" + "|".join(CALLS) + r")\s*\(|"
    r"\b(?:Clock|steady_clock|system_clock|high_resolution_clock)::now\s*\(|"
    r"\bstd::time\s*\(|\bsleep_for\s*\(|\bsleep_until\s*\(|\brandom_device\b")
COMMENT = re.compile(r"//.*")


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    wrong, used = [], set()
    for room in ("reactor", "handlers", "bridge", "tools/scope"):
        for path in sorted(root.joinpath(room).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            name = path.relative_to(root).as_posix()
            for number, line in enumerate(path.read_text().splitlines(), 1):
                found = ASKS.search(COMMENT.sub("", line))
                if not found:
                    continue
                used.add(name)
                if name not in SEAM:
                    wrong.append(f"{name}:{number}: {found.group().strip()}...) is not for this "
                                 f"file: ask an Engine, a Medium or the Host")
    wrong += [f"{name} is named as a part of the seam and asks for nothing"
              for name in sorted(set(SEAM) - used)]
    print("\n".join(wrong) or f"{len(SEAM)} files ask the world, and no other")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
