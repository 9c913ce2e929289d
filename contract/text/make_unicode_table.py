# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes ``unicode_table.txt``, and beside it ``compatibility_table.txt`` and ``symbol_table.txt``.

All are made from the Unicode data of the Python that runs it; the second also from
``cjk_radicals.txt``, since NFKC leaves radicals of CJK's supplement that look like ideographs.

Run it as ``python -m contract.text.make_unicode_table`` with a Python that has the data of
``UNICODE_VERSION``: 3.9 for 13.0.0. The rules are those of BERT's basic tokenizer as PaddleNLP's
ErnieTokenizer applies them: drop control characters, lower-case, strip accents, and let every CJK
character, punctuation mark and symbol stand alone.

Another version gives other tokens, and bundles that were exported before are then refused.
"""

from __future__ import annotations

import argparse
import platform
import sys
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from contract.text.unicode_table import (
    CASED,
    COMPATIBILITY_FILE,
    IGNORED,
    OTHER,
    SYMBOL_FILE,
    TABLE_FILE,
    UNICODE_VERSION,
    VERSION_LINE,
    hangul_jamo,
)

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
_HANGUL = range(0xAC00, 0xD7A4)
_FINAL_SIGMA = "\u03c2"
_RADICALS_FILE = TABLE_FILE.with_name("cjk_radicals.txt")
_UNLISTED = ("d", "d", OTHER)
_HEAD = f"""\
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
# Derived from the Unicode Character Database, (c) Unicode, Inc., https://www.unicode.org/license.txt
{VERSION_LINE}{UNICODE_VERSION}
# Written by make_unicode_table.py; unicode_table.py, beside it, says what the columns mean.
"""


def replacement(char: str, lower_case: bool) -> str:
    """What becomes of one character, by the running Python's data.

    Args:
        char: as ``str.lower`` leaves it, when ``lower_case`` is set.
        lower_case: also strips accents, as BERT's uncased vocabularies expect.
    """
    if char.isspace() and (char in "\t\n\r" or not unicodedata.category(char).startswith("C")):
        return " "
    if char == "\ufffd" or unicodedata.category(char).startswith("C"):
        return ""
    parts = [char]
    if lower_case:
        parts = [c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn"]
    if any(first <= ord(char) <= last for first, last in _CJK_RANGES):
        return f" {''.join(parts)} "
    return "".join(f" {c} " if _stands_alone(c) else c for c in parts)


def table_text() -> str:
    """The whole file, by the running Python's data."""
    return _HEAD + "".join(f"{line}\n" for line in _lines())


def compatible(char: str, radicals: Mapping[str, str]) -> str:
    """The characters that one stands for, by NFKC of it alone and the radicals' map."""
    plain = unicodedata.normalize("NFKC", radicals.get(char, char))
    return "".join(radicals.get(c, c) for c in plain)


def read_radicals() -> dict[str, str]:
    """Radicals to the ideographs they look like."""
    lines = _RADICALS_FILE.read_text(encoding="ascii").splitlines()
    pairs = (line.split() for line in lines if not line.startswith("#"))
    return {chr(int(radical, 16)): chr(int(ideograph, 16)) for radical, ideograph in pairs}


def compatibility_text() -> str:
    """The whole second file, by the running Python's data."""
    return _HEAD + "".join(f"{line}\n" for line in _compatibility_lines())


def _compatibility_lines() -> Iterator[str]:
    radicals = read_radicals()
    first = 0
    shared: frozenset[str] = frozenset()
    for code_point in range(sys.maxunicode + 2):
        now: frozenset[str] = frozenset()
        if code_point <= sys.maxunicode and not 0xD800 <= code_point < 0xE000:
            replaced = compatible(chr(code_point), radicals)
            if replaced != chr(code_point):
                now = _written(code_point, replaced)
        if now & shared or now == shared:
            shared = now & shared
            continue
        if shared:
            # "=" sorts after "+" and "-": a range of one code point says what it becomes
            yield f"{first:06X} {code_point - 1:06X} {max(shared)}"
        first, shared = code_point, now


