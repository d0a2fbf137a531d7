#!/usr/bin/env python3
"""Is each chapter of the course whole, and the same in both languages?

    tools/check_course.py

Compares headings, figures, listings, commands, exercises, quizzes and links, chapter by chapter, and
checks the Japanese as tools/check_docs.py does.
"""

import re
import sys
from pathlib import Path

from check_docs import ROOT, japanese_mistakes

COURSE = ROOT / "docs" / "course"
MARK = re.compile(r"^\s*(?://|#) \[([\w-]+)\]$", re.MULTILINE)
THREAD = re.compile(r"\]\((https://github\.com/[^)]+/(?:issues|pull)/\d+)\)")
EXERCISES, QUESTIONS = range(3, 7), range(3, 7)


def found(pattern, text):
    return re.findall(pattern, text, re.MULTILINE)


def fences(text, name):
    return found(rf"^```\{{{name}\}} ?(.*\n(?::.*\n)*)", text)


def parts(text):
    """What has to be the same in both languages."""
    return {
        "headings": found(r"^(#+) ", text),
        "figures": fences(text, "loop"),
        "listings": fences(text, "listing"),
        "commands": found(r"^\$ .*", text),
        "exercises": found(r"^:::\{answer\}", text),
        "questions": found(r"^([?+-]) ", "".join(found(r"^```\{quiz\}\n((?:[?+!-].*\n)*)", text))),
        "code blocks": found(r"^```(?!\{)(\w+)", text),
        "links": sorted(found(r"\]\((https?://[^)]+)\)", text)),
    }


def chapter_mistakes(text):
    chapter = parts(text)
    questions = chapter["questions"].count("?")
    if len(chapter["exercises"]) not in EXERCISES:
        yield f"{len(chapter['exercises'])} exercises with answers, and not three to six"
    if len(found(r"^### \d+\. ", text)) != len(chapter["exercises"]):
        yield "an exercise without an answer, or an answer without an exercise"
    if questions not in QUESTIONS or chapter["questions"].count("+") != questions:
        yield f"a quiz of {questions} questions, and {chapter['questions'].count('+')} right answers"
    if not chapter["figures"]:
        yield "no figure"
    if not chapter["listings"]:
        yield "no program"
    if not THREAD.search(text):
        yield "no mistake that a public thread tells of"


def program_mistakes(texts):
    quoted = {}
    for text in texts:
        for listing in fences(text, "listing"):
            name, _, part = listing.strip().partition("\n:part: ")
            quoted.setdefault(name, set()).add(part)
    for path in sorted((COURSE / "src").iterdir()):
        if path.suffix not in (".cpp", ".h", ".py"):
            continue
        marks = set(MARK.findall(path.read_text(encoding="utf-8")))
        missing = marks - quoted.get(path.name, set())
        if missing and "" not in quoted.get(path.name, ()):
            yield f"src/{path.name}: no chapter shows {', '.join(sorted(missing))}"


def mistakes():
    chapters = {language: sorted(path.name for path in (COURSE / language).glob("*.md"))
                for language in ("ja", "en")}
    if chapters["ja"] != chapters["en"]:
        yield f"different chapters: {sorted(set(chapters['ja']) ^ set(chapters['en']))}"
    shown = []
    for name in sorted(set(chapters["ja"]) & set(chapters["en"])):
        texts = {language: (COURSE / language / name).read_text(encoding="utf-8")
                 for language in chapters}
        shown.append(texts["ja"])
        ours, theirs = parts(texts["ja"]), parts(texts["en"])
        for what, its in ours.items():
            if its != theirs[what]:
                yield f"{name}: other {what} in Japanese than in English"
        if name[0].isdigit():
            yield from (f"en/{name}: {wrong}" for wrong in chapter_mistakes(texts["en"]))
        yield from (f"ja/{name}: {wrong}" for wrong in japanese_mistakes(texts["ja"]))
    yield from program_mistakes(shown)


def main():
    wrong = list(mistakes())
    print("\n".join(wrong) or "the course is whole, and the same in both languages")
    return 1 if wrong else 0


sys.exit(main())
