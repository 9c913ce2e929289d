# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells what normalization makes of each code point, from three frozen tables.

The first table is frozen, so that a text has the same tokens on every Python and in C++.
``contract.text.make_unicode_table`` writes it.

After the head, whose lines begin with ``#``, each line is a range of code points::

    FIRST LAST CASED LOWER CONTEXT        000041 00005A k +20 c

FIRST and LAST, included, have six hexadecimal digits; ranges ascend and do not overlap, so that the
lines are in the order of their text. CASED is what becomes of the code point where case is kept,
LOWER where text is lower-cased and stripped of accents:

    k       it stays
    d       it is dropped
    s       one space
    a       it stands alone, a space on each side
    h       the Hangul syllable's two or three jamo, by the arithmetic of Unicode, section 3.12
    =X.Y    the code points X, Y, ... (hexadecimal)
    +X -X   the code point that is X (hexadecimal) further on or further back

CONTEXT says what a code point is to a capital sigma (U+03A3) near it: ``c`` cased, ``i`` ignored,
``o`` other. In the mode LOWER, a sigma becomes U+03C2 instead when a cased code point comes before
it and none after it, ignored ones between them not counted. All of this is decided on the raw text.

A code point in no range is dropped in both modes, and is other.

The second table, ``compatibility_table.txt``, is for the normalization ``nfkc``: what a code point
stands for by NFKC of it alone, and for radicals that look like ideographs. Its lines are
``FIRST LAST RULE`` with the rules ``=``, ``+`` and ``-``; others stand for themselves.

The third, ``symbol_table.txt``, is for the vocabularies of Hugging Face's BERT: symbols, which
stand alone in the first table and do not to BERT. Its lines are ``FIRST LAST s``.
"""

from __future__ import annotations

import functools
from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path

from contract.errors import SetUpError

UNICODE_VERSION = "13.0.0"
TABLE_FILE = Path(__file__).with_name("unicode_table.txt")
COMPATIBILITY_FILE = Path(__file__).with_name("compatibility_table.txt")
SYMBOL_FILE = Path(__file__).with_name("symbol_table.txt")
VERSION_LINE = "# Unicode version: "

CASED, IGNORED, OTHER = "c", "i", "o"

_LAST = slice(7, 13)
_SYLLABLE, _LEADING, _VOWEL, _TRAILING = 0xAC00, 0x1100, 0x1161, 0x11A7
_VOWELS, _TRAILINGS = 21, 28


class UnicodeTable:
    """The ranges, kept as lines: one is parsed when a code point of it is first met."""

    def __init__(self, path: Path = TABLE_FILE) -> None:
        """Read the file.

        Raises:
            SetUpError: it cannot be read, or is of another Unicode version than this code.
        """
        self._lines = _read_lines(path)

    def replacement(self, code_point: int, lower_case: bool) -> str:
        """What becomes of a code point; of a sigma, in a context where it is not final."""
        cased, lower, _ = self._facts(code_point)
        return _replaced(code_point, lower if lower_case else cased)

    def context(self, code_point: int) -> str:
        """What a code point is to a sigma: ``CASED``, ``IGNORED`` or ``OTHER``."""
        return self._facts(code_point)[2]

    def _facts(self, code_point: int) -> list[str]:
        found = _find(self._lines, code_point)
        return found.split(" ") if found else ["d", "d", OTHER]


class _Ranges:
    """The ranges of a further table, kept alike."""

    file: Path

    def __init__(self) -> None:
        """Read the file.

        Raises:
            SetUpError: it cannot be read, or is of another Unicode version than this code.
        """
        self._lines = _read_lines(self.file)


class CompatibilityTable(_Ranges):
    """The second table: what look-alikes stand for."""

    file = COMPATIBILITY_FILE

    def stands_for(self, code_point: int) -> str:
        """The characters that a code point stands for; mostly itself."""
        found = _find(self._lines, code_point)
        return _replaced(code_point, found) if found else chr(code_point)


class SymbolTable(_Ranges):
    """The third table: which code points are symbols."""

    file = SYMBOL_FILE

    def __contains__(self, code_point: int) -> bool:
        """Whether it is a symbol."""
        return bool(_find(self._lines, code_point))


def _read_lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SetUpError(f"cannot read it ({error}); copy it again", field=str(path)) from error
    if f"{VERSION_LINE}{UNICODE_VERSION}" not in lines[:10]:
        raise SetUpError(f"is not of Unicode {UNICODE_VERSION}; copy it again", field=str(path))
    return [line for line in lines if not line.startswith("#")]


def _find(lines: Sequence[str], code_point: int) -> str:
    """What the line of a code point says of it, or nothing."""
    index = bisect_right(lines, f"{code_point:06X}~")
    line = lines[index - 1] if index else ""
    if not line or int(line[_LAST], 16) < code_point:
        return ""
    return line[_LAST.stop + 1 :]


@functools.cache
def compatibility_table() -> CompatibilityTable:
    """The project's second table, read once for the process."""
    return CompatibilityTable()


@functools.cache
def symbol_table() -> SymbolTable:
    """The project's third table, read once for the process."""
    return SymbolTable()


@functools.cache
def unicode_table() -> UnicodeTable:
    """The project's table, read once for the process."""
    return UnicodeTable()


def hangul_jamo(code_point: int) -> str:
    """The jamo of a Hangul syllable."""
    leading, rest = divmod(code_point - _SYLLABLE, _VOWELS * _TRAILINGS)
    vowel, trailing = divmod(rest, _TRAILINGS)
    jamo = chr(_LEADING + leading) + chr(_VOWEL + vowel)
    return jamo + chr(_TRAILING + trailing) if trailing else jamo


def _replaced(code_point: int, rule: str) -> str:
    kind, value = rule[0], rule[1:]
    if kind == "=":
        return "".join(chr(int(part, 16)) for part in value.split("."))
    if kind in "+-":
        return chr(code_point + int(rule, 16))
    if kind == "h":
        return hangul_jamo(code_point)
    char = chr(code_point)
    return {"k": char, "d": "", "s": " ", "a": f" {char} "}[kind]
