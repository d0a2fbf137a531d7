#!/usr/bin/env python3
"""Runs bench_micro and asyncore_round.py, and prints the table of bench/README.md.

With --write it puts the table into bench/README.md and, in Japanese, into bench/README.ja.md,
between the lines <!-- bench_micro: begin --> and <!-- bench_micro: end -->.
"""

import argparse
import json
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
READMES = {"en": ROOT / "bench" / "README.md", "ja": ROOT / "bench" / "README.ja.md"}
BEGIN, END = "<!-- bench_micro: begin -->\n", "<!-- bench_micro: end -->\n"
BY_HAND, ASYNCORE = "by_hand", "asyncore"
REPETITIONS = 3
NOTHING = "–"


class Figure:
    """What the repetitions of one benchmark gave: the median of everything."""

    def __init__(self, runs):
        self.failure = next((run["error_message"] for run in runs if "error_message" in run), None)
        self.label = next((run["label"] for run in runs if run.get("label")), None)
        self.runs = runs

    def __getitem__(self, key):
        return statistics.median(run[key] for run in self.runs)


def clean(name):
    """Without what Google Benchmark appends: how time was taken."""
    return re.sub(r"/(manual_time|real_time|iterations:\d+|repeats:\d+)", "", name)


def place(run):
    """Where it stands among those registered, which is not when it ran."""
    return run["family_index"], run["per_family_instance_index"]


def run_micro(binary, min_time):
    """All figures by name, and what the library says about the run."""
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run(
            [binary, f"--benchmark_min_time={min_time}", f"--benchmark_repetitions={REPETITIONS}",
             "--benchmark_enable_random_interleaving=true",  # what disturbs, disturbs all alike
             f"--benchmark_out={out.name}", "--benchmark_out_format=json"],
            stdout=sys.stderr, check=True)
        result = json.load(out)
    runs = {}
    for run in sorted(result["benchmarks"], key=place):
        if run.get("run_type") != "aggregate":
            runs.setdefault(clean(run["name"]), []).append(run)
    return {name: Figure(group) for name, group in runs.items()}, result["context"]


def run_asyncore(python, seconds):
    """Its figures, named as if it were an engine. None where it can not run, which it says."""
    done = subprocess.run([python, HERE / "asyncore_round.py", seconds], stdout=subprocess.PIPE,
                          text=True)
    figures = {}
    for line in done.stdout.splitlines():
        descriptors, microseconds = line.split()
        run = {"real_time": float(microseconds) * 1000, "time_unit": "ns"}
        figures[f"round/{ASYNCORE}/descriptors:{descriptors}"] = Figure([run])
    return figures


def three_digits(value):
    return f"{value:#.3g}".rstrip(".") if value < 100 else f"{value:,.0f}"


