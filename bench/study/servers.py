"""The servers that are compared. A new peer is one file in peers/ and one line in servers()."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"
PYTHON = "/usr/bin/python3"  # the system's own: Python 3.12 has no asyncore any more


@dataclass(frozen=True)
class Server:
    key: str
    label: str
    command: tuple = ()            # ADDRESS stands for the address
    group: str = "grid"
    missing: str = ""              # why it can not run at all
    hand: bool = False             # the limit, not a library
    ours: bool = False
    compiled: bool = True
    most_descriptors: int = 0      # 0: as many as the process may have
    why_most: str = ""

    def cannot(self, scenario, limit):
        """Why it can not serve `scenario`; nothing when it can."""
        if self.missing:
            return self.missing
        if self.most_descriptors and scenario.needs() > self.most_descriptors:
            return self.why_most
        if scenario.needs() > limit:
            return f"a process may have {limit:,} descriptors here"
        return ""

    def command_line(self, address):
        return [address if part == "ADDRESS" else part for part in self.command]


class Build:
    """The folder with the compiled servers."""

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self.bunshin = str(self.folder / "tools" / "bunshin")
        self.help = self.ask("echo", "--help")
        version = self.ask("version")
        self.engines = [line.split()[1] for line in version.splitlines()
                        if line.startswith("engine ")]

    def ask(self, *arguments):
        try:
            run = subprocess.run([self.bunshin, *arguments], capture_output=True, text=True)
        except OSError:
            return ""
        return run.stdout

    def compiled_server(self, key, label, name, options=(), **more):
        found = (self.folder / "bench" / room / name for room in ("study", "baseline"))
        path = next((str(path) for path in found if path.is_file()), "")
        missing = "" if path else "was not built (is its library installed? tools/setup.sh)"
        return Server(key, label, (path, "ADDRESS", *options), missing=missing, **more)

    def bunshin_server(self, key, label, engine, options=(), **more):
        missing = ""
        if engine not in self.engines:
            missing = f"this build of bunshin has no engine {engine}"
        for option in options:
            if option.startswith("--") and option not in self.help:
                missing = f"this build of bunshin has no {option}"
        command = (self.bunshin, "echo", "ADDRESS", "--engine", engine, *options)
        return Server(key, label, command, ours=True, missing=missing, **more)

    def model(self, key, label, *options, group="models"):
        return self.compiled_server(key, label, "peer_bunshin_models", options=options, ours=True,
                                    group=group)


def python_server(key, label, file, **more):
    return Server(key, label, (PYTHON, str(PEERS / file), "ADDRESS"), compiled=False, **more)


def servers(build):
    grid = [
        build.compiled_server("hand_epoll", "hand-coded epoll", "bench_epoll_echo", hand=True),
        build.bunshin_server("bunshin_epoll", "bunshin/epoll", "epoll"),
        build.compiled_server("hand_epoll_again", "hand-coded epoll, again",
                              "bench_epoll_echo", hand=True),
        build.compiled_server("hand_uring", "hand-coded io_uring", "bench_uring_echo",
                              hand=True),
        build.bunshin_server("bunshin_uring", "bunshin/io_uring", "io_uring"),
        build.compiled_server("libev", "libev", "peer_libev"),
        build.compiled_server("libuv", "libuv", "peer_libuv"),
        build.compiled_server("asio", "Asio", "peer_asio"),
        build.compiled_server("libevent_raw", "libevent, events", "peer_libevent_raw"),
        build.compiled_server("libevent", "libevent, bufferevents", "peer_libevent_bufferevent"),
        build.compiled_server("poll", "poll by hand", "peer_poll"),
        build.compiled_server("threads", "a thread a connection", "peer_threads"),
        python_server("asyncio", "Python asyncio", "asyncio_protocol.py"),
        python_server("asyncore", "Python asyncore (server3)", "asyncore_server3.py",
                      most_descriptors=1024, why_most="select(2) takes 1,024 descriptors"),
    ]
    return grid + special_servers(build)


def special_servers(build):
    spins = [build.bunshin_server(f"spin{time}", f"bunshin/epoll --spin {time}", "epoll",
                                  ("--spin", str(time)), group="spin")
             for time in (20, 50, 100, 200)]
    threads = [build.bunshin_server(f"threads{count}", f"bunshin/epoll --threads {count}", "epoll",
                                    ("--threads", str(count)), group="threads")
               for count in (1, 2)]
    turns = [build.model(f"turn{kib}", f"remembered, turns of {kib} KiB", "--turn",
                         str(kib * 1024)) for kib in (4, 64, 1024)]
    return [
        *spins,
        *threads,
        build.bunshin_server("idlers_epoll", "bunshin/epoll", "epoll", group="idlers"),
        build.bunshin_server("idlers_uring", "bunshin/io_uring", "io_uring", group="idlers"),
        build.bunshin_server("bunshin_poll", "bunshin/poll", "poll", group="poll_engine"),
        build.model("remembered", "remembered edge (the default)"),
        build.model("drain", "edge, drained until EAGAIN", "--model", "drain"),
        build.model("level", "level-triggered", "--model", "level"),
        *turns,
        build.model("no_timers", "no timer", group="timers"),
        build.model("idle_timeouts", "an idle time-out a connection", "--idle-timeout", "60",
                    group="timers"),
    ]
