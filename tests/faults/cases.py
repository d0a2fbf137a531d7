"""What can fail: each system call, how it fails, and what the program may make of it."""

from dataclasses import dataclass

# What a failure may cost.
UNSEEN = "unseen"  # nothing: it passes, and is tried again
ONE = "one"        # one client, phrase or run, and the log says so
PEER = "peer"      # the same, but it is what a peer did: no line is needed
END = "end"        # the program, with one line and a status that is not 0

_TTY = {"EINTR": UNSEEN, "EIO": ONE, "ENOTTY": ONE}
_RECEIVE = {"EINTR": UNSEEN, "ENOMEM": UNSEEN, "ENOBUFS": UNSEEN, "EIO": ONE, "ECONNRESET": PEER,
            "ETIMEDOUT": PEER}
_SEND = {"EINTR": UNSEEN, "ENOMEM": UNSEEN, "ENOBUFS": UNSEEN, "EPIPE": PEER, "ECONNRESET": PEER}
_NEW = {"EMFILE": ONE, "ENFILE": ONE, "ENOMEM": ONE}
_STAT = {"EIO": ONE, "ENOMEM": ONE}
_SET = {"EINVAL": ONE, "ENOMEM": ONE}
_OUTPUT = {"EINTR": UNSEEN, "ENOSPC": ONE, "EIO": ONE, "EPIPE": ONE}
_LOG = {"EINTR": UNSEEN, "ENOSPC": UNSEEN, "EIO": UNSEEN, "EPIPE": UNSEEN}

# These are many things; which one is told by the descriptor. What wakes a loop (a pipe, an eventfd)
# can not fail.
TOLD_APART = {"read", "write", "writev"}

# EAGAIN is left out where the kernel reports a change only once: it would be a lie, nothing would
# ever wake the program. Where it asks again each time (poll), EAGAIN is added below.
CALLS = {
    "epoll_wait": {"EINTR": UNSEEN, "EINVAL": END},
    "epoll_pwait": {"EINTR": UNSEEN, "EINVAL": END},
    "epoll_pwait2": {"EINTR": UNSEEN, "ENOSYS": UNSEEN, "EPERM": UNSEEN, "EINVAL": END},
    "poll": {"EINTR": UNSEEN, "EAGAIN": UNSEEN, "ENOMEM": UNSEEN, "EINVAL": END},
    "ppoll": {"EINTR": UNSEEN, "EAGAIN": UNSEEN, "ENOMEM": UNSEEN, "EINVAL": END},
    "io_uring_enter": {"EINTR": UNSEEN, "EAGAIN": UNSEEN, "EBUSY": UNSEEN, "ENOMEM": UNSEEN,
                       "EINVAL": END, "EPERM": END},
    "accept4": {"EINTR": UNSEEN, "ECONNABORTED": UNSEEN, "EPROTO": UNSEEN, "EMFILE": ONE,
                "ENFILE": ONE, "ENOMEM": ONE, "ENOBUFS": ONE, "EPERM": ONE, "EACCES": ONE,
                "EINVAL": ONE, "EIO": ONE},
    "recvfrom": _RECEIVE,
    "sendto": _SEND,
    "read:stdin": {"EINTR": UNSEEN, "EIO": ONE},
    "read:line": {"EINTR": UNSEEN, "EIO": ONE},
    "write:line": {"EINTR": UNSEEN, "EIO": ONE, "ENOMEM": UNSEEN},
    "write:stdout": _OUTPUT,
    "write:stderr": _LOG,
    "writev:stdout": _OUTPUT,
    "writev:stderr": _LOG,
    "epoll_ctl": {"ENOMEM": ONE, "ENOSPC": ONE, "EPERM": ONE, "EINVAL": ONE},
    "close": {"EINTR": UNSEEN, "EIO": UNSEEN},
    "connect": {"EAGAIN": ONE, "ECONNREFUSED": ONE, "ETIMEDOUT": ONE,
                "ENETUNREACH": ONE, "EADDRNOTAVAIL": ONE, "EPERM": ONE},
    "socket": _NEW | {"ENOBUFS": ONE, "EPERM": ONE, "EAFNOSUPPORT": ONE},
    "bind": {"EACCES": ONE, "EADDRINUSE": ONE, "EINVAL": ONE},
    "listen": {"EADDRINUSE": ONE, "EOPNOTSUPP": ONE},
    "setsockopt": _SET,
    "getsockopt": _SET,
    "getsockname": {"ENOBUFS": ONE},
    "getpeername": {"ENOBUFS": ONE},
    "openat": _NEW | {"EACCES": ONE, "EIO": ONE, "EINTR": UNSEEN},
    "fcntl": {"EINVAL": ONE, "EPERM": ONE},
    "ioctl": _TTY,
    "flock": {"EINTR": UNSEEN, "ENOLCK": ONE, "EAGAIN": ONE},
    "newfstatat": _STAT,
    "symlink": {"EEXIST": ONE, "ENOSPC": ONE},
    "lseek": {"ESPIPE": ONE},
    "timerfd_create": _NEW,
    "timerfd_settime": {"EINVAL": ONE},
    "eventfd2": _NEW,
    "pipe2": {"EMFILE": ONE, "ENFILE": ONE},
    "epoll_create1": _NEW,
    "io_uring_setup": _NEW | {"EPERM": ONE, "ENOSYS": ONE, "EINVAL": ONE},
    "io_uring_register": {"ENOMEM": END, "EINVAL": END, "EBUSY": END},
    "mmap": {"ENOMEM": ONE, "EAGAIN": ONE},
    "munmap": {"ENOMEM": UNSEEN},
    "madvise": {"ENOMEM": UNSEEN},
    "mprotect": {"ENOMEM": ONE},
    "clone3": {"EAGAIN": ONE, "ENOMEM": ONE},
    "clone": {"EAGAIN": ONE, "ENOMEM": ONE},
    "rt_sigaction": {"EINVAL": ONE},
    "signalfd4": _NEW,
    "getrusage": {"EINVAL": ONE},
    # What is asked of an io_uring, of which io_uring_enter hands over many at once.
    "uring_accept": {"EINTR": UNSEEN, "ECONNABORTED": UNSEEN, "EMFILE": ONE, "ENFILE": ONE,
                     "ENOMEM": ONE, "ENOBUFS": ONE, "EPERM": ONE, "EINVAL": ONE},
    "uring_recv": {"EINTR": UNSEEN, "ENOBUFS": UNSEEN, "ENOMEM": UNSEEN, "EIO": ONE,
                   "ECONNRESET": PEER, "ETIMEDOUT": PEER},
    "uring_send": _SEND,
    "uring_poll": {"ENOMEM": UNSEEN, "EINTR": UNSEEN},
}

