#!/usr/bin/python3
"""Two results of the study beside each other: two machines, two commits, two kernels.

    bench/study/compare.py A.json B.json                    CPU a message, as a table
    bench/study/compare.py A.json B.json --metric p99 --svg FILE

By how much B differs from A: the ratio of the medians, with its 95 % interval (bootstrap). Both are
first divided by the hand-coded loop of their own results, so that a faster machine does not look like
a better program; --absolute leaves that out. "beyond" says that the whole interval lies outside of 1
and of what the same program differs from itself in these two results.
"""

import argparse
import json
import math
import random
import statistics
import sys
from pathlib import Path

from summary import AGAIN, METRICS, REFERENCE, RESAMPLES, Study

FORMAT = 1
METRIC_TITLES = {"throughput": "messages a second", "p50": "latency p50", "p90": "latency p90", "p99": "latency p99",
                 "p99_9": "latency p99.9", "cpu": "server CPU a message", "memory": "bytes a connection"}


def load(path):
    try:
        data = json.loads(Path(path).read_text())
        if data["format"] != FORMAT:
            sys.exit(f"{path}: results of format {data['format']}; this reads format {FORMAT}")
        return Study(data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        sys.exit(f"{path}: these are no results of the study: {error}")


def samples(study, server, scenario, metric, absolute):
    """By round, divided by the reference of the same round."""
    values = study.values(server, scenario, metric) if absolute else study.ratios(server, scenario, metric)
    return [value for value in values.values() if value > 0]


def ratio(before, after):
    """Median and interval of after / before, whose rounds have nothing to do with each other."""
    chance = random.Random(1)  # the same table from the same results

    def median(values):
        return statistics.median(chance.choices(values, k=len(values)))

    drawn = sorted(median(after) / median(before) for _ in range(RESAMPLES))
    return (statistics.median(after) / statistics.median(before),
            drawn[int(RESAMPLES * 0.025)], drawn[int(RESAMPLES * 0.975) - 1])


def noise(first, second, scenario, metric):
    """How far apart the same program is from itself in either of the two: a factor of at least 1."""
    return math.exp(max(study.noise(metric, scenario) or 0 for study in (first, second)))


def rows(first, second, metric, absolute):
    for scenario in first.scenarios():
        if scenario not in second.titles:
            continue
        aa = noise(first, second, scenario, metric)
        for server in first.servers():
            if server not in second.labels or (server in (REFERENCE, AGAIN) and not absolute):
                continue
            before = samples(first, server, scenario, metric, absolute)
            after = samples(second, server, scenario, metric, absolute)
            if before and after:
                middle, low, high = ratio(before, after)
                yield scenario, server, middle, low, high, aa, low > aa or high < 1 / aa


def table(first, second, found):
    print("| scenario | server | B / A | interval | the same twice | |\n|---|---|---|---|---|---|")
    for scenario, server, middle, low, high, aa, beyond in found:
        print(f"| {first.title(scenario)} | {first.label(server)} | {middle:.2f} | {low:.2f} to {high:.2f} | "
              f"{aa:.2f} | {'beyond' if beyond else ''} |")
    missing = {second.label(server) for server in second.servers() if server not in first.labels}
    if missing:
        print(f"\nOnly in B: {', '.join(sorted(missing))}")


def picture(path, first, found, title):
    import drawing  # only here: it needs matplotlib

    places = list(dict.fromkeys(scenario for scenario, *_ in found))
    figure, grid = drawing.figure(height=1.2 + 0.8 * len(places))
    axes = grid[0][0]
    for scenario, server, middle, low, high, aa, _ in found:
        here = [row for row in found if row[0] == scenario]
        y = places.index(scenario) + 0.7 * (([row[1] for row in here].index(server) + 1) / (len(here) + 1) - 0.5)
        axes.barh(places.index(scenario), aa - 1 / aa, left=1 / aa, height=0.8, color=drawing.colour("grid"), zorder=0)
        axes.plot([low, high], [y, y], color=drawing.colour(server), linewidth=1)
        new = first.label(server) not in axes.get_legend_handles_labels()[1]
        axes.plot([middle], [y], drawing.MARKERS.get(server, "o"), color=drawing.colour(server), markersize=4,
                  label=first.label(server) if new else None)
    axes.set_yticks(range(len(places)), [first.title(place) for place in places])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_minor_formatter(lambda value, _: f"{value:g}")
    axes.set_title(title)
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    path.write_text(drawing.standalone(drawing.to_svg(figure, title)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("before", metavar="A.json")
    parser.add_argument("after", metavar="B.json")
    parser.add_argument("--metric", choices=[key for key in METRICS if key in METRIC_TITLES], default="cpu")
    parser.add_argument("--absolute", action="store_true", help="not divided by the hand-coded loop")
    parser.add_argument("--svg", metavar="FILE", type=Path, help="draws it, too")
    options = parser.parse_args()
    first, second = load(options.before), load(options.after)
    found = list(rows(first, second, options.metric, options.absolute))
    if not found:
        sys.exit("nothing was measured in both")
    for name, study in (("A", first), ("B", second)):
        described = study.data["machine"]
        print(f"{name}: {described['cpu']}, {described['cores']} cores, Linux {described['kernel'].split()[0]}, "
              f"{described['date']}, {study.data['rounds']} rounds")
    title = METRIC_TITLES[options.metric] + ("" if options.absolute else ", relative to the hand-coded loop")
    print(f"\n{title[0].upper() + title[1:]}\n")
    table(first, second, found)
    if options.svg:
        picture(options.svg, first, found, f"{title}: B / A")


main()
