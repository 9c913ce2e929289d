# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Separates a raw text into words by single spaces, as WordPiece needs them.

The rules stand in a table of the project's own (``contract.text.unicode_table``). ``unicodedata``
and ``str.lower`` give other words on each Python, and so other tokens than a ranker was trained on.
"""

from __future__ import annotations

from collections.abc import Iterable

from contract.text.unicode_table import (
    CASED,
    IGNORED,
    OTHER,
    compatibility_table,
    symbol_table,
    unicode_table,
)

# in characters; WordPiece makes one [UNK] of a longer word, whatever it is
LONGEST_WORD = 100

_SIGMA, _FINAL_SIGMA = "\u03a3", "\u03c2"
_CONTEXT_LETTERS = {CASED: "a", IGNORED: "'", OTHER: " "}


class Normalizer(dict[int, str]):
    """Maps a text to its words; each code point's rule is looked up once and kept.

    It is the table that ``str.translate`` reads, at most one entry for each code point met.

    Attributes:
        lower_case: as given.
        compatible: as given.
        symbols_alone: as given.
    """

    def __init__(
        self, lower_case: bool, compatible: bool = False, symbols_alone: bool = True
    ) -> None:
        """Bind the rules.

        Args:
            lower_case: also strips accents, as BERT's uncased vocabularies expect.
            compatible: take each character for what it stands for by NFKC, and radicals for the
                ideographs that they look like.
            symbols_alone: symbols are words of their own, as to PaddleNLP; else only ideographs and
                punctuation are, as to Hugging Face's BERT.
        """
        super().__init__()
        self.lower_case = lower_case
        self.compatible = compatible
        self.symbols_alone = symbols_alone
        self._within_words = None if symbols_alone else symbol_table()
        self._compatible = compatibility_table() if compatible else None
        # here, so that a table that is not there stops the start and not the first request
        self._table = unicode_table()

    def __call__(self, text: str) -> str:
        """Return ``text`` with its words separated by spaces."""
        return self.part(text, 0, len(text), len(text))

    def part(self, text: str, start: int, end: int, last: int) -> str:
        """Normalize ``text[start:end]``, which may begin and end within a word.

        Nothing from ``text[last]`` on is looked at.
        """
        part = text[start:end]
        # the only letter whose lower-case form depends on what stands around it
        if self.lower_case and _SIGMA in part:
            before = _first_not_ignored(text, range(start - 1, -1, -1))
            after = _first_not_ignored(text, range(end, last))
            part = _with_final_sigmas(before + part + after)
            part = part[len(before) : len(part) - len(after)]
        return part.translate(self)

    def __missing__(self, code_point: int) -> str:
        table, lower_case = self._table, self.lower_case
        if self._compatible is None:
            stands_for = chr(code_point)
        else:
            stands_for = self._compatible.stands_for(code_point)
        made = [table.replacement(ord(c), lower_case) for c in stands_for]
        if self._within_words is not None:
            kept = [ord(c) in self._within_words for c in stands_for]
            made = [word.strip(" ") if keep else word for word, keep in zip(made, kept)]
        replacement = "".join(made)
        self[code_point] = replacement
        return replacement


class WordReader:
    """Reads the words of one text, a part at a time, and no more of it than it may."""

    __slots__ = ("_at", "_begun", "_last", "_normalize", "_text")

    def __init__(self, normalize: Normalizer, text: str, most: int) -> None:
        """``most`` characters of the text are read at most; a word may end there."""
        self._normalize = normalize
        self._text = text
        self._last = min(len(text), most)
        self._at = 0
        self._begun = ""

    @property
    def left(self) -> int:
        """How many characters may still be read."""
        return self._last - self._at

    @property
    def whole(self) -> bool:
        """Whether the text has no more than what may be read."""
        return self._last == len(self._text)

    def read(self, count: int) -> str:
        """The words that end in the next characters; the last one goes on in the next part.

        Of a word that goes on, only so much is kept that WordPiece still finds it too long.
        """
        start, end = self._at, min(self._last, self._at + count)
        self._at = end
        words = self._begun + self._normalize.part(self._text, start, end, self._last)
        if end == self._last:
            return words
        finished = words.rfind(" ") + 1
        self._begun = words[finished:][: LONGEST_WORD + 1]
        return words[:finished]


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
