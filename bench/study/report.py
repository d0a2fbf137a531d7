"""The report: one HTML file that needs nothing else, and Markdown with pictures beside it."""

import html
import html.parser
import json
import sys
import xml.etree.ElementTree

import drawing
import plots
import summary
from plots import number_text, time_text, times

STYLE = """
:root{color-scheme:light dark;--page:#fff;--shade:#f4f6f8;LIGHT}
@media (prefers-color-scheme:dark){:root{--page:#16191d;--shade:#1f2429;DARK}}
body{background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif;
 max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2}h2{font-size:1.25rem;margin:2.2rem 0 .4rem}
p{margin:.5rem 0}.muted{color:var(--muted)}.scroll{overflow-x:auto}
table{border-collapse:collapse;font-size:.86rem;font-variant-numeric:tabular-nums;margin:.8rem 0}
th,td{padding:.3em .6em;text-align:right;border-bottom:1px solid var(--grid);vertical-align:top}
td+td{white-space:nowrap}td:last-child{white-space:normal}
th{text-align:right;font-weight:600}th:first-child,td:first-child{text-align:left}
.facts td{text-align:left;white-space:normal}tr.ours td{background:var(--shade);font-weight:600}
figure{margin:1rem 0}figure svg{width:100%;height:auto}figcaption{color:var(--muted)}
@media print{:root{color-scheme:light;--page:#fff;--shade:#f4f6f8;LIGHT}
 body{max-width:none;font-size:10pt;margin:0}figure,tr,.keep{break-inside:avoid}h2{break-after:avoid}
 .scroll{overflow-x:visible}table{font-size:8pt}th,td{padding:.15em .35em}
 td+td{white-space:normal}}
"""


class Section:
    """A heading, sentences, tables and a picture: written as HTML and as Markdown."""

    def __init__(self, title):
        self.title = title
        self.parts = []  # (kind, content)

    def text(self, text):
        self.parts.append(("text", text))
        return self

    def table(self, header, rows, ours=()):
        self.parts.append(("table", (header, rows, ours)))
        return self

    def picture(self, name, svg, see):
        self.parts.append(("picture", (name, svg, see)))
        return self

    def to_html(self):
        # On paper a heading stays with what it is the heading of.
        lines = [f'<div class="keep"><h2>{html.escape(self.title)}</h2>']
        for number, (kind, content) in enumerate(self.parts):
            if number == 1:
                lines.append("</div>")
            if kind == "text":
                lines.append(f"<p>{html.escape(content)}</p>")
            elif kind == "table":
                lines.append(html_table(*content))
            else:
                name, svg, see = content
                lines.append(f'<figure id="{name}">{svg}<figcaption>{html.escape(see)}'
                             "</figcaption></figure>")
        return "\n".join([*lines, "</div>"] if len(self.parts) < 2 else lines)

    def to_markdown(self):
        lines = [f"## {self.title}\n"] if self.title else []
        for kind, content in self.parts:
            if kind == "text":
                lines.append(content + "\n")
            elif kind == "table":
                lines.append(markdown_table(*content))
            else:
                name, _, see = content
                lines.append(f"![{self.title}]({name}.svg)\n\n{see}\n")
        return "\n".join(lines)


def html_table(header, rows, ours):
    kind = "" if any(header) else ' class="facts"'

    def line(cells, tag, kind=""):
        inside = "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells)
        return f"<tr{kind}>{inside}</tr>"

    body = "".join(line(row, "td", ' class="ours"' if row[0] in ours else "") for row in rows)
    return (f'<div class="scroll"><table{kind}><thead>{line(header, "th")}</thead>'
            f"<tbody>{body}</tbody></table></div>")


def markdown_table(header, rows, ours):
    def line(cells):
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    bold = [[f"**{cell}**" for cell in row] if row[0] in ours else row for row in rows]
    rule = "|---" + "|---:" * (len(header) - 1) + "|"
    return "\n".join([line(header), rule, *map(line, bold)]) + "\n"


# --- Tables ---


def interval(estimate):
    if estimate is None:
        return "–"
    if estimate.n == 1 or estimate.low == estimate.high:
        return times(estimate.median)
    return f"{times(estimate.median)} ({times(estimate.low)} to {times(estimate.high)})"


def ours(study):
    return {server["label"] for server in study.data["servers"] if server["ours"]}


def rate_cell(study, server, scenario):
    figure = study.figure(server, scenario, "throughput")
    if figure is None:
        return "cannot" if study.cannot(server, scenario) else "–"
    return ("≥ " if study.limited(server, scenario) else "") + number_text(float(f"{figure.median:.3g}"))


