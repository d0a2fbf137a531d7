"""The pictures of the report. Each function returns (name, svg, what to see), or nothing when the
study holds no figures for it."""

from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from drawing import (DASHES, MARKERS, PLAIN_LIGHT, colour, figure, grid, label_points,
                     to_svg)

INK, MUTED = PLAIN_LIGHT["ink"], PLAIN_LIGHT["muted"]
BY_CONNECTIONS = ("one", "c100", "c1000", "c10000")
BY_IDLE = ("c100", "idle1000", "idle")
BY_SIZE = ("c100", "kb", "big")

# Thirteen lines in one panel lie on one another: four panels, each with the hand-coded loop in it.
GROUPS = (("bunshin, and by hand", ("hand_epoll", "hand_uring", "bunshin_epoll", "bunshin_uring")),
          ("libraries in C", ("hand_epoll", "libevent_raw", "libevent", "libuv", "libev")),
          ("other ways in C++", ("hand_epoll", "asio", "threads", "poll")),
          ("Python", ("hand_epoll", "asyncio", "asyncore")))


def number_text(value, _=None):
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{value / unit:g}{letter}"
    return f"{value:g}"


def time_text(nanoseconds, _=None):
    for unit, name in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if nanoseconds >= unit * 0.9995:
            return f"{nanoseconds / unit:.3g} {name}"
    return f"{nanoseconds:.3g} ns"


def times(value, digits=2):
    return f"{value:.{digits}f}" if value < 20 else f"{value:.0f}"


def lines(study):
    return [server for server in study.servers() if server != "hand_epoll_again"]


def groups(study):
    """(title, servers) of the panels that have more than the loop they are compared with."""
    known = set(lines(study))
    found = [(title, [server for server in servers if server in known]) for title, servers in GROUPS]
    return [(title, servers) for title, servers in found if len(servers) > 1]


def stroke(server):
    """How a server's line is drawn, everywhere."""
    ours = server.startswith("bunshin")
    return {"color": colour(server), "linewidth": 2 if ours else 1.2,
            "linestyle": DASHES.get(server, "-"), "marker": MARKERS.get(server, "o"),
            "markersize": 5.5 if ours else 4.5, "zorder": 3 if ours else 2}


def log_axis(axis, formatter):
    axis.set_major_formatter(FuncFormatter(formatter))
    axis.set_minor_formatter(NullFormatter())


def plot_lines(study, axes, servers, scenarios, places, metric, formatter, names=True):
    """One line a server with its intervals; hollow where the load generator was the limit. True when
    there is any."""
    ends = []
    for server in servers:
        points = [(place, found, metric == "throughput" and study.limited(server, scenario))
                  for place, scenario in zip(places, scenarios)
                  if (found := study.figure(server, scenario, metric)) and found.median > 0]
        if not points:
            continue
        look = stroke(server)
        axes.plot([x for x, _, _ in points], [found.median for _, found, _ in points],
                  **{**look, "marker": "none"})
        for x, found, hollow in points:
            axes.plot([x, x], [found.low, found.high], color=look["color"], linewidth=0.9)
            axes.plot([x], [found.median], look["marker"], markersize=look["markersize"],
                      color=look["color"], zorder=4,
                      markerfacecolor="none" if hollow else look["color"])
        ends.append((points[-1][0], points[-1][1].median, study.label(server), look["color"]))
    if not ends:
        return False
    axes.set_yscale("log")
    log_axis(axes.yaxis, formatter)
    grid(axes)
    if names:
        axes.figure.canvas.draw()
        label_points(axes, ends)
    return True


def sparse_ticks(axes):
    low, high = axes.get_ylim()
    if high / low < 100:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))


def present(study, scenarios):
    return [key for key in scenarios if key in study.grid_scenarios()]


