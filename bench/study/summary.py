"""From the raw records to figures: medians, intervals, ratios, goals."""

import math
import random
import statistics
from collections import defaultdict

REFERENCE = "hand_epoll"
AGAIN = "hand_epoll_again"
RESAMPLES = 4000
ENOUGH = 5  # rounds: the range of five holds the median with a probability of 94 %


def cpu(result):
    """Server CPU a message, in nanoseconds."""
    server = result.get("server")
    return server["cpu_seconds"] * 1e9 / result["messages"] if server and result["messages"] else None


def memory(result):
    """User bytes a connection."""
    server, connections = result["server"], result["connections"] + result["idle"]
    return (server["memory_bytes"] - server["memory_before_bytes"]) / connections


METRICS = {
    "throughput": lambda result: result["messages_per_second"],
    "p50": lambda result: result["latency_ns"]["p50"],
    "p90": lambda result: result["latency_ns"]["p90"],
    "p99": lambda result: result["latency_ns"]["p99"],
    "p99_9": lambda result: result["latency_ns"]["p99_9"],
    "cpu": cpu,
    "share": lambda result: result["server"]["share"],
    "load_share": lambda result: result["generator"]["share"],
    "memory": memory,
}


class Estimate:
    """A median with its 95 % interval, by bootstrap. With five values that is their whole range:
    honest rather than narrow."""

    def __init__(self, values):
        self.values = sorted(values)
        self.n = len(values)
        self.median = statistics.median(values)
        self.low, self.high = self.interval()

    def interval(self):
        if self.n == 1:
            return self.median, self.median
        chance = random.Random(1)  # the same report from the same records
        medians = sorted(statistics.median(chance.choices(self.values, k=self.n))
                         for _ in range(RESAMPLES))
        return medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975) - 1]


def geometric_mean(values):
    return math.exp(statistics.fmean(math.log(value) for value in values))


class Study:
    """The records of one study, to be asked for figures."""

    def __init__(self, data):
        self.data = data
        self.labels = {server["key"]: server for server in data["servers"]}
        self.titles = {scenario["key"]: scenario for scenario in data["scenarios"]}
        self.records = defaultdict(dict)  # (server, scenario) -> round -> result
        self.reasons = defaultdict(list)
        for record in data["runs"]:
            place = record["server"], record["scenario"]
            if "result" in record:
                self.records[place][record["round"]] = record["result"]
            else:
                self.reasons[place].append(record["cannot"])
        self.calls = {(record["server"], record["scenario"]): record for record in data["calls"]}

    def label(self, server):
        return self.labels[server]["label"]

    def title(self, scenario):
        return self.titles[scenario]["title"]

    def servers(self, group="grid"):
        return [server["key"] for server in self.data["servers"]
                if server["group"] == group and self.known(server["key"])]

    def scenarios(self):
        return [scenario["key"] for scenario in self.data["scenarios"]]

    def results(self, server, scenario):
        """By round; none when it was not measured there."""
        return self.records.get((server, scenario), {})

    def known(self, server):
        """Whether this study has tried to measure it."""
        tried = (*self.records, *self.reasons)
        return any(place[0] == server for place in tried)

    def user_share(self, server, scenario):
        """The part of the server's CPU outside the kernel. The kernel samples it by ticks of 10 ms:
        all rounds together, or it would be a game of chance."""
        used = [result["server"] for result in self.results(server, scenario).values()]
        user = sum(usage["user_seconds"] for usage in used)
        both = user + sum(usage["kernel_seconds"] for usage in used)
        return user / both if both else 0

    def values(self, server, scenario, metric):
        """By round."""
        found = {number: METRICS[metric](result)
                 for number, result in self.results(server, scenario).items()}
        return {number: value for number, value in found.items() if value is not None}

    def figure(self, server, scenario, metric):
        values = self.values(server, scenario, metric)
        return Estimate(list(values.values())) if values else None

    def cannot(self, server, scenario):
        reasons = self.reasons.get((server, scenario))
        return reasons[0] if reasons and not self.results(server, scenario) else ""

    def limited(self, server, scenario):
        """Whether the load generator was the limit in most rounds."""
        results = self.results(server, scenario).values()
        return sum(bool(result["limited_by_generator"]) for result in results) * 2 > len(results)

    def ratios(self, server, scenario, metric, reference=REFERENCE):
        """By round, to the reference in the same round."""
        mine = self.values(server, scenario, metric)
        its = self.values(reference, scenario, metric)
        return {number: mine[number] / its[number] for number in mine
                if its.get(number) and mine[number] > 0}

    def ratio(self, server, scenario, metric, reference=REFERENCE):
        ratios = self.ratios(server, scenario, metric, reference)
        return Estimate(list(ratios.values())) if ratios else None

    def mean_ratio(self, server, metric, scenarios, reference=REFERENCE):
        """The geometric mean over the scenarios, in each round; only those both could do."""
        by_round = defaultdict(list)
        for scenario in scenarios:
            for number, ratio in self.ratios(server, scenario, metric, reference).items():
                by_round[number].append(ratio)
        most = max(map(len, by_round.values()), default=0)
        means = [geometric_mean(ratios) for ratios in by_round.values() if len(ratios) == most]
        return Estimate(means) if means else None

    def noise(self, metric, scenario):
        """How far two runs of the same server lie apart: the median, as a share."""
        ratios = self.ratios(AGAIN, scenario, metric)
        return statistics.median(abs(math.log(ratio)) for ratio in ratios.values()) if ratios else None

    def noise_over(self, metric, scenarios):
        found = [noise for noise in (self.noise(metric, key) for key in scenarios) if noise is not None]
        return statistics.median(found) if found else None

    def curve(self, server, scenario):
        """The median latency at each percentile over the rounds."""
        points = defaultdict(list)
        for result in self.results(server, scenario).values():
            for percentile, value in (result["latency_ns"] or {}).get("curve", [])[:-1]:
                points[percentile].append(value)
        most = max(map(len, points.values()), default=0)
        return [(percentile, statistics.median(values))
                for percentile, values in sorted(points.items()) if len(values) == most]

    def grid_scenarios(self):
        done = {scenario for (server, scenario) in self.records if server == REFERENCE}
        return [key for key in self.scenarios() if key in done]

    def library_peers(self):
        return [server["key"] for server in self.data["servers"]
                if server["group"] == "grid" and server["compiled"] and not server["hand"]
                and not server["ours"]]