def time_cell(study, server, scenario, metric):
    figure = study.figure(server, scenario, metric)
    if figure is None:
        return "cannot" if study.cannot(server, scenario) else "–"
    return time_text(figure.median)


def calls_cell(study, server, scenario):
    record = study.calls.get((server, scenario))
    if not record:
        return "–"
    return "cannot" if "cannot" in record else f"{record['calls']:.2f}"


def memory_cell(study, server, scenarios):
    for scenario in scenarios:
        figure = study.figure(server, scenario, "memory")
        if figure:
            return f"{figure.median:,.0f}"
        if study.cannot(server, scenario):
            return "cannot"
    return "–"


def first_table(study):
    grid = study.grid_scenarios()
    idle = [key for key in ("idle", "idle1000") if key in grid]
    rows = []
    for server in study.servers():
        if server == summary.AGAIN:
            continue
        rows.append([study.label(server), interval(study.mean_ratio(server, "cpu", grid)),
                     time_cell(study, server, "c100", "cpu"), rate_cell(study, server, "c100"),
                     time_cell(study, server, "c100", "p50"), time_cell(study, server, "c100", "p99"),
                     calls_cell(study, server, "c100"), memory_cell(study, server, idle)])
    section = Section("All servers at a glance")
    section.text("Server CPU a message is beside the hand-coded epoll loop in the same round: the "
                 "geometric mean over the scenarios a server can do, with its 95 % interval. The other "
                 "columns are for 100 connections x 64 bytes, the last for idle connections.")
    section.table(["server", "CPU a message, hand-coded = 1", "CPU a message", "messages/s", "p50",
                   "p99", "system calls a message", "bytes a connection"], rows, ours(study))
    if any(study.limited(server, "c100") for server in study.servers()):
        section.text("≥: the load generator was at its limit, so these do not compare; CPU a message "
                     "does.")
    return section


def goals_section(study):
    rows = [[what, interval(estimate), f"{limit:.2f}", result]
            for what, estimate, limit, result in summary.goals(study)]
    section = Section("Goals")
    section.text("A goal is missed only when its whole 95 % interval lies beyond it. "
                 f"Rounds: {study.data['rounds']}.")
    return section.table(["goal", "measured", "at most", ""], rows)


RATIOS = ("Medians of the ratios to the hand-coded loop in the same round, with their 95 % intervals. A "
          "wide interval is the machine's; where it holds 1, no difference was found. The row of the "
          "hand-coded loop's second run says what chance alone does.")


def scenario_table(study, metric, title, text):
    grid = study.grid_scenarios()
    rows = []
    for server in study.servers():
        row = [study.label(server)]
        for scenario in grid:
            ratio = study.ratio(server, scenario, metric)
            row.append(interval(ratio) if ratio else
                       "cannot" if study.cannot(server, scenario) else "–")
        rows.append(row)
    header = ["to hand-coded epoll", *(study.title(key) for key in grid)]
    return Section(title).text(text).table(header, rows, ours(study))


def cannot_section(study):
    reasons = {}
    for (server, scenario), found in sorted(study.reasons.items()):
        for reason in sorted(set(found)):
            reasons.setdefault((study.label(server), reason), []).append(study.title(scenario))
    for record in study.data["calls"]:
        if "cannot" in record:
            key = study.label(record["server"]), record["cannot"]
            reasons.setdefault(key, []).append("counting system calls: "
                                               + study.title(record["scenario"]))
    if not reasons:
        return None
    rows = [[server, reason, "everything" if len(titles) > 8 else "; ".join(titles)]
            for (server, reason), titles in reasons.items()]
    return Section("What a server can not do").table(["server", "why", "where"], rows)


def noise_section(study):
    rows = []
    for scenario in study.grid_scenarios():
        shares = [study.noise(metric, scenario) for metric in ("cpu", "throughput", "p50", "p99", "p99_9")]
        rows.append([study.title(scenario),
                     *("–" if share is None else f"{100 * share:.1f} %" for share in shares)])
    section = Section("The noise of this machine")
    section.text("The hand-coded epoll loop is measured twice in every round. So far apart are its own "
                 "figures (the median over the rounds): a smaller difference between two servers is "
                 "no difference. Before the first round: " + study.data["noise"] + ".")
    return section.table(["", "CPU a message", "throughput", "p50", "p99", "p99.9"], rows)