def connections_axis(study, axes, scenarios):
    places = [study.titles[key]["conns"] for key in scenarios]
    axes.set_xscale("log")
    axes.set_xticks(places)
    log_axis(axes.xaxis, lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("connections")
    return places


def spread(study, server, scenarios, metric):
    found = [ratio.median for key in scenarios if (ratio := study.ratio(server, key, metric))]
    return (min(found), max(found)) if found else None


def overview(study):
    scenarios = study.grid_scenarios()
    rows = [(estimate, server) for server in study.servers()
            if (estimate := study.mean_ratio(server, "cpu", scenarios))]
    if not rows:
        return None
    rows.sort(key=lambda row: -row[0].median)
    canvas, ((axes,),) = figure(height=0.33 * len(rows) + 0.9)
    for place, (estimate, server) in enumerate(rows):
        shade = colour(server)
        axes.plot([estimate.low, estimate.high], [place, place], color=shade, linewidth=2.5)
        axes.plot([estimate.median], [place], "o", color=shade, markersize=6)
        axes.annotate(times(estimate.median), (estimate.high, place), xytext=(8, 0),
                      textcoords="offset points", va="center", fontsize=8.5)
    axes.axvline(1, color=MUTED, linewidth=1, linestyle=(0, (2, 2)))
    axes.set_yticks(range(len(rows)), [study.label(server) for _, server in rows])
    axes.set_xscale("log")
    log_axis(axes.xaxis, lambda value, _: f"{value:g}")
    low, high = min(row[0].low for row in rows), max(row[0].high for row in rows)
    axes.set_xlim(low / 1.05, high * 1.15)
    axes.set_xticks([tick for tick in (0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4, 6, 8, 12, 20)
                     if low / 1.05 <= tick <= high * 1.15])
    axes.set_xlabel("server CPU a message, hand-coded epoll = 1 (bars: 95 % interval)")
    grid(axes, "x")
    mine = study.mean_ratio("bunshin_epoll", "cpu", scenarios)
    see = "Left is better: what each server spends on a message, over all scenarios together"
    if mine:
        see += f"; bunshin/epoll spends {times(mine.median)} times what the hand-coded loop does"
    return "overview", to_svg(canvas, "Server CPU a message beside the hand-coded loop"), see + "."


def by_connections(study, metrics, formatter, label):
    """A row of panels a metric, a column a group of servers; nothing when there are no figures."""
    scenarios = present(study, BY_CONNECTIONS)
    columns = groups(study)
    canvas, rows = figure(len(columns), width=4 * len(columns), height=3.1 * len(metrics),
                          rows=len(metrics), sharex=True, sharey=True)
    drawn = False
    for row, (metric, name) in zip(rows, metrics):
        for axes, (title, servers) in zip(row, columns):
            places = connections_axis(study, axes, scenarios)
            if metric != metrics[-1][0]:
                axes.set_xlabel("")
            drawn = plot_lines(study, axes, servers, scenarios, places, metric, formatter, False) or drawn
            axes.set_title(title)
        row[0].set_ylabel(f"{label}{name}")
    canvas.tight_layout(w_pad=11)
    sparse_ticks(rows[0][0])
    for row, (metric, _) in zip(rows, metrics):
        for axes, (_, servers) in zip(row, columns):
            axes.figure.canvas.draw()
            label_points(axes, ends_of(study, servers, scenarios, places, metric))
    return canvas if drawn else None


def ends_of(study, servers, scenarios, places, metric):
    """Where each server's line ends: (x, y, label, colour)."""
    found = []
    for server in servers:
        points = [(place, figure_.median) for place, scenario in zip(places, scenarios)
                  if (figure_ := study.figure(server, scenario, metric)) and figure_.median > 0]
        if points:
            found.append((*points[-1], study.label(server), colour(server)))
    return found


def throughput(study):
    canvas = by_connections(study, [("throughput", "")], number_text, "messages a second")
    if canvas is None:
        return None
    hollow = any(study.limited(server, key) for server in lines(study)
                 for key in present(study, BY_CONNECTIONS))
    see = "Higher is better"
    if hollow:
        see += ("; a hollow point is a lower bound, because the load generator was at its limit, "
                "and says nothing of one server against another")
    return "throughput", to_svg(canvas, "Throughput by number of connections"), see + "."


def latency(study):
    canvas = by_connections(study, [("p50", "median"), ("p99", "99th percentile")], time_text,
                            "round trip, ")
    if canvas is None:
        return None
    return ("latency", to_svg(canvas, "Latency by number of connections"),
            "In a closed loop latency is throughput seen from the other side: it rises as a straight "
            "line where the server is busy all the time; what differs between servers shows at p99.")


def plot_curves(study, axes, servers, scenario):
    ends = []
    for server in servers:
        curve = [(1 / (1 - percentile / 100), value)
                 for percentile, value in study.curve(server, scenario) if percentile < 99.995]
        if curve:
            axes.plot(*zip(*curve), **{**stroke(server), "markevery": 0.25})
            ends.append((*curve[-1], study.label(server), colour(server)))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks([2, 10, 100, 1000, 10000], ["50", "90", "99", "99.9", "99.99"], fontsize=8.5)
    axes.xaxis.set_minor_formatter(NullFormatter())
    log_axis(axes.yaxis, time_text)
    grid(axes)
    return ends


def percentiles(study):
    wanted = [key for key in ("open50", "c100") if study.curve("hand_epoll", key)]
    if not wanted:
        return None
    columns = groups(study)
    canvas, rows = figure(len(columns), width=4 * len(columns), height=3.1 * len(wanted),
                          rows=len(wanted), sharex=True, sharey=True)
    ends = [[plot_curves(study, axes, servers, scenario) for axes, (_, servers) in zip(row, columns)]
            for row, scenario in zip(rows, wanted)]
    for row, scenario in zip(rows, wanted):
        for axes, (title, _) in zip(row, columns):
            axes.set_title(title)
        row[0].set_ylabel(f"round trip\n{study.title(scenario)}")
    for axes in rows[-1]:
        axes.set_xlabel("% at least as quick")
    canvas.tight_layout(w_pad=11)
    canvas.canvas.draw()
    for row, found in zip(rows, ends):
        for axes, points in zip(row, found):
            label_points(axes, points)
    return ("percentiles", to_svg(canvas, "Distribution of the latency"),
            "Flat and low is better; where all lines bend up together it is the machine, not a "
            "server. Open loop: counted from the planned time of sending.")


def growth(study):
    panels = [(present(study, keys), key, label, title) for keys, key, label, title in (
        (BY_CONNECTIONS, "conns", "connections, all active", "connections"),
        (BY_IDLE, "idle", "idle connections beside 100 active", "idle connections"),
        (BY_SIZE, "size", "bytes a message", "size"))]
    panels = [panel for panel in panels if len(panel[0]) > 1]
    if not panels:
        return None
    rows = groups(study)
    canvas, panels_of = figure(len(panels), width=11, height=2.7 * len(rows), rows=len(rows),
                               sharey=True)
    for row, (group, servers) in zip(panels_of, rows):
        for axes, (scenarios, key, label, title) in zip(row, panels):
            places = [study.titles[scenario][key] for scenario in scenarios]
            linear = {"linthresh": 300} if 0 in places else {}
            axes.set_xscale("symlog" if linear else "log", **linear)
            axes.set_xticks(places)
            log_axis(axes.xaxis, lambda value, _: f"{value:,.0f}")
            names = key == panels[-1][1]
            plot_lines(study, axes, servers, scenarios, places, "cpu", time_text, names)
            axes.set_title(f"{group}: {title}", fontsize=9)
            axes.set_xlabel(label, fontsize=8.5)
        row[0].set_ylabel("server CPU a message")
    sparse_ticks(panels_of[0][0])
    canvas.tight_layout()
    see = "Flat is better: a server whose line rises with idle connections looks at all of them"
    found = spread(study, "bunshin_epoll", present(study, BY_CONNECTIONS + BY_IDLE + BY_SIZE), "cpu")
    if found:
        see += (f"; bunshin/epoll stays between {times(found[0])} and {times(found[1])} times the "
                "hand-coded loop")
    return "growth", to_svg(canvas, "Cost of a message as work grows"), see + "."


def stacked(study):
    rows = []
    for server in lines(study):
        cpu = study.figure(server, "c100", "cpu")
        if cpu:
            rows.append((cpu.median, study.user_share(server, "c100"), server))
    if not rows:
        return None
    rows.sort(reverse=True)
    canvas, ((axes,),) = figure(height=0.33 * len(rows) + 0.9)
    for place, (cpu, user, server) in enumerate(rows):
        axes.barh(place, cpu * user / 1e3, color=colour(server), height=0.62)
        axes.barh(place, cpu * (1 - user) / 1e3, left=cpu * user / 1e3, color=colour(server),
                  alpha=0.38, height=0.62)
        axes.annotate(f"{cpu / 1e3:.2f} µs", (cpu / 1e3, place), xytext=(5, 0),
                      textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(range(len(rows)), [study.label(server) for _, _, server in rows])
    axes.set_xlabel("µs of CPU a message, 100 connections x 64 bytes: "
                    "the server's own code (full), the kernel (pale)")
    grid(axes, "x")
    kernel = [1 - user for _, user, server in rows if server == "bunshin_epoll"]
    see = "Only the full part is a server's own code"
    if kernel and min(kernel) < 1:
        see += f"; in bunshin/epoll the kernel takes {100 * min(kernel):.0f} %"
    return "cpu", to_svg(canvas, "Server CPU a message, own code and kernel"), see + "."


def bytes_each(study):
    scenario = next((key for key in ("idle", "idle1000") if key in study.grid_scenarios()), None)
    rows = [(found, server) for server in lines(study)
            if scenario and (found := study.figure(server, scenario, "memory")) and found.median > 0]
    if not rows:
        return None
    rows.sort(key=lambda row: -row[0].median)
    canvas, ((axes,),) = figure(height=0.33 * len(rows) + 0.9)
    for place, (size, server) in enumerate(rows):
        axes.plot([size.low, size.high], [place, place], color=colour(server), linewidth=2.5)
        axes.plot([size.median], [place], MARKERS.get(server, "o"), color=colour(server), markersize=6)
        axes.annotate(f"{size.median:,.0f}", (size.high, place), xytext=(8, 0),
                      textcoords="offset points", va="center", fontsize=8.5)
    axes.set_yticks(range(len(rows)), [study.label(server) for _, server in rows])
    axes.set_xscale("log")
    log_axis(axes.xaxis, number_text)
    axes.set_xlabel(f"bytes of user memory a connection ({study.title(scenario)}; bars: 95 % interval)")
    axes.margins(x=0.12)
    grid(axes, "x")
    return ("memory", to_svg(canvas, "User memory a connection"),
            "Left is better: heap and own mappings, slack included; the kernel's part, the same for "
            "all and larger than most of these, is not in it.")


def spinning(study):
    wanted = [key for key in ("one", "one_polled", "open25_sleeping", "open25")
              if any(study.figure(server, key, "p50") for server in study.servers("spin"))]
    if not wanted:
        return None
    canvas, rows = figure(2, width=11, height=3.3 * ((len(wanted) + 1) // 2),
                          rows=(len(wanted) + 1) // 2, sharex=True, sharey=True)
    panels = [axes for row in rows for axes in row]
    for axes in panels[len(wanted):]:
        axes.set_visible(False)
    drawn = []
    for axes, scenario in zip(panels, wanted):
        points = []
        for server in ("hand_epoll", "bunshin_epoll", *study.servers("spin"), "libuv"):
            p50, share = (study.figure(server, scenario, metric) for metric in ("p50", "share"))
            if p50:
                x, y = 100 * share.median, p50.median / 1e3
                axes.plot([x, x], [p50.low / 1e3, p50.high / 1e3], color=colour(server), linewidth=1)
                axes.plot([x], [y], MARKERS.get(server, "o"), color=colour(server), markersize=6)
                points.append((x, y, study.label(server).replace("bunshin/epoll --", ""),
                               colour(server)))
        drawn.append(points)
        axes.set_xlim(0, 105)
        axes.set_title(study.title(scenario), fontsize=9)
        grid(axes, "both")
    for row in rows:
        row[0].set_ylabel("median round trip, µs")
    for axes in rows[-1]:
        axes.set_xlabel("server, % of a core")
    rows[0][0].set_ylim(0, 1.1 * rows[0][0].get_ylim()[1])
    canvas.tight_layout(w_pad=8)
    canvas.canvas.draw()
    for axes, points in zip(panels, drawn):
        label_points(axes, points, 0.09)
    return ("spin", to_svg(canvas, "Latency and CPU of spinning"),
            "Down is quicker, right is dearer: spinning buys latency with CPU, and pays in full only "
            "when the other side does not sleep either (the panels where the load polls).")


def models(study):
    wanted = [key for key in ("c100", "big", "depth") if study.figure("remembered", key, "cpu")]
    if not wanted:
        return None
    servers = list(reversed(study.servers("models")))
    canvas, (row,) = figure(len(wanted), height=0.36 * len(servers) + 1.2, sharey=True)
    for axes, scenario in zip(row, wanted):
        for place, server in enumerate(servers):
            ratio = study.ratio(server, scenario, "cpu", "remembered")
            if ratio:
                axes.plot([ratio.low, ratio.high], [place] * 2, color=colour(server), linewidth=2.5)
                axes.plot([ratio.median], [place], "o", color=colour(server))
        axes.axvline(1, color=MUTED, linewidth=1, linestyle=(0, (2, 2)))
        axes.set_title(study.title(scenario), fontsize=9)
        axes.set_xlabel("CPU a message, default = 1")
        grid(axes, "x")
    row[0].set_yticks(range(len(servers)), [study.label(server) for server in servers])
    see = "Left is better"
    found = [(name, study.ratio(key, "c100", "cpu", "remembered"))
             for key, name in (("drain", "draining until EAGAIN"), ("level", "level-triggered"))]
    if all(ratio for _, ratio in found):
        see += "; at 100 connections " + " and ".join(
            f"{name} costs {times(ratio.median)} times the remembered edge" for name, ratio in found)
    return "models", to_svg(canvas, "Readiness models of bunshin"), see + "."


def serial(study):
    rows = [row for row in study.data["serial"] if "p50_ns" in row]
    if not rows:
        return None
    rows.reverse()
    canvas, ((left, right),) = figure(2, height=0.5 * len(rows) + 1.3, sharey=True)
    for place, row in enumerate(rows):
        shade = colour("bunshin_epoll") if row["key"].startswith("bunshin") else MUTED
        left.barh(place, row["p99_ns"] / 1e3, color=shade, alpha=0.38, height=0.55)
        left.barh(place, row["p50_ns"] / 1e3, color=shade, height=0.55)
        right.barh(place, row["bytes_per_second"] / 1e6, color=shade, height=0.55)
        left.annotate(f"{row['p50_ns'] / 1e3:.0f} / {row['p99_ns'] / 1e3:.0f}",
                      (row["p99_ns"] / 1e3, place), xytext=(4, 0), textcoords="offset points",
                      va="center", fontsize=8.5)
        right.annotate(f"{row['bytes_per_second'] / 1e6:.1f}", (row["bytes_per_second"] / 1e6, place),
                       xytext=(4, 0), textcoords="offset points", va="center", fontsize=8.5)
    left.set_yticks(range(len(rows)), [row["label"] for row in rows])
    left.set_xlabel("µs for 16 bytes to the line: p50, p99 (pale)")
    right.set_xlabel("MB/s from the socket to the line")
    for axes in (left, right):
        axes.margins(x=0.2)
        grid(axes, "x")
    return ("serial", to_svg(canvas, "Serial bridges"),
            "Left: shorter is better; right: longer. A real line of 57,600 baud moves 0.006 MB/s, so "
            "any of them is quick enough; what differs is what they cost and how they wait.")


ALL = (overview, throughput, latency, percentiles, growth, stacked, bytes_each, spinning, models,
       serial)
