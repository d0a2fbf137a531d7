"""Search in Japanese, without a dictionary: words are taken apart into pairs of characters, in the index
and in what is looked for, and a page is found that has all the pairs.

Sphinx's own splitter guesses words, so that 記述子 is found or not by what stands beside it.
"""

import re

from sphinx.search import SearchLanguage

# What is written without spaces: kana and kanji, with the marks that belong to them.
KANA_KANJI = "\\u3005-\\u3007\\u3041-\\u30ff\\u3400-\\u9fff"
RUN = f"[{KANA_KANJI}]+"
WORD = re.compile(rf"{RUN}|[^\W{KANA_KANJI}]+")


def pairs(run):
    return [run[at:at + 2] for at in range(len(run) - 1)] or [run]


class JapaneseSearch(SearchLanguage):
    lang = "ja"
    language_name = "Japanese"
    # The same for a query. (searchtools.js has its own splitQuery when there is no other.)
    js_splitter_code = f"""
function splitQuery(query) {{
  const words = query.match(/{RUN}|(?:(?![{KANA_KANJI}])[\\p{{L}}\\p{{N}}_])+/gu) || [];
  return words.flatMap(word => {{
    if (word.length === 1 || !/^{RUN}$/.test(word)) return [word];
    return Array.from({{length: word.length - 1}}, (_, at) => word.substring(at, at + 2));
  }});
}}
"""

    def split(self, input):  # pylint: disable=redefined-builtin
        words = []
        for word in WORD.findall(input):
            words += pairs(word) if re.match(RUN, word) else [word]
        return words

    def word_filter(self, word):
        return bool(word)


def setup(app):
    app.add_search_language(JapaneseSearch)
    return {"version": "1", "parallel_read_safe": True}