def calls_section(study):
    if not study.data["calls"]:
        return None
    scenarios = list(dict.fromkeys(record["scenario"] for record in study.data["calls"]))
    rows = []
    for server in dict.fromkeys(record["server"] for record in study.data["calls"]):
        names = study.calls.get((server, "c100"), {}).get("by_name", {})
        rows.append([study.label(server), *(calls_cell(study, server, key) for key in scenarios),
                     ", ".join(f"{name} {count:.2f}" for name, count in list(names.items())[:5])])
    section = Section("System calls a message")
    section.text("Counted by strace in a pass of its own. Tracing makes a server slow, so each wait "
                 "finds more to do than it would; calls a message are a lower bound for waiting.")
    return section.table(["server", *(study.title(key) for key in scenarios),
                          "at 100 connections"], rows, ours(study))


def special_table(study, group, scenarios, title, text, extra=()):
    if not study.servers(group):
        return None
    rows = []
    for scenario in scenarios:
        for server in (*extra, *study.servers(group)):
            p50 = study.figure(server, scenario, "p50")
            if p50 is None:
                continue
            rows.append([study.label(server), study.title(scenario), time_text(p50.median),
                         time_text(study.figure(server, scenario, "p99").median),
                         rate_cell(study, server, scenario),
                         time_cell(study, server, scenario, "cpu"),
                         f"{100 * study.figure(server, scenario, 'share').median:.0f} %",
                         f"{100 * study.figure(server, scenario, 'load_share').median:.0f} %"])
    if not rows:
        return None
    header = ["server", "scenario", "p50", "p99", "messages/s", "CPU a message", "server's core",
              "load's core"]
    return Section(title).text(text).table(header, rows)


def serial_row(row):
    if "cannot" in row:
        return [row["label"], row["cannot"], "", "", "", ""]
    back = "one way only"
    if "back_p50_ns" in row:
        back = f"{time_text(row['back_p50_ns'])}, {time_text(row['back_p99_ns'])}"
    return [row["label"], time_text(row["p50_ns"]), time_text(row["p99_ns"]), back,
            f"{row['bytes_per_second'] / 1e6:.1f} MB/s", time_text(row["cpu_ns_per_kib"])]


def serial_section(study):
    rows = [serial_row(row) for row in study.data["serial"]]
    if not rows:
        return None
    section = Section("Serial bridges")
    section.text("From a socket to a pseudo-terminal and back: what the bridge itself costs, without "
                 "a real line. Messages of 16 bytes, one at a time.")
    return section.table(["bridge", "there: p50", "p99", "there and back: p50, p99",
                          "socket to line", "CPU a KiB"], rows,
                         {"bunshin bridge --raw", "bunshin bridge --raw --both-ways"})


def machine_section(study):
    about = study.data["machine"]
    rows = [["processor", f"{about['cpu']}, {about['cores']} cores"],
            ["virtual machine", about["virtual"]],
            ["kernel", about["kernel"]],
            ["mitigations", "; ".join(about["mitigations"]) or "none active"],
            ["clock; governor", f"{about['clock']}; {about['governor']}"],
            ["placement", about["placement"]],
            ["network", f"loopback, in {about['network']}"],
            ["load average before", about["load_before"]],
            ["time taken by the hypervisor", f"{100 * about['steal']:.2f} %"],
            ["descriptors a process", f"{study.data['descriptors']:,}"],
            ["source", about["source"]],
            *([name, version] for name, version in about["versions"].items())]
    return Section("Machine and versions").table(["", ""], rows)


PICTURE_TITLES = {
    "overview": "CPU a message, over all scenarios", "throughput": "Throughput by connections",
    "latency": "Latency by connections", "percentiles": "The whole distribution",
    "growth": "What a message costs as work grows", "cpu": "Own code and kernel",
    "memory": "Memory a connection", "spin": "Spinning", "models": "Readiness models",
    "serial": "Serial bridges, in pictures"}


