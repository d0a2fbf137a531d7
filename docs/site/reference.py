#!/usr/bin/env python3
"""Writes the pages of the reference: one a room, every public class and struct by its header, for
Breathe to fill.

    docs/site/reference.py XML_FOLDER STAGED_FOLDER...
"""

import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

ROOMS = {
    "reactor": ("The loop", "ループ"),
    "handlers": ("Handlers", "ハンドラー"),
    "bridge": ("The bridge", "ブリッジ"),
}
NOTE = {
    "en": "Every public class by the header it is in: what it is, who owns it, which thread may call "
          "it, units and errors, as the header says it.",
    "ja": "公開クラスの一覧です。何のためのものか、誰が所有するか、どのスレッドから呼べるか、単位、エラーは、ヘッダーに英語で書かれているとおりに載せています。",
}


def public_classes(xml):
    """room -> header -> names, in the order of the header."""
    found = defaultdict(lambda: defaultdict(list))
    for compound in ElementTree.parse(xml / "index.xml").getroot():
        if compound.get("kind") not in ("class", "struct"):
            continue
        definition = ElementTree.parse(xml / f"{compound.get('refid')}.xml").getroot()[0]
        place = definition.find("location")
        header = place.get("file")
        room = header.split("/")[0]
        described = "".join(definition.find("briefdescription").itertext()).strip()
        name = compound.findtext("name")
        if room in ROOMS and definition.get("prot") == "public" and described \
                and name.count("::") == 1:
            found[room][header].append((int(place.get("line")), definition.get("kind"), name))
    return found


def page(room, headers, language):
    title = ROOMS[room][language == "ja"]
    lines = [f"# {title} (`{room}/`)" if language == "en" else f"# {title}（`{room}/`）", "",
             NOTE[language], ""]
    for header in sorted(headers):
        lines += [f"## {header}", ""]
        for _, kind, name in sorted(headers[header]):
            lines += [f"```{{doxygen{kind}}} {name}", ":members:", "```", ""]
    return "\n".join(lines)


def main():
    classes = public_classes(Path(sys.argv[1]))
    for staged in map(Path, sys.argv[2:]):
        folder = staged / "reference"
        folder.mkdir(exist_ok=True)
        for room, headers in classes.items():
            (folder / f"{room}.md").write_text(page(room, headers, staged.name), encoding="utf-8")
    return 0


sys.exit(main())