# --- Goals ---


def verdict(estimate, limit):
    """Missed only when the whole interval lies beyond the limit."""
    if estimate is None:
        return "not measured"
    if estimate.n < ENOUGH:
        return "too few rounds to say"
    if estimate.low > limit:
        return "missed"
    return "met" if estimate.high <= limit else "within the noise"


def best_peer(study, scenarios, metric):
    found = [(estimate.median, peer) for peer in study.library_peers()
             if (estimate := study.mean_ratio(peer, metric, scenarios))]
    return min(found)[1] if found else None


def goals(study):
    """(what, estimate, limit) of every goal that this study can judge."""
    grid = study.grid_scenarios()
    closed = [key for key in grid if not study.titles[key]["fraction"]]
    found = [
        ("bunshin/epoll: server CPU a message, to hand-coded epoll, over all scenarios",
         study.mean_ratio("bunshin_epoll", "cpu", grid), 1.03),
        ("bunshin/epoll: p99, to hand-coded epoll, over the closed loops",
         study.mean_ratio("bunshin_epoll", "p99", closed), 1.10),
        ("bunshin/io_uring: server CPU a message, to hand-coded epoll, over all scenarios",
         study.mean_ratio("bunshin_uring", "cpu", grid), 1.00),
    ]
    peer = best_peer(study, grid, "cpu")
    if peer:
        found.append((f"bunshin/epoll: server CPU a message, to the best library ({study.label(peer)})",
                      study.mean_ratio("bunshin_epoll", "cpu", grid, peer), 1.00))
    found += spin_goals(study)
    return [(what, estimate, limit, verdict(estimate, limit)) for what, estimate, limit in found]


def spin_goals(study):
    found = []
    spins = study.servers("spin")
    for scenario, name in (("one_polled", "one connection"), ("open25", "25 % load")):
        peers = [(estimate.median, peer) for peer in study.library_peers()
                 if (estimate := study.figure(peer, scenario, "p50"))]
        best = [(estimate.median, spin) for spin in spins
                if (estimate := study.figure(spin, scenario, "p50"))]
        if peers and best:
            spin, peer = min(best)[1], min(peers)[1]
            found.append((f"{study.label(spin)}: median round trip, {name}, to the quickest library "
                          f"({study.label(peer)})",
                          study.ratio(spin, scenario, "p50", peer), 0.5))
    return found
