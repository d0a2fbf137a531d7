#!/usr/bin/env python3
"""Lays out what Sphinx reads, one folder a language: the course, README and CONTRIBUTING, and every
other document under docs/, X.ja.md as the Japanese of X.md.

    docs/site/stage.py OUT      makes OUT/en and OUT/ja

A document that has one language stands in both. Links between documents lead to the page in the same
language; a file that is no document, a source say, can be downloaded.
"""

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
LANGUAGES = ("en", "ja")
LINK = re.compile(r"(!?\[(?:[^]\[]|\[[^]]*\])*\])\(([^)#\s]*)(#[^)\s]*)?\)")
# The language is chosen in the sidebar.
OTHER_LANGUAGE = re.compile(r"^\[(?:日本語|English)\]\([^)]*\)\n\n?", re.MULTILINE)
NO_PAGES = ("course/src", "course/loop", "site")


def page_of(source):
    """The page, without suffix, and its language (None: both) that a document is."""
    path = source.relative_to(ROOT).as_posix()
    if path in ("README.md", "README.ja.md", "CONTRIBUTING.md"):
        page = {"R": "readme", "C": "contributing"}[path[0]]
    elif path.startswith("docs/"):
        page = path.removeprefix("docs/").removesuffix(".md").removesuffix(".ja")
    else:
        return None
    course = re.match(r"course/(en|ja)/(.*)", page)
    if course:
        return f"course/{course[2]}", course[1]
    if page.startswith("site/index"):
        return "index", "ja" if path.endswith(".ja.md") else "en"
    if path.endswith(".ja.md"):
        return page, "ja"
    return page, "en" if source.with_suffix(".ja.md").exists() else None


def documents():
    yield from (ROOT / name for name in ("README.md", "README.ja.md", "CONTRIBUTING.md"))
    yield from (DOCS / "site" / name for name in ("index.md", "index.ja.md"))
    for path in sorted(DOCS.rglob("*.md")):
        if not path.relative_to(DOCS).as_posix().startswith(NO_PAGES):
            yield path


def in_language(language, pages):
    """Of all documents those of a language: page -> source."""
    return {page: source for source, (page, its) in pages.items() if its in (None, language)}


def staged(text, source, page, here, pages):
    """The document with its links as they are on the site. `here`: page -> source."""
    folder = Path(page).parent

    def link(found):
        label, target, anchor = found[1], found[2], found[3] or ""
        if not target or "://" in target or target.startswith("mailto:"):
            return found[0]
        path = (source.parent / target).resolve()
        if path in pages and pages[path][0] in here:
            to = pages[path][0] + ".md"
        elif path.is_file():
            to = "repository/" + path.relative_to(ROOT).as_posix()
        elif path.is_dir():
            return label.strip("[]") if not label.startswith("[`") else label[1:-1]
        else:
            raise SystemExit(f"stage: {source.relative_to(ROOT)}: {target} leads nowhere")
        return f"{label}({os.path.relpath(to, folder)}{anchor})"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if part.startswith("```") else LINK.sub(link, OTHER_LANGUAGE.sub("", part))
                   for part in parts)


def with_others(text, listed, here):
    """@others@ is a list of all documents that are in no other one."""
    others = sorted(page for page in here if page not in listed and page != "index")
    toctree = "```{toctree}\n:maxdepth: 1\n\n" + "\n".join(others) + "\n```"
    return text.replace("@others@", toctree if others else "")


def listed_in(texts):
    """The pages that toctrees name, as they are named from the root."""
    listed = set()
    for page, text in texts.items():
        for entries in re.findall(r"```\{toctree\}\n(?::.*\n)*\n((?:.+\n)*?)```", text):
            listed |= {(Path(page).parent / entry).as_posix() for entry in entries.split()}
    return listed


def main():
    out = Path(sys.argv[1])
    pages = {source: page_of(source) for source in documents()}
    for language in LANGUAGES:
        folder = out / language
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "repository").symlink_to(ROOT)
        here = in_language(language, pages)
        texts = {page: staged(source.read_text(encoding="utf-8"), source, page, here, pages)
                 for page, source in here.items()}
        listed = listed_in(texts)
        for page, text in texts.items():
            path = folder / f"{page}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(with_others(text, listed, here), encoding="utf-8")
    return 0


sys.exit(main())
