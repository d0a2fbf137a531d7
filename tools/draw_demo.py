#!/usr/bin/env python3
"""Draws what `bunshin demo` printed as a picture (SVG), for the READMEs.

    build/demo/tools/bunshin demo | tools/draw_demo.py >docs/demo.svg
"""

import re
import sys
import unicodedata
from xml.sax.saxutils import escape

CELL = 7.8  # pixels a column, at 13 pixels a letter
LINE = 19
MARGIN = 20
TOP = 56  # below the title bar
COMMAND = "$ tools/demo.sh"

COLOURS = {
    "heard": "#7ee787",
    "to robot": "#ffa657",
    "answer": "#79c0ff",
    "robot": "#d2a8ff",
}
EYES = {
    "blue": "#4d8dff",
    "red": "#ff5c5c",
    "green": "#3fdc5a",
    "yellow": "#ffe14d",
    "dark": "#6e7681",
}
EVENT = re.compile(r"( *[0-9.]+ s  )(heard|to robot|answer|robot)( +)(.*)")


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def span(text, colour):
    """Blanks that do not break are not merged either, whatever draws the picture."""
    text = escape(text.replace(" ", "\N{NO-BREAK SPACE}"))
    return f'<tspan fill="{colour}">{text}</tspan>'


def coloured(line):
    event = EVENT.fullmatch(line)
    if event is None:
        return span(line, "#e6edf3")
    time, what, gap, text = event.groups()
    eyes = re.match(r"(\(o o\) eyes (\w+))(.*)", text)
    if eyes:
        text = span(eyes[1], EYES.get(eyes[2], "#e6edf3")) + span(eyes[3], "#e6edf3")
    else:
        text = span(text, "#ff7b72" if ": refused" in text else "#e6edf3")
    return span(time, "#8b949e") + span(what + gap, COLOURS[what]) + text


def draw(lines):
    width = round(max(columns(line) for line in lines) * CELL) + 2 * MARGIN
    height = TOP + LINE * len(lines) + MARGIN // 2
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="What bunshin demo prints">'
    )
    yield f'<rect width="{width}" height="{height}" rx="10" fill="#0d1117"/>'
    for x, colour in ((22, "#ff5f57"), (42, "#febc2e"), (62, "#28c840")):
        yield f'<circle cx="{x}" cy="20" r="6" fill="{colour}"/>'
    yield (
        '<g font-size="13" '
        'font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, Noto Sans Mono CJK JP, '
        'Noto Sans CJK JP, monospace">'
    )
    for number, line in enumerate(lines):
        yield f'<text x="{MARGIN}" y="{TOP + LINE * number}">{coloured(line)}</text>'
    yield "</g>"
    yield "</svg>"


printed = sys.stdin.read().splitlines()
if not any(EVENT.fullmatch(line) for line in printed):
    sys.exit("draw_demo: this is not what `bunshin demo` prints")
print("\n".join(draw([COMMAND, *printed])))