def symbol_text() -> str:
    """The whole third file, by the running Python's data."""
    return _HEAD + "".join(f"{line}\n" for line in _symbol_lines())


def _symbol_lines() -> Iterator[str]:
    """What stands alone and is neither an ideograph, nor punctuation, nor of ASCII."""
    first = None
    for code_point in range(128, sys.maxunicode + 2):
        symbol = False
        if code_point <= sys.maxunicode:
            char = chr(code_point)
            ideograph = any(low <= code_point <= high for low, high in _CJK_RANGES)
            punctuation = unicodedata.category(char)[0] == "P"
            symbol = _stands_alone(char) and not ideograph and not punctuation
        if symbol and first is None:
            first = code_point
        elif not symbol and first is not None:
            yield f"{first:06X} {code_point - 1:06X} s"
            first = None


def _stands_alone(char: str) -> bool:
    """Punctuation and symbols; all of ASCII that is neither letter, digit nor space counts."""
    return unicodedata.category(char)[0] in "PS" or char in _EXTRA_SYMBOLS


def _context(char: str) -> str:
    """What the character is to a sigma; only ``str.lower`` can tell."""
    if not f"a{char}\u03a3".lower().endswith(_FINAL_SIGMA):
        return OTHER
    return CASED if f"{char}\u03a3".lower().endswith(_FINAL_SIGMA) else IGNORED


def _rules(code_point: int, replaced: str) -> frozenset[str]:
    """The ways to write one replacement; a range shares one of them."""
    char = chr(code_point)
    plain = {char: "k", "": "d", " ": "s", f" {char} ": "a"}.get(replaced)
    if plain:
        return frozenset({plain})
    if code_point in _HANGUL and replaced == hangul_jamo(code_point):
        return frozenset({"h"})
    return _written(code_point, replaced)


def _written(code_point: int, replaced: str) -> frozenset[str]:
    rules = {"=" + ".".join(f"{ord(c):X}" for c in replaced)}
    if len(replaced) == 1:
        rules.add(f"{ord(replaced) - code_point:+X}")
    return frozenset(rules)


def _lines() -> Iterator[str]:
    first, cased, lower, context = 0, frozenset({"d"}), frozenset({"d"}), OTHER
    for code_point in range(sys.maxunicode + 2):
        now_cased, now_lower, now_context = _facts(code_point)
        if now_context == context and now_cased == cased and now_lower & lower:
            lower &= now_lower
            continue
        # "=" sorts after "+" and "-": a range of one code point says what it becomes
        row = (max(cased), max(lower), context)
        if row != _UNLISTED and code_point:
            yield " ".join((f"{first:06X}", f"{code_point - 1:06X}", *row))
        first, cased, lower, context = code_point, now_cased, now_lower, now_context


def _facts(code_point: int) -> tuple[frozenset[str], frozenset[str], str]:
    if code_point > sys.maxunicode:
        return frozenset(), frozenset(), ""
    char = chr(code_point)
    lowered = "".join(replacement(c, True) for c in char.lower())
    cased = _rules(code_point, replacement(char, False))
    return cased, _rules(code_point, lowered), _context(char)


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=TABLE_FILE)
    output: Path = parser.parse_args().output
    if unicodedata.unidata_version != UNICODE_VERSION:
        version = unicodedata.unidata_version
        print(
            f"Python {platform.python_version()} has the data of Unicode {version}, not "
            f"{UNICODE_VERSION}; run it with another Python",
            file=sys.stderr,
        )
        return 2
    output.write_bytes(table_text().encode("ascii"))
    beside = output.with_name(COMPATIBILITY_FILE.name)
    beside.write_bytes(compatibility_text().encode("ascii"))
    symbols = output.with_name(SYMBOL_FILE.name)
    symbols.write_bytes(symbol_text().encode("ascii"))
    print(f"Unicode {UNICODE_VERSION} -> {output}, {beside}, {symbols}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