ASKED_AGAIN = {"recvfrom", "sendto", "accept4", "read:line", "read:stdin", "write:line"}

# A failure that passes comes so often in a row, where others come once or for ever.
BURST = 20


@dataclass(frozen=True)
class Case:
    command: str
    engine: str
    phase: str    # start: until it serves; steady: after that
    call: str
    error: str
    when: str     # first, middle, all
    at: int       # which call of this name it is, counted from the start of the process
    may_cost: str

    @property
    def name(self):
        return "/".join((self.command, self.engine, self.phase, self.call, self.error, self.when))

    @property
    def system_call(self):
        return self.call.partition(":")[0]

    @property
    def target(self):
        return self.call.partition(":")[2]

    @property
    def passes(self):
        """Whether calls made after the failure succeed."""
        return self.when != "all" or self.may_cost == UNSEEN

    @property
    def of_ring(self):
        """Whether it is no system call."""
        return self.call.startswith("uring_")

    @property
    def until(self):
        """The last that fails; None: all do."""
        if self.when != "all":
            return self.at
        return self.at + BURST - 1 if self.passes else None


def _errors(engine, call):
    errors = CALLS.get(call, {})
    if engine == "poll" and call in ASKED_AGAIN:
        errors = errors | {"EAGAIN": UNSEEN}
    return errors


def cases_of(command, engine, start, steady):
    """start, steady: for each call (first, last), counted from the start of the process."""
    for phase, calls in (("start", start), ("steady", steady)):
        for call, (first, last) in sorted(calls.items()):
            for error, may_cost in _errors(engine, call).items():
                for when, at in (("first", first), ("middle", (first + last + 1) // 2),
                                 ("all", first)):
                    if when == "middle" and at == first:
                        continue
                    yield Case(command, engine, phase, call, error, when, at, may_cost)


def unknown_calls(calls):
    """Calls that are made and that this file does not know, but for those that can not fail.

    brk can, but only glibc's malloc notices, which then asks mmap. shutdown can when the connection
    is gone, whose end is reported anyway.
    """
    harmless = {"brk", "uring_other", "shutdown", "exit_group", "exit", "rt_sigreturn", "rt_sigprocmask", "futex", "getpid", "gettid",
                "getuid", "getrandom", "rseq", "set_robust_list", "set_tid_address", "prlimit64",
                "sched_yield", "sched_getaffinity", "clock_nanosleep", "restart_syscall", "access",
                "uname", "sysinfo", "unlink", "pread64", "arch_prctl", "clock_gettime", "tgkill"}
    told_apart = {call for call in calls if call.partition(":")[0] in TOLD_APART}
    return sorted(set(calls) - set(CALLS) - harmless - told_apart)


def chosen(cases):
    """Of the cases that differ only in `when`, one; while it sets up, which engine is alike, too."""
    groups = {}
    for case in cases:
        engine = case.engine if case.phase == "steady" or "io_uring" in case.call else ""
        groups.setdefault((case.command, engine, case.phase, case.call, case.error), []).append(case)
    for turn, group in enumerate(groups.values()):
        yield group[turn % len(group)]
