#!/usr/bin/env python3
"""Draws which room uses which, as the includes have it.

    tools/rooms.py            docs/rooms.svg
    tools/rooms.py --check    is the picture up to date? Nothing is drawn.

Fails where a room uses one that stands below it: then the arrows would make a circle some day.
"""

import re
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/rooms.svg"
ROOMS = {  # from the top; each may use those that come after it
    "tools": "the program, and the scope of a loop",
    "bridge": "Julius, Rapiro, and what is between them",
    "handlers": "asyncore's dispatchers, echo, chat, HTTP",
    "reactor": "the loop, its engines and media",
}
INCLUDE = re.compile(r'^#include "(\w+)/', re.MULTILINE)

BOX, GAP = 54, 46


def sources(room):
    return [path for path in sorted((ROOT / room).rglob("*"))
            if path.suffix in (".h", ".cpp")]


def uses():
    """How many includes lead from one room to another."""
    counts = Counter()
    for room in ROOMS:
        for path in sources(room):
            for other in INCLUDE.findall(path.read_text(encoding="utf-8")):
                if other != room:
                    counts[room, other] += 1
    return counts


def against(counts):
    order = list(ROOMS)
    return [f"{room}/ uses {other}/" for room, other in counts
            if other not in order or order.index(other) < order.index(room)]


def box(room, top):
    files = sources(room)
    lines = sum(path.read_text(encoding="utf-8").count("\n") for path in files)
    return f"""<rect x="20" y="{top}" width="300" height="{BOX}" rx="6" fill="#eef3f8" stroke="#34526f"/>
<text x="34" y="{top + 23}" font-weight="bold">{room}/</text>
<text x="34" y="{top + 42}" font-size="13">{ROOMS[room]}</text>
<text x="306" y="{top + 23}" font-size="13" text-anchor="end">{len(files)} files, {round(lines, -2)} lines</text>
"""


def arrow(column, start, end, count):
    """From the right side of one box to that of another; the shortest is the innermost."""
    x = 320 + 50 * column
    return f"""<path d="M320 {start} H{x} V{end} H321" fill="none" stroke="#34526f" marker-end="url(#head)"/>
<text x="{x + 4}" y="{(start + end) // 2 + 4}" font-size="13">{count}</text>
"""


def draw(counts):
    order = list(ROOMS)

    def distance(pair):
        return order.index(pair[1]) - order.index(pair[0])

    tops = {room: 20 + index * (BOX + GAP) for index, room in enumerate(order)}
    body = "".join(box(room, top) for room, top in tops.items())
    columns = []  # of each, the arrows in it, which must not meet
    for pair in sorted(counts, key=lambda pair: (distance(pair), order.index(pair[0]))):
        start = tops[pair[0]] + BOX - 6 * distance(pair)
        end = tops[pair[1]] + 8 * distance(pair)
        free = (column for column in columns if all(end < a or b < start for a, b in column))
        column = next(free, None)
        if column is None:
            columns.append(column := [])
        column.append((start, end))
        body += arrow(1 + columns.index(column), start, end, counts[pair])
    height = tops[order[-1]] + BOX + 20
    width = 320 + 50 * len(columns) + 60
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"
 height="{height}" font-family="sans-serif" font-size="16" fill="#1c2733">
<title>The rooms of bunshin, and how many includes lead from one to another</title>
<rect width="{width}" height="{height}" fill="#ffffff"/>
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">
<path d="M0 0 L8 4 L0 8 Z" fill="#34526f"/></marker></defs>
{body}</svg>
"""


def main():
    counts = uses()
    if upwards := against(counts):
        sys.exit("rooms: " + "; ".join(upwards))
    picture = draw(counts)
    if sys.argv[1:] == ["--check"]:
        shown = re.sub(r"\d+ lines", "", PICTURE.read_text(encoding="utf-8"))
        if shown != re.sub(r"\d+ lines", "", picture):
            sys.exit("rooms: docs/rooms.svg is out of date: tools/rooms.py draws it")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        PICTURE.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
