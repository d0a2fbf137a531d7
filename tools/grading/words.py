"""What the grader says, in the language of the user."""

import os

JAPANESE = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG")
                 if (value := os.environ.get(name))), "").startswith("ja")


class Words:
    """A sentence in both languages."""

    def __init__(self, en, ja):
        self.en = en
        self.ja = ja

    def __str__(self):
        return self.ja if JAPANESE else self.en


class Wrong(Exception):
    """A behaviour was not what it has to be: what was seen instead."""

    def __init__(self, en, ja):
        super().__init__(en)
        self.seen = Words(en, ja)


class Unfit(Exception):
    """Nothing can be said of the behaviour, for the whole program is no answer: the verdict."""

    def __init__(self, verdict, en, ja):
        super().__init__(en)
        self.verdict = verdict
        self.seen = Words(en, ja)
