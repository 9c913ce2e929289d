# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Separates a raw text into words by single spaces, as WordPiece needs them.

The rules stand in a table of the project's own (``contract.text.unicode_table``). ``unicodedata``
and ``str.lower`` give other words on each Python, and so other tokens than a ranker was trained on.
"""

from __future__ import annotations

from collections.abc import Iterable

from contract.text.unicode_table import CASED, IGNORED, OTHER, unicode_table

# in characters; WordPiece makes one [UNK] of a longer word, whatever it is
LONGEST_WORD = 100

_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c2"
# in characters; Chinese text of that length fills a row of 512 tokens, so mostly one is enough
_SLICE = 1024
_CONTEXT_LETTERS = {CASED: "a", IGNORED: "'", OTHER: " "}


class Normalizer(dict[int, str]):
    """Maps a text to its words; each code point's rule is looked up once and kept.

    It is the table that ``str.translate`` reads, at most one entry for each code point met.
    """

    def __init__(self, lower_case: bool) -> None:
        """``lower_case`` also strips accents, as BERT's uncased vocabularies expect."""
        super().__init__()
        self._lower_case = lower_case
        # here, so that a table that is not there stops the start and not the first request
        self._table = unicode_table()

    def __call__(self, text: str) -> str:
        """Return ``text`` with its words separated by spaces."""
        return self._words(text, 0, len(text))

    def first_words(self, text: str, most: int) -> str:
        """As the call, but what follows the first ``most`` words may be missing or cut.

        Reads no more of the text than it needs, a slice at a time. Of a word that goes on over
        slices, only so much is kept that WordPiece still finds it too long.
        """
        if len(text) <= _SLICE:
            return self(text)
        words: list[str] = []
        begun = ""
        for start in range(0, len(text), _SLICE):
            part = begun + self._words(text, start, start + _SLICE)
            found = part.split()
            begun = found.pop()[: LONGEST_WORD + 1] if found and part[-1] != " " else ""
            words += found
            if len(words) >= most:
                return " ".join(words)
        return " ".join([*words, begun])

    def _words(self, text: str, start: int, end: int) -> str:
        """Normalize ``text[start:end]``, which may begin and end within a word."""
        part = text[start:end]
        # the only letter whose lower-case form depends on what stands around it
        if self._lower_case and _SIGMA in part:
            before = _first_not_ignored(text, range(start - 1, -1, -1))
            after = _first_not_ignored(text, range(end, len(text)))
            part = _with_final_sigmas(before + part + after)
            part = part[len(before) : len(part) - len(after)]
        return part.translate(self)

    def __missing__(self, code_point: int) -> str:
        replacement = self[code_point] = self._table.replacement(code_point, self._lower_case)
        return replacement


class _Contexts(dict[int, str]):
    """Maps a text to what each character is to a sigma, written with letters that are the same.

    On those ``str.lower`` decides alike on every Python, and at the speed of C.
    """

    def __missing__(self, code_point: int) -> str:
        letter = self[code_point] = _CONTEXT_LETTERS[unicode_table().context(code_point)]
        return letter


_CONTEXTS = _Contexts({ord(_SIGMA): _SIGMA})


def _with_final_sigmas(text: str) -> str:
    """Put the final form where a capital sigma ends a word; all else stays as it is."""
    parts = []
    start = 0
    for beginning in text.translate(_CONTEXTS).lower().split(_FINAL_SIGMA):
        parts.append(text[start : start + len(beginning)])
        start += len(beginning) + 1
    return _FINAL_SIGMA.join(parts)


def _first_not_ignored(text: str, places: Iterable[int]) -> str:
    ignored = _CONTEXT_LETTERS[IGNORED]
    return next((text[i] for i in places if _CONTEXTS[ord(text[i])] != ignored), "")
