"""One measurement: a server, a load, what they came to."""

import contextlib
import json
import os
import select
import signal
import subprocess
import tempfile
import time

PATIENCE = 30  # seconds, beyond what a measurement is to take


class Failed(Exception):
    """Why a measurement could not be made, in a sentence."""


def pin(cores):
    return lambda: os.sched_setaffinity(0, cores)


def last_line(file):
    file.seek(0)
    lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


@contextlib.contextmanager
def running(command, cores):
    """A server and the address it listens on. Ended with SIGTERM."""
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors,
                                   stdin=subprocess.DEVNULL, preexec_fn=pin(cores))
        try:
            yield process.pid, wait_for_address(process, errors)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()


def wait_for_address(process, errors):
    ready, _, _ = select.select([process.stdout], [], [], 10)
    line = process.stdout.readline().decode() if ready else ""
    if not line.startswith("listening on "):
        raise Failed("the server did not start: " + (last_line(errors) or "it said nothing"))
    return line.split()[-1]


def load(bunshin, address, options, cores, seconds, warmup, pid=None):
    command = [bunshin, "load", address, *options, "--seconds", str(seconds), "--warmup",
               str(warmup), "--json"]
    if pid:
        command += ["--pid", str(pid)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, preexec_fn=pin(cores),
                             stdin=subprocess.DEVNULL, timeout=seconds + warmup + PATIENCE)
    except subprocess.TimeoutExpired:
        raise Failed("the load did not come to an end") from None
    if run.returncode != 0:
        reason = run.stderr.strip().splitlines() or ["it failed"]
        raise Failed(reason[-1].removeprefix("bunshin: "))
    return json.loads(run.stdout)


@contextlib.contextmanager
def traced(pid):
    """Counts the system calls of a process, by name; they are there at the end."""
    calls = {}
    with tempfile.NamedTemporaryFile("r") as counts, tempfile.TemporaryFile() as errors:
        strace = subprocess.Popen(["strace", "-c", "-f", "-U", "calls,name", "-o", counts.name,
                                   "-p", str(pid)], stdout=errors, stderr=errors)
        try:
            if not wait_until(lambda: tracer_of(pid) != "0" or strace.poll() is not None, 10):
                raise Failed("strace did not attach")
            yield calls
        finally:
            strace.send_signal(signal.SIGINT)
            strace.wait(10)
        for line in counts.read().splitlines():
            fields = line.split()
            if len(fields) == 2 and fields[0].isdigit() and fields[1] != "total":
                calls[fields[1]] = int(fields[0])


def tracer_of(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(line.split()[1] for line in status if line.startswith("TracerPid:"))


def wait_until(condition, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


class Measurer:
    def __init__(self, build, cores, plan, limit):
        self.build, self.cores, self.plan, self.limit = build, cores, plan, limit
        self.slowest = 0  # messages a second

    def measure(self, server, scenario, seconds=None, **more):
        """A record for the results: with `result`, or with `cannot`."""
        record = {"server": server.key, "scenario": scenario.key, **more}
        reason = server.cannot(scenario, self.limit)
        if not reason:
            try:
                record["result"] = self.run(server, scenario, seconds or self.plan.seconds)
            except Failed as failure:
                reason = str(failure)
        if reason:
            record["cannot"] = reason
        return record

    def run(self, server, scenario, seconds):
        server_cores, load_cores = self.cores.places(scenario)
        options = scenario.options(self.slowest)
        with running(server.command_line("127.0.0.1:0"), server_cores) as (pid, address):
            result = load(self.build.bunshin, address, options, load_cores, seconds,
                          self.plan.warmup, pid)
        if scenario.key not in ("one", "c100", "c1000", "open50"):
            for name in ("latency_ns", "uncorrected_ns", "lateness_ns"):
                if result.get(name):
                    result[name].pop("curve", None)  # nobody plots it
        return result

    def calls(self, server, scenario):
        """System calls a message. The difference of two runs: what happens once cancels out."""
        record = {"server": server.key, "scenario": scenario.key}
        reason = server.cannot(scenario, self.limit)
        if not reason:
            try:
                short, long = (self.count(server, scenario, seconds) for seconds in (0.2, 0.8))
                record.update(difference(short, long))
            except (Failed, OSError) as failure:
                reason = str(failure)
        if reason:
            record["cannot"] = reason
        return record

    def count(self, server, scenario, seconds):
        server_cores, load_cores = self.cores.places(scenario)
        with running(server.command_line("127.0.0.1:0"), server_cores) as (pid, address):
            with traced(pid) as calls:
                result = load(self.build.bunshin, address, scenario.options(self.slowest),
                              load_cores, seconds, 0.02)
        if not calls:
            raise Failed("strace counted nothing")
        return result["total_messages"], calls


def difference(short, long):
    messages = long[0] - short[0]
    if messages <= 0:
        raise Failed("too few messages to count system calls")
    names = set(short[1]) | set(long[1])
    each = {name: (long[1].get(name, 0) - short[1].get(name, 0)) / messages for name in names}
    # What happens a few times in a run differs by chance.
    each = {name: round(count, 3) for name, count in each.items() if count > 0.005}
    return {"messages": messages, "calls": round(sum(each.values()), 3),
            "by_name": dict(sorted(each.items(), key=lambda item: -item[1]))}
