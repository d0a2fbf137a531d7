"""What the study runs on, and how it keeps the rest of the machine out of the way."""

import datetime
import glob
import os
import platform
import resource
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "BUNSHIN_STUDY_NAMESPACE"  # in the environment: what kind of namespace we are in


def output(*command):
    """The first line a command prints, or nothing."""
    try:
        text = subprocess.run(command, capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return text.strip().split("\n")[0]


def read(path):
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def enter_namespace():
    """Starts the program again in a network namespace of its own, where that is allowed: nobody
    else's traffic, no firewall, ports all free. Returns how it ended up."""
    if NAMESPACE in os.environ:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # With loopback addresses alone, getaddrinfo(3) with AI_ADDRCONFIG refuses even 127.0.0.1,
        # as ser2net finds. This one is for documentation (RFC 5737); nobody uses it.
        subprocess.run(["ip", "address", "add", "198.51.100.1/32", "dev", "lo"], check=True)
        return os.environ[NAMESPACE]
    for options in (["--net"], ["--net", "--user", "--map-root-user"]):
        ready = ["unshare", *options, "ip", "link", "set", "lo", "up"]
        try:
            allowed = subprocess.run(ready, capture_output=True, timeout=10).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            allowed = False
        if allowed:
            os.environ[NAMESPACE] = "a network namespace of its own"
            os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])
    return "the network of the machine (no namespace allowed)"


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Cores:
    """Who runs where. The server and the load get a core each; with one core they share it."""

    def __init__(self):
        self.all = sorted(os.sched_getaffinity(0))
        self.load = {self.all[0]}
        self.server = {self.all[-1]}
        self.several = set(self.all[1:]) if len(self.all) > 2 else set(self.all)

    def places(self, scenario):
        """The cores of the server, and of the load."""
        if scenario.shared_core:
            return self.server, self.server
        if scenario.all_cores:
            return self.several, self.load if len(self.all) > 2 else set(self.all)
        return self.server, self.load

    def describe(self):
        if len(self.all) == 1:
            return "one core for everything: throughput and latency say little"
        return f"load on core {self.all[0]}, server on core {self.all[-1]}"


def package_version(package):
    version = output("dpkg-query", "-W", "-f", "${Version}\n", package)
    return version or "not installed"


def mitigations():
    active = []
    for path in sorted(glob.glob("/sys/devices/system/cpu/vulnerabilities/*")):
        state = read(path)
        if state.startswith("Mitigation"):
            active.append(f"{Path(path).name}: {state.removeprefix('Mitigation: ')}")
    return active


def cpu_model():
    for line in read("/proc/cpuinfo").splitlines():
        if line.startswith(("model name", "Model")):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def steal():
    """Time that the hypervisor gave to others, and all time, in ticks."""
    fields = [int(field) for field in read("/proc/stat").splitlines()[0].split()[1:]]
    return fields[7], sum(fields[:8])


def describe(namespace, cores):
    virtual = shutil.which("systemd-detect-virt") and output("systemd-detect-virt", "--vm")
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": cpu_model(),
        "cores": len(cores.all),
        "virtual": virtual or ("yes" if "hypervisor" in read("/proc/cpuinfo") else "no"),
        "governor": read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "not shown",
        "clock": read("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "kernel": f"{platform.release()} {platform.version()}",
        "mitigations": mitigations(),
        "load_before": read("/proc/loadavg").split()[0],
        "network": namespace,
        "placement": cores.describe(),
        "source": output("git", "-C", str(ROOT), "describe", "--always", "--dirty") or "no git",
        "versions": {
            "g++": output("g++", "--version"),
            "libevent": package_version("libevent-dev"),
            "libuv": package_version("libuv1-dev"),
            "libev": package_version("libev-dev"),
            "Asio": package_version("libasio-dev"),
            "liburing": package_version("liburing-dev"),
            "socat": package_version("socat"),
            "ser2net": package_version("ser2net"),
            "Python": output("/usr/bin/python3", "--version").removeprefix("Python "),
        },
    }
