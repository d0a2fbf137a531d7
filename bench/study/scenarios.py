"""What is asked of the servers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scenario:
    key: str
    title: str
    conns: int = 1
    size: int = 64
    depth: int = 1
    idle: int = 0
    churn: bool = False
    polled: bool = False        # the load generator never sleeps
    fraction: float = 0         # open loop: of what the slowest compiled peer can do
    shared_core: bool = False
    all_cores: bool = False

    def options(self, slowest):
        """For `bunshin load`; `slowest` is in messages a second."""
        options = ["--conns", self.conns, "--size", self.size, "--depth", self.depth]
        if self.idle:
            options += ["--idle", self.idle]
        if self.conns + self.idle > 12000:  # an address has 28,000 ports, and closed ones rest
            options += ["--spread", 8]
        if self.churn:
            options += ["--churn"]
        if self.polled:
            options += ["--busy"]
        if self.fraction:
            options += ["--rate", round(self.fraction * slowest)]
        return [str(option) for option in options]

    def needs(self):
        return self.conns + self.idle + 16


ALL = [
    Scenario("one", "1 connection"),
    Scenario("one_polled", "1 connection, the load polls", polled=True),
    Scenario("shared", "1 connection, one shared core", shared_core=True),
    Scenario("c100", "100 connections", conns=100),
    Scenario("c1000", "1,000 connections", conns=1000),
    Scenario("c10000", "10,000 connections", conns=10000),
    Scenario("kb", "100 connections x 1 KiB", conns=100, size=1024),
    Scenario("big", "50 connections x 16 KiB", conns=50, size=16384),
    Scenario("depth", "10 connections, 32 in flight", conns=10, depth=32),
    Scenario("idle1000", "100 active, 1,000 idle", conns=100, idle=1000),
    Scenario("idle", "100 active, 10,000 idle", conns=100, idle=10000),
    Scenario("churn", "a connection a message", conns=50, churn=True),
    Scenario("open25", "open loop, 25 %", conns=100, fraction=0.25, polled=True),
    Scenario("open50", "open loop, 50 %", conns=100, fraction=0.50, polled=True),
    Scenario("open75", "open loop, 75 %", conns=100, fraction=0.75, polled=True),
    # Not for everybody.
    Scenario("open25_sleeping", "open loop, 25 %, the load sleeps", conns=100, fraction=0.25),
    Scenario("cores", "100 connections, all cores", conns=100, all_cores=True),
    Scenario("idle15000", "100 active, 15,000 idle", conns=100, idle=15000),
    Scenario("idle100000", "100 active, 100,000 idle", conns=100, idle=100000),
]
BY_KEY = {scenario.key: scenario for scenario in ALL}
SPECIAL = ("open25_sleeping", "cores", "idle15000", "idle100000")
GRID = [scenario.key for scenario in ALL if scenario.key not in SPECIAL]
OPEN = ["open25", "open50", "open75"]


@dataclass(frozen=True)
class Plan:
    name: str
    seconds: float          # of one measurement
    warmup: float
    minutes: float          # for all rounds
    rounds: int             # at most
    grid: tuple             # scenarios
    servers: tuple          # of the grid; empty: all
    special: tuple          # (scenario, servers by group)
    call_scenarios: tuple   # system calls are counted in these
    serial: bool


FULL = Plan(
    "full", 0.4, 0.1, 33, 9, tuple(GRID), (),
    (("one", "spin"), ("one_polled", "spin"), ("open25", "spin"), ("open25_sleeping", "spin"),
     ("c100", "threads"), ("cores", "threads"), ("c100", "poll_engine"), ("c1000", "poll_engine"),
     ("idle", "poll_engine"), ("c100", "models"), ("big", "models"), ("depth", "models"),
     ("c100", "timers"), ("c10000", "timers"), ("idle15000", "idlers"), ("idle100000", "idlers")),
    ("one", "c100", "depth", "churn"), True)
QUICK = Plan(
    "quick", 0.35, 0.1, 1.6, 5, ("one", "one_polled", "c100", "c1000", "idle1000", "churn", "open50"),
    ("hand_epoll", "hand_epoll_again", "hand_uring", "bunshin_epoll", "bunshin_uring",
     "libev", "libuv", "asio", "libevent", "asyncore"),
    (("one_polled", "spin"),), ("c100",), True)
CI = Plan(
    "ci", 0.1, 0.02, 0.5, 1, ("one", "c100", "idle1000", "churn", "open50"), QUICK.servers,
    (("one_polled", "spin"), ("c100", "models")), ("c100",), True)
