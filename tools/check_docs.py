#!/usr/bin/env python3
"""Are the READMEs still true? Compares them with the files and the program they speak of.

    tools/check_docs.py build/release/tools/bunshin
    tools/check_docs.py --fix      brings quoted files and line counts up to date
"""

import html
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.ja.md")
DESIGNS = ("docs/design.md", "docs/design.ja.md")
WITH_TRANSLATION = tuple(
    (path.relative_to(ROOT).as_posix(), path.relative_to(ROOT).with_suffix(".ja.md").as_posix())
    for pattern in ("docs/simulation.md", "docs/bridge-network.md", "docs/scope.md", "docs/scope-page.md",
                    "docs/events.md", "docs/asyncore.md",
                    "docs/course/teaching.md", "docs/course/labs/*.md")
    for path in sorted(ROOT.glob(pattern)) if not path.name.endswith(".ja.md"))
OTHERS = (*(name for pair in WITH_TRANSLATION for name in pair), "CONTRIBUTING.md",
          "docs/glossary.md")

QUOTE = re.compile(r"(<!-- from (\S+) -->\n```\w+\n)(.*?)(```\n)", re.DOTALL)
COUNT = re.compile(r"(\| \[[^]]+\]\(([^)]+)\) \| )(\d+)( \|)")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`\n]+)`|^\$ (.+)$", re.MULTILINE)
TOLERANCE = 0.1  # of a line count


def quoted(path):
    return (ROOT / path).read_text(encoding="utf-8")


def lines_of(path):
    return quoted(path).count("\n")


def fixed(text):
    text = QUOTE.sub(lambda found: found[1] + quoted(found[2]) + found[4], text)
    return COUNT.sub(lambda found: found[1] + str(round(lines_of(found[2]), -1)) + found[4], text)


def quote_mistakes(text):
    for _, path, block, _ in QUOTE.findall(text):
        if not (ROOT / path).is_file():
            yield f"{path}, which it quotes, is not there"
        elif block != quoted(path):
            yield f"the block from {path} is not what that file holds (--fix)"


def count_mistakes(text):
    counts = COUNT.findall(text)
    if len(counts) != 5:
        yield f"the list to start with names {len(counts)} files, not 5"
    for _, path, count, _ in counts:
        lines = lines_of(path) if (ROOT / path).is_file() else 0
        if abs(lines - int(count)) > TOLERANCE * lines:
            yield f"{path} has {lines} lines, not {count} (--fix)"


def link_mistakes(text, folder):
    for target in LINK.findall(text):
        if "://" not in target and not (folder / target).exists():
            yield f"the link to {target} leads nowhere"


def commands_in(text):
    """What is to be typed at `bunshin`, as lists of words."""
    for inline, console in CODE.findall(text):
        words = (inline or console).rsplit("| ", 1)[-1].split()
        if words[:1] == ["bunshin"] and len(words) > 1:
            yield words[1:]


def paragraphs(text):
    """Lines of running text, with the one after each: not code, tables, headings, comments."""
    lines = re.sub(r"^```.*?^```$|^<!-- .*?begin -->.*?<!-- .*?end -->$", "", text,
                   flags=re.DOTALL | re.MULTILINE).split("\n")
    begins = re.compile(r"\s*([-*+] |\d+\. |$)|[#|<]|    ")
    for line, following in zip(lines, lines[1:]):
        if line.strip() and not re.match(r"[#|<]|    ", line):
            yield line, "" if begins.match(following) else following


def words_to_avoid():
    for row in quoted("docs/glossary.md").split("\n"):
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if row.startswith("|") and len(cells) == 3 and not cells[0].startswith(("English", "--")):
            yield from ((word, cells[1]) for word in cells[2].split("、") if word)


