# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25 over the documents of one list, and the terms that every BM25 here counts.

:func:`list_scores` is for a list that is seen once: it counts only what the query has, over arrays
of characters, since a thousand documents must take a millisecond or two. It reads long lists part
by part, so that memory stays bounded. ``train.bm25`` indexes a collection that is asked many times,
and gives the same scores.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Callable, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

K1, B = 1.2, 0.75
# the same terms added up in another order differ in their last bits
DECIMALS = 9
_WORD = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]")
_LATIN = re.compile(r"[0-9a-z]+")
_SINGLE = re.compile(r"[^\W0-9a-z_]")
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_CHARACTERS = 0x110000
# read at a time; some 90 bytes of memory for each
_PART_CHARACTERS = 1 << 18
# what a character is: none of a term, part of a word, a term by itself, and one that makes bigrams
_NONE, _PART, _TERM, _BIGRAM = range(4)


def bm25_terms(text: str) -> list[str]:
    """Cuts a text into lower-case words, single Chinese characters and their bigrams.

    Character unigrams with bigrams retrieve Chinese as well as a word segmenter does, without a
    dictionary (Nie et al., 2000, "On the use of words and n-grams for Chinese information
    retrieval").
    """
    terms: list[str] = []
    previous: Optional[re.Match[str]] = None
    for match in _WORD.finditer(text.lower()):
        terms.append(match.group())
        if previous is not None and previous.end() == match.start():
            pair = previous.group() + match.group()
            if len(pair) == 2 and all(map(_IDEOGRAPH.match, pair)):
                terms.append(pair)
        previous = match
    return terms


class ListScores(NamedTuple):
    """What BM25 says of one list.

    Attributes:
        scores: ``[N]``, in the order of the documents; 0 without a term of the query.
        most: that no document could reach, however often it held the terms; 0 when there are none.
    """

    scores: FloatArray
    most: float


def list_scores(
    query: str, documents: Sequence[str], go_on: Callable[[], None] = lambda: None
) -> ListScores:
    """Scores the documents of a list, with document frequencies and lengths of that list.

    The formula is that of ``train.bm25.BM25``. Time grows with the characters of the documents,
    not with those of the query; memory is bounded, but for the longest document.

    Args:
        query: the query text.
        documents: at least one; an empty text scores 0.
        go_on: is called before each part of the list; what it raises ends the work.

    Raises:
        ValueError: there are no documents.
    """
    if not documents:
        raise ValueError("BM25 needs at least one document")
    wanted = Counter(bm25_terms(query))
    number_of = {term: number for number, term in enumerate(wanted)}
    counted = []
    for first, last in _parts(documents):
        go_on()
        counted.append(_counted(number_of, documents[first:last], first))
    owners = np.concatenate([part.owners for part in counted])
    terms = np.concatenate([part.terms for part in counted])
    counts = np.concatenate([part.counts for part in counted])
    lengths = np.concatenate([part.lengths for part in counted])
    size = len(documents)
    frequencies = np.bincount(terms, minlength=len(wanted)).astype(np.float64)
    weights = np.log1p((size - frequencies + 0.5) / (frequencies + 0.5))
    weights *= np.fromiter(wanted.values(), np.float64, len(wanted))
    norms = K1 * (1.0 - B + B * lengths / max(float(lengths.mean()), 1.0))
    gains = counts * (K1 + 1.0) / (counts + norms[owners])
    # without any term bincount returns integers
    scores = np.bincount(owners, weights=weights[terms] * gains, minlength=size).astype(np.float64)
    return ListScores(np.round(scores, DECIMALS), float(weights.sum() * (K1 + 1.0)))


def prepare_list_scores() -> None:
    """Makes the table of characters now, in an eighth of a second, not for the first list."""
    _kinds()


class _Counted(NamedTuple):
    """Of some documents of a list: how often each has each term of the query.

    Attributes:
        owners: which document of the list; an entry for each of its terms.
        terms: which term.
        counts: how often.
        lengths: terms of each document.
    """

    owners: IntArray
    terms: IntArray
    counts: IntArray
    lengths: FloatArray


def _parts(documents: Sequence[str]) -> list[tuple[int, int]]:
    """Which documents are read together: number of the first, and of the one after the last."""
    parts, first, characters = [], 0, 0
    for number, document in enumerate(documents):
        if characters and characters + len(document) > _PART_CHARACTERS:
            parts.append((first, number))
            first, characters = number, 0
        characters += len(document)
    return [*parts, (first, len(documents))]