def sections(study):
    yield first_table(study)
    yield goals_section(study)
    for draw in plots.ALL:
        drawn = draw(study)
        if drawn:
            yield Section(PICTURE_TITLES[drawn[0]]).picture(*drawn)
    yield scenario_table(study, "cpu", "CPU a message, scenario by scenario",
                         RATIOS)
    yield scenario_table(study, "p99", "p99, scenario by scenario",
                         RATIOS)
    spin = ("one", "one_polled", "open25_sleeping", "open25")
    for found in (
            special_table(study, "spin", spin, "Spinning, in figures",
                          "The load's core: whether the load generator polls too is in the "
                          "scenario's name.", ("bunshin_epoll", "libuv")),
            special_table(study, "threads", ("c100", "cores"), "One thread and two",
                          "On two cores the load generator has to share them.", ("bunshin_epoll",)),
            special_table(study, "models", ("c100", "big", "depth"), "Readiness models, in figures",
                          "Servers of our own that differ in one choice."),
            special_table(study, "timers", ("c100", "c10000"), "Timers",
                          "An idle time-out a connection, moved by every message."),
            special_table(study, "poll_engine", ("c100", "c1000", "idle"), "The engine poll",
                          "The same handlers on poll(2).", ("bunshin_epoll",)),
            special_table(study, "idlers", ("idle15000", "idle100000"), "Many idle connections",
                          "As many as a process may have descriptors for."),
            calls_section(study), serial_section(study), cannot_section(study)):
        if found:
            yield found
    yield noise_section(study)
    yield machine_section(study)


# --- Files ---


def introduction(study):
    about = study.data["machine"]
    return (f"Echo servers beside each other on one machine ({about['cpu']}, {about['cores']} cores, "
            f"{about['date']}), each in turn and {study.data['rounds']} times over: "
            f"{study.data['plan']['name']} study.")


def write(study, out):
    parts = list(sections(study))
    style = STYLE.replace("LIGHT", drawing.variables(0)).replace("DARK", drawing.variables(1))
    title = "bunshin: what does an event loop cost?"
    body = "\n".join(section.to_html() for section in parts)
    (out / "report.html").write_text(
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><title>{title}</title>'
        f"<style>{style}</style></head><body><h1>{title}</h1>"
        f"<p>{html.escape(introduction(study))}</p>\n{body}\n</body></html>\n")
    markdown = "\n".join(section.to_markdown() for section in parts)
    (out / "report.md").write_text(
        f"# {title}\n\n{introduction(study)}\n\nHow it was measured: [method](method.md). "
        f"Raw records: [results.json](results.json).\n\n{markdown}")
    for section in parts:
        for kind, content in section.parts:
            if kind == "picture":
                (out / f"{content[0]}.svg").write_text(drawing.standalone(content[1]))


class Balance(html.parser.HTMLParser):
    """Finds tags that are not closed, or closed twice."""

    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self):
        super().__init__()
        self.open = []
        self.wrong = []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def problems(out):
    """What is wrong with a report: never its timings."""
    data = json.loads((out / "results.json").read_text())
    study = summary.Study(data)
    text = (out / "report.html").read_text()
    balance = Balance()
    balance.feed(text)
    if balance.wrong or balance.open:
        yield f"report.html: tags out of balance: {(balance.wrong or balance.open)[:3]}"
    if "http://" in text.replace("http://www.w3.org/", "") or "https://" in text:
        yield "report.html needs something from elsewhere"
    for name in ("overview", "throughput", "latency", "percentiles", "growth", "cpu", "memory"):
        if f'<figure id="{name}">' not in text:
            yield f"report.html: no picture {name}"
        else:
            xml.etree.ElementTree.parse(out / f"{name}.svg")  # raises when it is not well-formed
    markdown = (out / "report.md").read_text()
    for title in ("All servers at a glance", "Goals", "The noise of this machine"):
        if title not in text or title not in markdown:
            yield f"no section: {title}"
    yield from missing_figures(study, data["plan"])


def missing_figures(study, plan):
    grid = [server["key"] for server in study.data["servers"] if server["group"] == "grid"]
    for scenario in plan["grid"]:
        for server in plan["servers"] or grid:
            if study.cannot(server, scenario) and study.labels[server]["hand"]:
                yield f"{server}, {scenario}: {study.cannot(server, scenario)}"
            elif not study.cannot(server, scenario) and not study.results(server, scenario):
                yield f"{server}, {scenario}: neither a result nor a reason"
    for (server, scenario), results in study.records.items():
        for result in results.values():
            if result["messages"] <= 0:
                yield f"{server}, {scenario}: no messages"
    for server in ("bunshin_epoll", "bunshin_uring"):
        for scenario in plan["grid"]:
            if study.cannot(server, scenario):
                yield f"{server}, {scenario}: {study.cannot(server, scenario)}"


def check(out):
    found = list(problems(out))
    for problem in found:
        print(f"report: {problem}", file=sys.stderr)
    if found:
        sys.exit(1)
    print("the report is complete and well-formed", file=sys.stderr)
