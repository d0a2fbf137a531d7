#!/usr/bin/env python3
"""One comment style through the rooms: what stands right above a declaration that others may use is
/// and not //. Others are those outside of a class's private part, and in a .cpp file what stands at
its margin.

    tools/comment_style.py         names the places where it is otherwise
    tools/comment_style.py --fix   mends them (clang-format then wraps what has become too long)
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("reactor", "handlers", "bridge", "tools/scope")
COMMENT = re.compile(r"^( *)//(?: |$)")
CLASS = re.compile(r"^( *)(class|struct|enum)\b[^;]*\{\s*$")
# What a comment may stand above without being about a declaration.
OTHERS = re.compile(r"^(#|\}|\{|public:|private:|protected:|case |return |if |using namespace |[A-Z_]+\()")


def indent(line):
    return len(line) - len(line.lstrip())


def private_lines(lines):
    """For each line whether it is in a private part."""
    private, outer, answers = False, [], []
    for line in lines:
        opened = CLASS.match(line)
        if opened:
            outer.append((indent(line), private))
            private = opened[2] == "class"
        elif re.match(r"^ *\};", line) and outer and outer[-1][0] == indent(line):
            private = outer.pop()[1]
        elif re.match(r"^ *(public|protected):", line):
            private = False
        elif re.match(r"^ *private:", line):
            private = True
        answers.append(private)
    return answers


def blocks(path, lines):
    """(first, behind) of each comment that should be ///."""
    private = private_lines(lines)
    first = 0
    while first < len(lines):
        behind = first
        while behind < len(lines) and COMMENT.match(lines[behind]) and \
                indent(lines[behind]) == indent(lines[first]):
            behind += 1
        if behind > first:
            margin = path.suffix == ".h" or indent(lines[first]) == 0
            declares = behind < len(lines) and lines[behind].strip() and \
                not OTHERS.match(lines[behind].strip())
            if margin and declares and not private[first]:
                yield first, behind
        first = max(behind, first + 1)


def main():
    fix = sys.argv[1:] == ["--fix"]
    found = 0
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            lines = path.read_text(encoding="utf-8").split("\n")
            for first, behind in list(blocks(path, lines)):
                found += 1
                if not fix:
                    print(f"{path.relative_to(ROOT)}:{first + 1}: a declaration's comment begins "
                          f"with /// (tools/comment_style.py --fix)")
                for number in range(first, behind):
                    lines[number] = COMMENT.sub(r"\1/// ", lines[number]).rstrip()
            if fix:
                path.write_text("\n".join(lines), encoding="utf-8")
    return 1 if found and not fix else 0


if __name__ == "__main__":
    sys.exit(main())
