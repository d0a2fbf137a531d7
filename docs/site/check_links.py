#!/usr/bin/env python3
"""Does every link inside the site lead somewhere, with its anchor, and does no page need the network?

    docs/site/check_links.py build/site
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.loaded = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors |= {attrs[name] for name in ("id", "name") if attrs.get(name)}
        target = attrs.get("href") or attrs.get("src")
        if not target:
            return
        self.links.append(target)
        if tag in ("script", "img", "iframe") or (tag == "link" and "stylesheet" in attrs.get("rel", "")):
            self.loaded.append(target)


def mistakes(root):
    pages = {path: Page(path) for path in sorted(root.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(root)
        for target in page.loaded:
            if urlsplit(target).netloc:
                yield f"{name} loads {target}"
        for target in page.links:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            to = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if to.is_dir():
                to = to / "index.html"
            if not to.exists():
                yield f"{name}: {target} leads nowhere"
            elif parts.fragment and to in pages and unquote(parts.fragment) not in pages[to].anchors:
                yield f"{name}: {target}: there is no such anchor"
    if not pages:
        yield f"there is no page in {root}"


def main():
    root = Path(sys.argv[1]).resolve()
    wrong = sorted(set(mistakes(root)))
    print("\n".join(wrong) or f"links: {sum(1 for _ in root.rglob('*.html'))} pages, none leads nowhere")
    return 1 if wrong else 0


sys.exit(main())
