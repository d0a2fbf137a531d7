"""What the chapters of the course are written with, beside MyST:

    ```{listing} server1.cpp      a program of docs/course/src, or the part of it between the lines
    :part: serve                  // [serve] and // [/serve]; comments that begin with "ja:" or "en:"
    ```                           are there in that language alone

    ```{answer}                   what is folded until the reader has tried
    ...
    ```

    ```{loop} chat                a figure, by the name of its scenario
    ```

    ```{quiz}                     a question, its answers (+ right, - wrong) and the reason
    ? ...
    + ...
    - ...
    ! ...
    ```
"""

import html
import re
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.directives.code import container_wrapper
from sphinx.util.docutils import SphinxDirective

SOURCES = Path(__file__).resolve().parents[1] / "course" / "src"
MARK = re.compile(r"\s*(?://|#) \[(/?)([\w-]+)\]\s*$")
IN_A_LANGUAGE = re.compile(r"(\s*(?:///?|#) )(ja|en): (.*)$")
WORDS = {
    "en": {"answer": "Answer", "question": "Question", "check": "Check", "right": "Right.",
           "wrong": "Not so.", "why": "Answer and reason"},
    "ja": {"answer": "解答", "question": "問", "check": "答え合わせ", "right": "正解です。",
           "wrong": "違います。", "why": "正解と理由"},
}

CAPTIONS = {
    "echo": {"en": "An echo server and its clients", "ja": "エコーサーバーとクライアント"},
    "two-clients-one-at-a-time": {"en": "Two clients, one after the other or at once",
                                  "ja": "二人のクライアント。一人ずつ、または同時に"},
    "emfile": {"en": "A server that has descriptors for two clients",
               "ja": "記述子が二人分しかないサーバー"},
    "level-or-edge": {"en": "Four bytes at a time, and three ways of being told",
                      "ja": "四バイトずつ読むサーバーと、三つの知らせ方"},
    "chat": {"en": "A chat", "ja": "チャット"},
    "slow-reader": {"en": "A client that does not read", "ja": "読まないクライアント"},
    "half-close": {"en": "A client that has sent all, and still listens",
                   "ja": "送り終えて、まだ聞いているクライアント"},
    "julius-to-tty": {"en": "From Julius to the serial line", "ja": "Julius からシリアル回線へ"},
}


def words(directive):
    return WORDS[directive.config.language]


def part_of(text, part, language):
    """The lines of a part (None: all), without marks and without comments in other languages."""
    lines, inside, found = [], part is None, part is None
    for line in text.splitlines():
        mark = MARK.match(line)
        if mark:
            if mark[2] == part:
                inside = not mark[1]
                found = True
            continue
        if not inside:
            continue
        comment = IN_A_LANGUAGE.match(line)
        if comment:
            if comment[2] == language:
                lines.append(comment[1] + comment[3])
            continue
        lines.append(line)
    if not found:
        return None
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "\n".join(line[indent:] for line in lines).strip("\n") + "\n"


class Listing(SphinxDirective):
    required_arguments = 1
    option_spec = {"part": directives.unchanged}

    def run(self):
        name = self.arguments[0]
        path = (SOURCES / name).resolve()
        self.env.note_dependency(str(path))
        if not path.is_file():
            raise self.error(f"there is no program {name}")
        text = part_of(path.read_text(encoding="utf-8"), self.options.get("part"),
                       self.config.language)
        if text is None:
            raise self.error(f"{name} has no part {self.options['part']}")
        language = {".py": "python", ".txt": "cmake"}.get(path.suffix, "cpp")
        block = nodes.literal_block(text, text, language=language)
        self.set_source_info(block)
        return [container_wrapper(self, block, f"`{path.name}`".strip("`"))]


class Answer(SphinxDirective):
    has_content = True

    def run(self):
        inside = nodes.container(classes=["answer-text"])
        self.state.nested_parse(self.content, self.content_offset, inside)
        begin = f'<details class="answer"><summary>{words(self)["answer"]}</summary>'
        return [nodes.raw("", begin, format="html"), inside,
                nodes.raw("", "</details>", format="html")]


def with_code(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))


class Quiz(SphinxDirective):
    has_content = True

    def run(self):
        said = words(self)
        questions = []
        for line in self.content:
            kind, text = line[:1], with_code(line[2:])
            if kind == "?":
                questions.append({"text": text, "answers": [], "why": ""})
            elif kind in "+-" and kind:
                questions[-1]["answers"].append((kind == "+", text))
            elif kind == "!":
                questions[-1]["why"] = text
            elif line.strip():
                raise self.error(f"a line of a quiz begins with ? + - or !, not: {line}")
        parts = []
        for number, question in enumerate(questions, 1):
            if sum(right for right, _ in question["answers"]) != 1 or not question["why"]:
                raise self.error(f"question {number} needs one right answer and a reason")
            parts.append(self.form(number, question, said))
        return [nodes.raw("", "".join(parts), format="html")]

    def form(self, number, question, said):
        name = f"quiz-{self.env.new_serialno('quiz')}"
        answers = "".join(
            f'<label><input type="radio" name="{name}" value="{int(right)}"> <span>{text}</span>'
            "</label>" for right, text in question["answers"])
        solution = next(text for right, text in question["answers"] if right)
        return (
            f'<form class="quiz" data-right="{said["right"]}" data-wrong="{said["wrong"]}">'
            f'<fieldset><legend>{said["question"]} {number}. {question["text"]}</legend>{answers}'
            f'<button type="submit" hidden>{said["check"]}</button>'
            '<p class="verdict" role="status"></p></fieldset>'
            f'<details><summary>{said["why"]}</summary><p><strong>{solution}</strong> '
            f'{question["why"]}</p></details></form>')


class Loop(SphinxDirective):
    """A figure, by the name of its scenario: a picture, until docs/course/loop/figure.js runs it."""

    required_arguments = 1

    def run(self):
        name, language = self.arguments[0], self.config.language
        caption = CAPTIONS.get(name, {}).get(language)
        picture = f"loop/{name}.{language}.svg"
        if not caption or not any((Path(path) / picture).is_file()
                                  for path in self.config.html_static_path):
            raise self.error(f"there is no figure {name}")
        up = "../" * self.env.docname.count("/")
        return [nodes.raw("", f'<figure><div class="loop-figure" data-scenario="{name}">'
                              f'<img src="{up}_static/{picture}" alt="{html.escape(caption)}"></div>'
                              f"<figcaption>{html.escape(caption)}</figcaption></figure>",
                          format="html")]


def setup(app):
    for name, directive in (("listing", Listing), ("answer", Answer), ("quiz", Quiz),
                            ("loop", Loop)):
        app.add_directive(name, directive)
    return {"version": "1", "parallel_read_safe": True}
