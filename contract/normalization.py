# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Raw text in, words separated by single-byte spaces out: the step before WordPiece.

The rules are those of BERT's basic tokenizer as PaddleNLP's ErnieTokenizer applies them: drop
control characters, lower-case, strip accents, and let every CJK character, punctuation mark and
symbol stand alone. Called by ``contract.encoding`` only. The normalizer inside
fast_tokenizer-python 1.0.2 is not used: it disagrees on 62,741 code points (the degree and
multiplication signs among them) and four others, U+023A for one, abort the process.
"""

from __future__ import annotations

import unicodedata

# code points that are letters or numbers to Unicode and symbols to ErnieTokenizer
_EXTRA_SYMBOLS = frozenset("\u00b2\u00ba\u3007\u00b5\u00d8\u014b\u01b1")

_CJK_RANGES = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B820, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


class Normalizer(dict[int, str]):
    """Maps a text to its words; each code point's rule is worked out once and kept.

    It is the table that ``str.translate`` reads, at most one entry for each code point met.
    """

    def __init__(self, lower_case: bool) -> None:
        """``lower_case`` also strips accents, as BERT's uncased vocabularies expect."""
        super().__init__()
        self._lower_case = lower_case

    def __call__(self, text: str) -> str:
        """Return ``text`` with its words separated by spaces."""
        return (text.lower() if self._lower_case else text).translate(self)

    def __missing__(self, code_point: int) -> str:
        replacement = self[code_point] = self._replace(chr(code_point))
        return replacement

    def _replace(self, char: str) -> str:
        if char.isspace() and (char in "\t\n\r" or not unicodedata.category(char).startswith("C")):
            return " "
        if char == "\ufffd" or unicodedata.category(char).startswith("C"):
            return ""
        if self._lower_case:
            parts = [
                c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn"
            ]
        else:
            parts = [char]
        if _is_cjk(char):
            return f" {''.join(parts)} "
        return "".join(f" {c} " if _stands_alone(c) else c for c in parts)


def _is_cjk(char: str) -> bool:
    return any(first <= ord(char) <= last for first, last in _CJK_RANGES)


def _stands_alone(char: str) -> bool:
    """Punctuation and symbols; all of ASCII that is neither letter, digit nor space counts."""
    return unicodedata.category(char)[0] in "PS" or char in _EXTRA_SYMBOLS
