# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes texts that are hard to cut: long words, dropped characters, sigmas, surrogates."""

from __future__ import annotations

import random
from collections.abc import Iterator

# what separates words, what is dropped, what words are made of, and what does two of these
_PIECES = (
    " ", "\n", "\u3000", "\u2028",
    "\u200b", "\u0301", "\u0378", "\ud800", "\x00", "\ufffd",
    "a", "ab", "B", "\u0430", "\u0416", "\uac01", "\u1100",
    "\u4e2d", "\U00020000", "\uf900", "\U0001f600", ".", "'", "\u00b7", "\u3002",
    "\u03a3", "\u0391\u03a3", "\u03a3.\u0391", "\u03a3'", "\u0345", "\u0130", "\u00e9", "\ufdfa",
)  # fmt: skip
# around the longest word of WordPiece and the slices in which a text is read
_LENGTHS = (1, 1, 1, 1, 2, 3, 50, 99, 100, 101, 102, 500, 1023, 1024, 1025, 3000)


def nasty_texts(seed: int, count: int) -> Iterator[str]:
    """Yields texts of one to forty runs of one piece each."""
    chance = random.Random(seed)
    for _ in range(count):
        lengths = _LENGTHS if chance.random() < 0.5 else _LENGTHS[:6]
        runs = chance.randint(1, 40)
        yield "".join(chance.choice(_PIECES) * chance.choice(lengths) for _ in range(runs))
