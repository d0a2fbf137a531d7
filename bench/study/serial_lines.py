"""The serial bridge beside its peers: what a byte costs from a socket to a pseudo-terminal and back.

The far end of the socket and of the line are both here, so the time between them is one clock's.
The way there is measured for all, there and back for those that carry what the line says
(rapiro.py does not, nor does `bunshin bridge --raw` unless it is told to).
"""

import contextlib
import dataclasses
import os
import select
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import tty

from measure import Failed, last_line, pin, wait_until
from servers import PEERS, PYTHON

MESSAGE = 16
PATTERN = bytes(number * 7 % 251 for number in range(251 * 512))
CHUNK = 32 * 1024


def cpu_clock(pid):
    """The clock of another process: what clock_getcpuclockid(3) computes on Linux."""
    return (~pid << 3) | 2


class Line:
    """Both ends of a serial line that is none."""

    def __init__(self):
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.device = os.ttyname(self.slave)

    def close(self):
        os.close(self.master)
        os.close(self.slave)


@dataclasses.dataclass
class Candidate:
    key: str
    label: str
    command: list
    both_ways: bool = True


def candidates(bunshin):
    """The bridges. Each connects to ADDRESS, or listens there itself."""
    raw = [bunshin, "bridge", "--raw", "--julius", "ADDRESS", "--serial", "DEVICE"]
    return [
        Candidate("bunshin", "bunshin bridge --raw", raw, both_ways=False),
        Candidate("bunshin_both", "bunshin bridge --raw --both-ways", [*raw, "--both-ways"]),
        Candidate("socat", "socat", ["socat", "TCP:ADDRESS,nodelay", "DEVICE,raw,echo=0"]),
        Candidate("ser2net", "ser2net", ["ser2net", "-d", "-u", "-c", "CONFIG"]),
        Candidate("rapiro", "rapiro.py (pyserial)",
                  [PYTHON, str(PEERS / "rapiro_copy.py"), "ADDRESS", "DEVICE"], both_ways=False),
    ]


def ser2net_config(port, device):
    return ("connection: &line\n"
            f"  accepter: tcp(nodelay=true),127.0.0.1,{port}\n"
            f"  connector: serialdev,{device},57600n81,local\n"
            # Or else it waits for more characters, 1 ms at least, to send fewer packets.
            "  options:\n    chardelay: false\n")


@contextlib.contextmanager
def bridge(command, device, cores):
    """A running bridge: its process, and our end of its socket."""
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            tempfile.NamedTemporaryFile("w", suffix=".yaml") as config, tempfile.TemporaryFile() as errors:
        port = listener.getsockname()[1]
        listens = "CONFIG" in command
        if listens:
            listener.close()
            config.write(ser2net_config(port, device))
            config.flush()
        names = {"ADDRESS": f"127.0.0.1:{port}", "DEVICE": device, "CONFIG": config.name}
        line = command
        for name, value in names.items():
            line = [part.replace(name, value) for part in line]
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                   preexec_fn=pin(cores))
        try:
            connection = connect(port) if listens else accept(listener)
            if connection is None:
                raise Failed("it did not connect: " + last_line(errors))
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                yield process, connection
        finally:
            process.kill()
            process.wait()


def accept(listener):
    listener.settimeout(5)
    try:
        return listener.accept()[0]
    except TimeoutError:
        return None


def connect(port):
    found = []

    def attempt():
        try:
            found.append(socket.create_connection(("127.0.0.1", port), 1))
        except OSError:
            return False
        return True

    return found[0] if wait_until(attempt, 5) else None


def read_line(line, seconds):
    ready, _, _ = select.select([line.master], [], [], seconds)
    return os.read(line.master, 65536) if ready else b""


def receive_all(line, size):
    """A message at the line's far end."""
    arrived = b""
    while len(arrived) < size:
        data = read_line(line, 5)
        if not data:
            raise Failed("a message did not arrive at the line")
        arrived += data
    return arrived


def latencies(line, connection, count, back):
    """Nanoseconds from the socket to the line, and back when asked, one message at a time."""
    found = []
    connection.settimeout(5)
    for number in range(count):
        message = PATTERN[number * MESSAGE % 40000:][:MESSAGE]
        start = time.perf_counter_ns()
        connection.sendall(message)
        arrived = receive_all(line, MESSAGE)
        if back:
            os.write(line.master, arrived)
            arrived = connection.recv(MESSAGE, socket.MSG_WAITALL)
        found.append(time.perf_counter_ns() - start)
        if arrived != message:
            raise Failed("what arrived is not what was sent")
    return sorted(found)


def throughput(line, connection, process, seconds):
    """Bytes a second, and the bridge's CPU a KiB."""
    connection.setblocking(False)
    sent = arrived = 0
    clock = cpu_clock(process.pid)
    used, start = time.clock_gettime_ns(clock), time.monotonic()
    while time.monotonic() < start + seconds:
        readable, writable, _ = select.select([line.master], [connection], [], 1)
        if writable:
            place = sent % len(PATTERN)
            sent += connection.send(PATTERN[place:place + CHUNK])
        if readable:
            data = os.read(line.master, 65536)
            place = arrived % len(PATTERN)
            if data != (PATTERN[place:] + PATTERN)[:len(data)]:
                raise Failed("what arrived at the line is not what was sent")
            arrived += len(data)
    used = time.clock_gettime_ns(clock) - used
    if arrived == 0:
        raise Failed("nothing arrived at the line")
    return arrived / (time.monotonic() - start), used / (arrived / 1024)


def measure_once(candidate, cores, count, seconds):
    line = Line()
    try:
        with bridge(candidate.command, line.device, cores.server) as (process, connection):
            latencies(line, connection, 20, back=False)
            there = latencies(line, connection, count, back=False)
            back = latencies(line, connection, count, back=True) if candidate.both_ways else None
            speed, cpu = throughput(line, connection, process, seconds)
    finally:
        line.close()
    found = {"p50_ns": there[count // 2], "p99_ns": there[count * 99 // 100],
             "bytes_per_second": speed, "cpu_ns_per_kib": cpu}
    if back:
        found |= {"back_p50_ns": back[count // 2], "back_p99_ns": back[count * 99 // 100]}
    return found


def measure(bunshin, cores, plan):
    """One row a bridge: the medians of a few rounds, each with all of them."""
    rounds, count, seconds = {"full": (7, 2000, 1.0), "quick": (3, 500, 0.3)}.get(
        plan.name, (1, 100, 0.1))
    all_of_them = candidates(bunshin)
    found = {candidate.key: [] for candidate in all_of_them}
    reasons = {}
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores.load)
    try:
        for _ in range(rounds):
            for candidate in all_of_them:
                try:
                    if not shutil.which(candidate.command[0]):
                        raise Failed("it is not installed: tools/setup.sh")
                    found[candidate.key].append(measure_once(candidate, cores, count, seconds))
                except (Failed, OSError) as failure:
                    reasons[candidate.key] = str(failure)
    finally:
        os.sched_setaffinity(0, before)
    return [row(candidate, found[candidate.key], reasons.get(candidate.key))
            for candidate in all_of_them]


def row(candidate, records, reason):
    named = {"key": candidate.key, "label": candidate.label}
    if not records:
        return {**named, "cannot": reason}
    medians = {name: statistics.median(record[name] for record in records) for name in records[0]}
    return {**named, "rounds": len(records), **medians}
