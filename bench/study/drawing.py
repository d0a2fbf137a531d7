"""What the pictures share: colours that follow the reader's light or dark screen, and labels."""

import io
import re

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams.update({
    "svg.fonttype": "none", "svg.hashsalt": "bunshin", "font.family": "sans-serif",
    "font.size": 10, "axes.spines.top": False, "axes.spines.right": False,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left",
    "legend.frameon": False,
})
import matplotlib.pyplot as plt  # noqa: E402  (after the back end is chosen)

# Name -> (on a light screen, on a dark one). The first is what matplotlib is told.
COLOURS = {
    "ink": ("#1c2127", "#e6e9ec"),
    "muted": ("#66707a", "#9aa4ae"),
    "grid": ("#dde1e5", "#343a41"),
    "bunshin_epoll": ("#c9304a", "#ff7288"),
    "bunshin_uring": ("#d07a00", "#ffb84d"),
    "hand_epoll": ("#1c2128", "#e6e9ed"),
    "hand_uring": ("#67707a", "#9aa5ae"),
    "libev": ("#00798c", "#43c6da"),
    "libuv": ("#2f5fa8", "#7fb0f5"),
    "asio": ("#6a4c93", "#bb9ee8"),
    "libevent_raw": ("#5b8c2a", "#a4d36b"),
    "libevent": ("#1f7a55", "#66cfa1"),
    "poll": ("#8d6e63", "#cbab9e"),
    "threads": ("#7a7a2a", "#c9c96a"),
    "asyncio": ("#a3178f", "#f080dd"),
    "asyncore": ("#4a23b0", "#a492ff"),
}
# Hue alone tells no two lines apart: each server has a shape of its own, too, and neighbours in a panel
# differ in their dashes.
MARKERS = {
    "hand_epoll": "o", "hand_uring": "s", "bunshin_epoll": "D", "bunshin_uring": "^",
    "libevent_raw": "v", "libevent": "P", "libuv": "X", "libev": "<", "asio": ">", "threads": "p",
    "poll": "h", "asyncio": "*", "asyncore": "d",
    "spin20": "v", "spin50": "s", "spin100": "P", "spin200": "*"}
DASHES = {
    "hand_epoll": (0, (4, 2)), "hand_uring": (0, (1, 1.5)), "bunshin_uring": (0, (6, 1.5)),
    "libevent": (0, (5, 1, 1, 1)), "libuv": (0, (3, 1)), "libev": (0, (1, 1)),
    "threads": (0, (5, 1, 1, 1)), "poll": (0, (1, 1)), "asyncore": (0, (3, 1))}
PLAIN_LIGHT = {name: light for name, (light, _) in COLOURS.items()}

for part in ("text.color", "axes.labelcolor", "xtick.color", "ytick.color"):
    matplotlib.rcParams[part] = PLAIN_LIGHT["ink"]
matplotlib.rcParams["axes.edgecolor"] = PLAIN_LIGHT["muted"]


def colour(server):
    if server in PLAIN_LIGHT:
        return PLAIN_LIGHT[server]
    return PLAIN_LIGHT["hand_epoll" if server.startswith("hand") else "bunshin_epoll"]


def variables(shade):
    return "".join(f"--{name.replace('_', '-')}:{pair[shade]};" for name, pair in COLOURS.items())


def grid(axes, axis="y"):
    axes.grid(True, axis=axis, color=PLAIN_LIGHT["grid"], linewidth=0.8)
    axes.set_axisbelow(True)


def to_svg(figure, description):
    """An <svg> element whose colours are CSS variables, with the light ones to fall back on."""
    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", pad_inches=0.05,
                   metadata={"Date": None, "Creator": None, "Title": description})
    plt.close(figure)
    svg = text.getvalue()
    svg = svg[svg.index("<svg"):]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for name, (light, _) in COLOURS.items():
        svg = svg.replace(light, f"var(--{name.replace('_', '-')}, {light})")
    width = re.search(r'viewBox="0 0 ([\d.]+) ', svg).group(1)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', rf'\1 style="max-width:{float(width) * 4 / 3:.0f}px"',
                 svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font: \1 system-ui, sans-serif", svg)
    svg = re.sub(r"font: (bold|700) ([\d.]+px) [^;\"]*", r"font: \1 \2 system-ui, sans-serif", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{description}"', 1)


def standalone(svg):
    """The same as a file of its own."""
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups()
    svg = svg.replace("<svg", f'<svg width="{width}" height="{height}"', 1)
    style = (f"<style>svg{{{variables(0)}}}"
             f"@media (prefers-color-scheme: dark){{svg{{{variables(1)}}}}}</style>")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + re.sub(r"(<svg[^>]*>)", r"\1" + style, svg, count=1)


def apart(heights, gap, ceiling=1.02):
    """Heights (ascending, as shares of the axes) moved so that neighbours are `gap` apart."""
    heights = list(heights)
    for index in range(1, len(heights)):
        heights[index] = max(heights[index], heights[index - 1] + gap)
    for index in range(len(heights) - 1, -1, -1):
        heights[index] = min(heights[index], ceiling)
        ceiling = heights[index] - gap
    return heights


def label_points(axes, points, gap=0.075):
    """Names right of the axes, moved apart where they would overlap, each with a leader to its point.
    `points` are (x, y, text, colour)."""
    to_axes = (axes.transData + axes.transAxes.inverted()).transform
    placed = sorted(points, key=lambda point: to_axes(point[:2])[1])
    heights = apart([to_axes(point[:2])[1] for point in placed], gap)
    for height, (x, y, text, shade) in zip(heights, placed):
        axes.annotate(text, (x, y), xytext=(1.06, height), textcoords="axes fraction", color=shade,
                      va="center", fontsize=8.5, annotation_clip=False,
                      arrowprops={"arrowstyle": "-", "color": shade, "linewidth": 0.6,
                                  "shrinkA": 1, "shrinkB": 4})


def figure(columns=1, width=9.0, height=3.9, rows=1, **more):
    return plt.subplots(rows, columns, figsize=(width, height), squeeze=False, **more)