def japanese_mistakes(text):
    japanese = r"[\u3040-\u30ff\u3400-\u9fff]"
    for line, following in paragraphs(text):
        if following:
            yield f"a paragraph is one line, but one goes on after \"{line[-20:]}\""
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`|\\\*|\]\([^)]*\)", "", text, flags=re.DOTALL | re.MULTILINE)
    for emphasis, after in re.findall(r"(\*+[^*\n]+\*+)(.?)", prose):
        if emphasis.rstrip("*")[-1] in "。、）」" and re.match(japanese, after):
            yield f"the asterisks will be shown: {emphasis}"
    for bracket in re.findall(rf"{japanese} ?\([^)\n]*\)|\([^)\n]*{japanese}[^)\n]*\)", prose):
        yield f"half-width brackets: {bracket}"
    for word, instead in words_to_avoid():
        if re.search(f"{word}(?!ー)", text):
            yield f"\"{word}\" is written 「{instead}」 (docs/glossary.md)"


def help_of(bunshin, words):
    result = subprocess.run([bunshin, *words, "--help"], capture_output=True, text=True, timeout=10)
    # For a command it does not know it prints the general help.
    return result.stdout if f"Usage: bunshin {' '.join(words)} " in result.stdout else None


def command_mistakes(text, bunshin):
    for words in commands_in(text):
        names = words[:2] if words[0] == "sim" else words[:1]
        if names[0] == "COMMAND" or names[0].startswith("-"):
            continue
        known = help_of(bunshin, names)
        if known is None:
            yield f"`bunshin {' '.join(names)}` is no command"
            continue
        for option in (word for word in words if word.startswith("--") and word != "--help"):
            if not re.search(rf"{option}\b", known):
                yield f"`bunshin {' '.join(names)}` has no option {option}"


def heard(text):
    return re.findall(r"(?<=heard)\s+(.+)", text)


def test_mistakes(text):
    """A rule or a trap without a test that bears its name, or the other way round."""
    name = re.compile(r"\b(Trap\d\d|Rule_[A-Za-z]+)")
    told = set(name.findall(text))
    tested = {found for path in (ROOT / "tests").rglob("*_test.cpp")
              for found in name.findall(path.read_text(encoding="utf-8"))}
    for missing in sorted(told - tested):
        yield f"no test is named {missing}"
    for missing in sorted(tested - told):
        yield f"says nothing of {missing}, which tests are named after"


def picture_mistakes(bunshin):
    """The picture must show what the demo prints: all phrases, rules and commands."""
    svg = (ROOT / "docs/demo.svg").read_text(encoding="utf-8")
    shown = html.unescape(re.sub(r"<[^>]*>", "", svg)).replace("\N{NO-BREAK SPACE}", " ")
    demo = subprocess.run([bunshin, "demo", "--speed", "10"], capture_output=True, text=True,
                          timeout=25)
    if not heard(demo.stdout) or heard(shown) != heard(demo.stdout):
        yield "docs/demo.svg shows something else than the demo (draw it anew: tools/draw_demo.py)"


def links(text):
    """Without the language: method.ja.md is what method.md is."""
    return sorted({re.sub(r"\.ja\.(md|png)$", r".\1", target).replace("course/ja/", "course/en/")
                   for target in LINK.findall(text)})


def mirror_mistakes(names, texts):
    """A translation has the same links, quotations and commands, in the same order."""
    first, second = texts
    for what, find in (("headings", lambda text: re.findall(r"^#+(?= )", text, re.MULTILINE)),
                       ("quotations", lambda text: [found[1] for found in QUOTE.findall(text)]),
                       ("commands", lambda text: re.findall(r"^\$ .*", text, re.MULTILINE)),
                       ("links", links)):
        if find(first) != find(second):
            yield f"{names[0]} and its translation have different {what}"


def check(bunshin):
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in (*READMES, *OTHERS)}
    for name, text in texts.items():
        mistakes = [*quote_mistakes(text), *link_mistakes(text, (ROOT / name).parent),
                    *command_mistakes(text, bunshin)]
        if name in READMES:
            mistakes += count_mistakes(text)
        yield from (f"{name}: {mistake}" for mistake in mistakes)
    for name in DESIGNS:
        text = (ROOT / name).read_text(encoding="utf-8")
        yield from (f"{name}: {mistake}" for mistake in test_mistakes(text))
    for path in sorted(ROOT.glob("**/*.ja.md")):
        if "build" not in path.relative_to(ROOT).parts[:1]:
            mistakes = japanese_mistakes(path.read_text(encoding="utf-8"))
            yield from (f"{path.relative_to(ROOT)}: {mistake}" for mistake in mistakes)
    for names in (READMES, *WITH_TRANSLATION):
        yield from mirror_mistakes(names, [texts[name] for name in names])
    yield from picture_mistakes(bunshin)


def main():
    if sys.argv[1:] == ["--fix"]:
        for name in (*READMES, *OTHERS):
            path = ROOT / name
            path.write_text(fixed(path.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    if len(sys.argv) != 2 or not os.access(sys.argv[1], os.X_OK):
        print("usage: tools/check_docs.py BUNSHIN | --fix", file=sys.stderr)
        return 2
    mistakes = list(check(sys.argv[1]))
    for mistake in mistakes:
        print(mistake)
    print("the READMEs are true" if not mistakes else f"{len(mistakes)} mistakes")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