def time_text(nanoseconds):
    for unit, size in (("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{three_digits(nanoseconds / size)} {unit}"
    return f"{three_digits(nanoseconds)} ns"


def time_cell(figure):
    return time_text(figure["real_time"])


def rate_cell(figure):
    return f"{time_cell(figure)} ({figure['items_per_second']:,.0f}/s)"


def bytes_cell(figure):
    return f"{three_digits(figure['bytes_per_connection'])} B"


def echo_cell(figure):
    cell = (f"{figure['items_per_second']:,.0f}/s; {time_text(figure['median_us'] * 1000)}, "
            f"{time_text(figure['p99_us'] * 1000)}")
    return cell + (" \\*" if figure.label else "")


STEPS = (  # name ({} is the engine), cell, English, Japanese
    ("dispatch_one_event/{}", time_cell, "dispatch one event and read it",
     "イベント 1 件の配送と読み取り"),
    *((f"round/{{}}/descriptors:{count}", time_cell, f"a round, {count:,} registered, one active",
       f"ラウンド 1 回（登録 {count:,}、うち 1 つが読める）") for count in (1, 100, 1000, 10000)),
    ("post/{}/threads:1", rate_cell, "`post` from 1 thread", "1 スレッドからの `post`"),
    ("post/{}/threads:4", rate_cell, "`post` from 4 threads", "4 スレッドからの `post`"),
    ("accept/{}", rate_cell, "accept a connection", "接続 1 本の accept"),
    ("idle_5000_connections/{}", bytes_cell, "user memory of an idle connection, of 5,000",
     "待機中の接続 1 本のユーザーメモリー（5,000 本のとき）"),
)
TIMERS = (
    ("timer_arm/1000000", time_cell, "arm", "設定"),
    ("timer_rearm_later/1000000", time_cell, "re-arm later", "後ろへ延ばす"),
    ("timer_cancel/1000000", time_cell, "cancel", "取り消し"),
    ("timer_idle_timeouts/1000000", time_cell,
     "put an idle time-out off, with all that follows in the heap",
     "無通信タイムアウトの延長（ヒープの後始末を含む）"),
)
ECHO = tuple(
    (f"echo/{{}}/bytes:{size}/connections:{count}", echo_cell,
     f"{size:,} B, {count} connection{'s' if count > 1 else ''}", f"{size:,} B、接続 {count} 本")
    for count in (1, 100) for size in (64, 1024, 16384))

TEXTS = {
    "en": {
        "step": "step", "timer": "operation, 1,000,000 timers armed", "time": "time",
        "echo": "echo, a core each for client and server: messages a second; latency, median and "
                "99th percentile",
        BY_HAND: "epoll by hand", ASYNCORE: "asyncore",
        "made": "{cpu}, {cores} cores, Linux {kernel}, {date}; each the median of {n} runs.",
        "busy": "The machine was busy with other things (load {load:.1f}), so the figures are "
                "worse than they should be.",
        "limit": "\\* The client had no time left, so the server can do at least this.",
        "failed": "`{name}`: {why}.",
    },
    "ja": {
        "step": "内容", "timer": "操作（タイマー 1,000,000 個を設定中）", "time": "時間",
        "echo": "エコー（クライアントとサーバーは別のコア）：1 秒あたりのメッセージ数；遅延の中央値、99 パーセンタイル",
        BY_HAND: "epoll を直接", ASYNCORE: "asyncore",
        "made": "{cpu}、{cores} コア、Linux {kernel}、{date}。値はそれぞれ {n} 回の中央値。",
        "busy": "測定中、マシンはほかの処理で忙しかった（負荷 {load:.1f}）。値は本来より悪い。",
        "limit": "\\* クライアントに余裕がなかった。サーバーの性能は少なくともこれだけある。",
        "failed": "`{name}`：{why}",
    },
}


def markdown_table(head, rows):
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def rows_of(questions, columns, figures, language):
    for name, cell, *titles in questions:
        row = [titles[0 if language == "en" else 1]]
        for column in columns:
            figure = figures.get(name.format(column))
            row.append(NOTHING if figure is None or figure.failure else cell(figure))
        yield row


def cpu_name():
    found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(), re.M)
    return found[1] if found else platform.machine()


def render(figures, context, language):
    text = TEXTS[language]
    engines = [name.split("/")[1] for name in figures if name.startswith("accept/")]
    wide = [*engines, BY_HAND, ASYNCORE]
    made = text["made"].format(
        cpu=cpu_name(), cores=context["num_cpus"], date=context["date"][:10], n=REPETITIONS,
        kernel=".".join(platform.release().split(".")[:2]))
    notes = [text["limit"]] if any(figure.label for figure in figures.values()) else []
    if context["load_avg"] and context["load_avg"][0] > context["num_cpus"] / 2:
        notes.append(text["busy"].format(load=context["load_avg"][0]))
    notes += [text["failed"].format(name=name, why=figure.failure)
              for name, figure in figures.items() if figure.failure]
    heads = [text.get(column, f"`{column}`") for column in wide]
    return "\n".join([
        made + "\n",
        markdown_table([text["step"], *heads], rows_of(STEPS, wide, figures, language)),
        markdown_table([text["timer"], text["time"]], rows_of(TIMERS, [""], figures, language)),
        markdown_table([text["echo"], *heads[:len(engines)]],
                       rows_of(ECHO, engines, figures, language)),
        *(note + "\n" for note in notes)])


def around_markers(path):
    """What stands before and behind the table."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, behind = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{path} needs the lines {BEGIN.strip()} and {END.strip()}")
    return before + begin, end + behind


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("binary", nargs="?", default=ROOT / "build/release/bench/micro/bench_micro",
                        type=pathlib.Path, help="bench_micro, by default that of the preset release")
    parser.add_argument("--min-time", default="0.5", help="seconds a figure (0.5)")
    parser.add_argument("--python", default="/usr/bin/python3", help="one that still has asyncore")
    parser.add_argument("--write", action="store_true", help="into both READMEs of bench/")
    options = parser.parse_args()
    if not options.binary.is_file():
        sys.exit(f"there is no {options.binary}: build the target bench_micro "
                 "(cmake --preset release && cmake --build --preset release --target bench_micro)")
    targets = READMES if options.write else {}
    for path in targets.values():
        around_markers(path)  # before the long run, not after it
    figures, context = run_micro(options.binary, options.min_time)
    figures |= run_asyncore(options.python, options.min_time)
    for language, path in targets.items():
        before, behind = around_markers(path)
        path.write_text(f"{before}\n{render(figures, context, language)}\n{behind}",
                        encoding="utf-8")
    if not options.write:
        print(render(figures, context, "en"), end="")


if __name__ == "__main__":
    main()
