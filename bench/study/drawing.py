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
DASHED = {"hand_epoll": (0, (4, 2)), "hand_uring": (0, (1, 1.5))}
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


def label_ends(axes, ends, gap=0.052):
    """Names at the right end of lines, moved apart where they would overlap. `ends` are
    (y, text, colour)."""
    to_axes = (axes.transData + axes.transAxes.inverted()).transform
    placed = sorted((to_axes((axes.get_xlim()[1], y))[1], text, shade) for y, text, shade in ends)
    heights = [height for height, _, _ in placed]
    for index in range(1, len(heights)):
        heights[index] = max(heights[index], heights[index - 1] + gap)
    excess = heights[-1] - 1.02 if heights else 0
    for index in range(len(heights) - 1, -1, -1):
        ceiling = 1.02 if index == len(heights) - 1 else heights[index + 1] - gap
        if excess > 0:
            heights[index] = min(heights[index], ceiling)
    for height, (_, text, shade) in zip(heights, placed):
        axes.annotate(text, (1.015, height), xycoords="axes fraction", color=shade, va="center",
                      fontsize=8.5, annotation_clip=False)


def figure(columns=1, width=9.0, height=3.9, **more):
    return plt.subplots(1, columns, figsize=(width, height), squeeze=False, **more)
