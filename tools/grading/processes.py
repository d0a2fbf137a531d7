"""What /proc tells of processes, and how to end all that somebody has started."""

import ctypes
import os
import signal
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
PAGE = os.sysconf("SC_PAGE_SIZE")


def adopt_orphans():
    """From now on what our descendants leave behind is ours, and not init's: it can be ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def stat_fields(pid):
    """The fields of /proc/PID/stat behind the name: state, parent, ...; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2].split()
    except OSError:
        return []


def is_zombie(pid):
    return stat_fields(pid)[:1] == [b"Z"]


def descendants(pid):
    """Everybody below `pid`, itself not among them."""
    children = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (fields := stat_fields(name)):
            children.setdefault(int(fields[1]), []).append(int(name))
    found, waiting = [], [pid]
    while waiting:
        found += (below := children.get(waiting.pop(), []))
        waiting += below
    return found


def signal_all(pids, number):
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def end_all_below(pid):
    """Ends the descendants of `pid`, those too that go on making new ones. What has ended is left to
    its parent, or reaped when that is us."""
    limit = time.monotonic() + 5
    while time.monotonic() < limit:
        below = descendants(pid)
        running = [one for one in below if not is_zombie(one)]
        signal_all(running, signal.SIGSTOP)  # who stands still makes no children
        signal_all(running, signal.SIGKILL)
        for one in below:
            try:
                os.waitpid(one, os.WNOHANG)
            except ChildProcessError:
                pass  # its parent does
        if not running:
            return
        time.sleep(0.005)


def wants_to_run(pid):
    """Whether one of its threads runs now, or waits for nothing but a processor."""
    return any(stat_fields(f"{pid}/task/{thread.name}")[:1] == [b"R"]
               for thread in Path(f"/proc/{pid}/task").glob("*"))


def wake_ups(pid):
    """How often any of its threads has waited for something."""
    count = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        try:
            count += int(status.read_text().split("\nvoluntary_ctxt_switches:")[1].split()[0])
        except (OSError, IndexError):
            pass
    return count


def resident_bytes(pid):
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except OSError:
        return 0


def open_descriptors(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def tasks_of_user(uid):
    """Threads of all processes that this user has, as RLIMIT_NPROC counts them."""
    count = 0
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and process.stat().st_uid == uid:
                count += len(os.listdir(process / "task"))
        except OSError:
            pass
    return count
