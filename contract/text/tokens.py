# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the first tokens of texts, and looks at no more of each than can make them.

A text is read in parts that grow until it has given its tokens, so that about as many characters
are tokenized as make them. No text has more than ``CHARACTERS_PER_TOKEN`` characters read for each
token that is wanted; a text with fewer tokens in them counts as cut there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Callable, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import RequestTooLarge
from contract.text.normalization import LONGEST_WORD, Normalizer, WordReader

# normalized texts to the ids of each
WordPieces = Callable[[Sequence[str]], list[list[int]]]

# several times what any prose has, blanks and all
CHARACTERS_PER_TOKEN = 16
# of a text that few tokens are wanted of
_FEWEST_CHARACTERS = 1024
# in a turn, which may keep Python's lock, and with it all other threads
_CHARACTERS_AT_ONCE = 4096
_TEXTS_AT_ONCE = 64
# Unicode keeps it from being a character, so that no token has it
_HOPELESS = "\uffff"
_SHORT_WORD = 8
# a part that is shorter costs as much
_SHORTEST_PART = 64


def characters_read(most: int) -> int:
    """How many characters of a text are read at most when so many tokens are wanted."""
    return max(_FEWEST_CHARACTERS, CHARACTERS_PER_TOKEN * most)


def check_total(tokens: int, limit: Optional[int]) -> None:
    """Refuse more tokens than may be.

    Raises:
        RequestTooLarge: there are.
    """
    if limit is not None and tokens > limit:
        raise RequestTooLarge(
            f"more than {limit} tokens, at most {limit} allowed; send fewer or shorter ones"
        )


class Tokens(NamedTuple):
    """The first tokens of a text.

    Attributes:
        ids: int64.
        more: whether reading ended at the bound, and not at the text's end or with all its tokens.
    """

    ids: NDArray[np.int64]
    more: bool = False

    @property
    def counted(self) -> int:
        """How many there are, one more where there may be more; none where none was found."""
        return len(self.ids) + (self.more and len(self.ids) > 0)


class _Reading:
    """One text on its way."""

    __slots__ = ("ids", "most", "text", "words")

    def __init__(self, normalize: Normalizer, text: str, most: int) -> None:
        self.text = text
        self.most = most
        self.ids: list[int] = []
        self.words = WordReader(normalize, text, characters_read(most))

    @property
    def ended(self) -> bool:
        return not self.words.left or len(self.ids) >= self.most

    def tokens(self) -> Tokens:
        more = not self.words.left and not self.words.whole and len(self.ids) < self.most
        return Tokens(np.array(self.ids[: self.most], dtype=np.int64), more)


def first_tokens(
    normalize: Normalizer,
    wordpiece: WordPieces,
    continuing: frozenset[str],
    most: Mapping[str, int],
    limit: Optional[int] = None,
) -> dict[str, Tokens]:
    """The first tokens of each text.

    Args:
        normalize: separates words.
        wordpiece: makes tokens of them.
        continuing: all characters that a known word may have after its first.
        most: how many are wanted of each text.
        limit: of the tokens of all texts.

    Raises:
        RequestTooLarge: there are more.
    """
    short = [text for text, wanted in most.items() if len(text) <= max(_SHORTEST_PART, wanted)]
    found = {}
    growth, total = 1, 0
    for texts in _parts(short):
        for text, ids in zip(texts, wordpiece([normalize(text) for text in texts])):
            found[text] = Tokens(np.array(ids[: most[text]], dtype=np.int64))
            total += len(found[text].ids)
    if len(short) == len(most):
        return found
    reading = [
        _Reading(normalize, text, wanted) for text, wanted in most.items() if text not in found
    ]
    while reading:
        for turn in _turns(reading, growth):
            texts = [words for _, words in turn]
            if growth > 1:
                texts = [_without_hopeless(words, continuing) for words in texts]
            for (one, _), ids in zip(turn, wordpiece(texts)):
                total += min(len(ids), one.most - len(one.ids))
                one.ids += ids
            check_total(total, limit)
        for one in reading:
            if one.ended:
                found[one.text] = one.tokens()
        reading = [one for one in reading if not one.ended]
        growth *= 2
    return found


def _without_hopeless(words: str, continuing: frozenset[str]) -> str:
    """The same with short words for those that are surely [UNK].

    WordPiece would try all pieces of each first, of which there are thousands in a long word.
    """

    def hopeless(word: str) -> bool:
        return len(word) > _SHORT_WORD and (
            len(word) > LONGEST_WORD or not continuing.issuperset(word[1:])
        )

    return " ".join(_HOPELESS if hopeless(word) else word for word in words.split())


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Whole texts, a bounded number of them and of characters at once."""
    start = characters = 0
    for end, text in enumerate(texts):
        if end > start and (
            characters + len(text) > _CHARACTERS_AT_ONCE or end - start == _TEXTS_AT_ONCE
        ):
            yield texts[start:end]
            start, characters = end, 0
        characters += len(text)
    if texts:
        yield texts[start:]


def _turns(reading: Sequence[_Reading], growth: int) -> Iterator[list[tuple[_Reading, str]]]:
    """Each text's next part, a bounded number of texts and of characters at once."""
    turn: list[tuple[_Reading, str]] = []
    characters = 0
    for one in reading:
        wanted = max(_SHORTEST_PART, growth * (one.most - len(one.ids)))
        count = min(one.words.left, wanted, _CHARACTERS_AT_ONCE)
        if turn and (characters + count > _CHARACTERS_AT_ONCE or len(turn) == _TEXTS_AT_ONCE):
            yield turn
            turn, characters = [], 0
        turn.append((one, one.words.read(count)))
        characters += count
    if turn:
        yield turn