def _counted(number_of: dict[str, int], documents: Sequence[str], first: int) -> _Counted:
    texts = _Texts.of(documents)
    places, terms = _found(number_of, texts)
    width = max(len(number_of), 1)
    keys, counts = np.unique(texts.owners[places] * width + terms, return_counts=True)
    return _Counted(keys // width + first, keys % width, counts, texts.lengths)


class _Texts(NamedTuple):
    """Documents in lower case, one after the other, a line feed behind each.

    Attributes:
        text: all of them.
        codes: of its characters.
        kinds: of its characters.
        owners: which document has a character.
        lengths: terms of each document.
    """

    text: str
    codes: NDArray[np.uint32]
    kinds: NDArray[np.uint8]
    owners: IntArray
    lengths: FloatArray

    @classmethod
    def of(cls, documents: Sequence[str]) -> _Texts:
        lowered = [document.lower() for document in documents]
        text = "\n".join(lowered) + "\n"
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        kinds = _kinds()[codes]
        owners = np.repeat(np.arange(len(lowered)), [len(one) + 1 for one in lowered])
        # a word counts where it begins, a bigram at its first character
        part = kinds == _PART
        begins = part.copy()
        begins[1:] &= ~part[:-1]
        terms = (begins | (kinds >= _TERM)).astype(np.int64)
        terms[:-1] += (kinds[:-1] == _BIGRAM) & (kinds[1:] == _BIGRAM)
        lengths = np.bincount(owners, weights=terms, minlength=len(lowered))
        return cls(text, codes, kinds, owners, lengths)


def _found(number_of: dict[str, int], texts: _Texts) -> tuple[IntArray, IntArray]:
    """Where terms of the query stand, and which: places in the text, numbers of terms."""
    singles = {ord(term): n for term, n in number_of.items() if _SINGLE.fullmatch(term)}
    pairs = {term: n for term, n in number_of.items() if len(term) == 2 and ord(term[0]) in singles}
    words = {term: n for term, n in number_of.items() if _LATIN.fullmatch(term)}
    # pages that nothing is written to cost nothing
    known = np.zeros(_CHARACTERS, dtype=np.int32)
    known[list(singles)] = np.arange(1, len(singles) + 1)
    marks = known[texts.codes]
    places = np.flatnonzero(marks)
    numbers = np.fromiter(singles.values(), np.int64, len(singles))
    found = [(places, numbers[marks[places] - 1])]
    if pairs:
        found.append(_pairs_found(pairs, known, len(singles) + 1, marks, places))
    if words:
        hits = [
            (match.start(), words[match.group()])
            for match in _LATIN.finditer(texts.text)
            if match.group() in words
        ]
        found.append((np.array([at for at, _ in hits], int), np.array([n for _, n in hits], int)))
    return np.concatenate([at for at, _ in found]), np.concatenate([n for _, n in found])


def _pairs_found(
    pairs: dict[str, int],
    known: NDArray[np.int32],
    width: int,
    marks: NDArray[np.int32],
    places: IntArray,
) -> tuple[IntArray, IntArray]:
    """Where bigrams of the query begin; the last place of a text is a line feed, never one."""
    firsts = places[marks[places + 1] > 0]
    codes = marks[firsts].astype(np.int64) * width + marks[firsts + 1]
    of_query = {
        int(known[ord(pair[0])]) * width + int(known[ord(pair[1])]): n for pair, n in pairs.items()
    }
    ordered = np.array(sorted(of_query), dtype=np.int64)
    at = np.minimum(np.searchsorted(ordered, codes), len(ordered) - 1)
    hit = ordered[at] == codes
    numbers = np.array([of_query[code] for code in ordered.tolist()], dtype=np.int64)
    return firsts[hit], numbers[at[hit]]


@cache
def _kinds() -> NDArray[np.uint8]:
    """What each character is; made once, in some 140 ms."""
    kinds = np.zeros(_CHARACTERS, dtype=np.uint8)
    every = "".join(map(chr, range(_CHARACTERS)))
    kinds[[ord(one) for one in _SINGLE.findall(every)]] = _TERM
    kinds[[ord(one) for one in _IDEOGRAPH.findall(every)]] = _BIGRAM
    kinds[[ord(one) for one in "0123456789abcdefghijklmnopqrstuvwxyz"]] = _PART
    return kinds
