# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Rows of tokens of many pairs: every text is tokenized once, and pairs are joined when asked for.

The tokens lie where the texts lie: on disk for a large file, beside its rows if those are kept.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contract.cuts import Cuts, cuts_of_counts
from contract.encoding import PairEncoder, Row
from contract.text.rules import kept_of_queries
from contract.text.tokens import Tokens
from train.data.cache import kept_directory
from train.data.list_numbers import in_order_of_first
from train.data.storage import (
    BytesWriter,
    Directory,
    Nameless,
    NumberWriter,
    Pieces,
    Storage,
    numbers,
    written,
)
from train.data.texts import Texts, TextWriter

IntArray = NDArray[np.int64]

_TOKENS, _MORE = "tokens", "more"
_TOKENIZED_AT_ONCE = 8192
_PAIRS_AT_ONCE = 1 << 20
# what is written for each byte of a text, about
_WRITTEN_BYTES = 0.8


class TextTokens:
    """The first tokens of each text of a file."""

    def __init__(self, storage: Storage, id_type: str) -> None:
        """Open what :meth:`write` wrote."""
        self._pieces = Pieces(storage, _TOKENS)
        self._type = np.dtype(id_type)
        self._more: NDArray[np.int8] = numbers(storage, _MORE, "b")
        self.lengths: NDArray[np.int32] = np.empty(len(self._pieces), dtype=np.int32)
        start = 0
        for first in range(0, len(self.lengths), _PAIRS_AT_ONCE):
            ends = self._pieces.ends[first : first + _PAIRS_AT_ONCE]
            sizes = np.diff(ends, prepend=start)
            self.lengths[first : first + len(ends)] = sizes // self._type.itemsize
            start = int(ends[-1])

    @staticmethod
    def write(storage: Storage, encoder: PairEncoder, texts: Texts, id_type: str) -> None:
        """Tokenize all texts, some at a time."""
        pieces, more = BytesWriter(storage, _TOKENS), NumberWriter(storage, _MORE, "b")
        for first in range(0, len(texts), _TOKENIZED_AT_ONCE):
            for tokens in encoder.first_tokens(texts[first : first + _TOKENIZED_AT_ONCE]):
                pieces.append(tokens.ids.astype(id_type).tobytes())
                more.append(tokens.more)
            more.flush()
        pieces.close()
        more.close()

    def __getitem__(self, number: int) -> Tokens:
        """Of one text."""
        ids = np.frombuffer(self._pieces.read(number), dtype=self._type).astype(np.int64)
        return Tokens(ids, bool(self._more[number]))

    def counted(self, texts: IntArray) -> IntArray:
        """How many tokens texts have; one more where there are more: ``[n]`` to ``[n]``."""
        found = self.lengths[texts].astype(np.int64)
        counts: IntArray = found + ((self._more[texts] > 0) & (found > 0))
        return counts


class EncodedPairs:
    """Token rows of many pairs; :meth:`rows` makes some of them.

    Attributes:
        lengths: of the rows, in tokens.
        cuts: what was cut of the pairs.
    """

    def __init__(
        self, encoder: PairEncoder, tokens: TextTokens, queries: IntArray, titles: IntArray
    ) -> None:
        """Measure the rows of pairs of texts, given by number: ``[rows]`` and ``[rows]``."""
        self._encoder = encoder
        self._tokens = tokens
        self._queries = queries
        self._titles = titles
        self.lengths: IntArray = np.empty(len(queries), dtype=np.int64)
        self.cuts = Cuts()
        for first in range(0, len(queries), _PAIRS_AT_ONCE):
            part = slice(first, first + _PAIRS_AT_ONCE)
            self._measure(part, np.asarray(queries[part]), np.asarray(titles[part]))

    def _measure(self, part: slice, queries: IntArray, titles: IntArray) -> None:
        """Lengths and cuts of some rows, as :meth:`PairEncoder.row` makes them."""
        room, truncation = self._encoder.room, self._encoder.rules.truncation
        query = self._tokens.lengths[queries].astype(np.int64)
        title = self._tokens.lengths[titles].astype(np.int64)
        kept = kept_of_queries(query, title, room, truncation)
        title_kept = np.minimum(title, room - kept)
        special = self._encoder.max_seq_length - room
        self.lengths[part] = kept + title_kept + special
        counted = self._tokens.counted
        self.cuts += cuts_of_counts(counted(queries), kept, counted(titles), title_kept)

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.lengths)

    def rows(self, indices: IntArray) -> list[Row]:
        """The rows at ``indices``, as :meth:`PairEncoder.pad` takes them."""
        chosen = zip(self._queries[indices].tolist(), self._titles[indices].tolist())
        return [
            self._encoder.row(self._tokens[query], self._tokens[title]) for query, title in chosen
        ]

    @cached_property
    def distinct(self) -> tuple[IntArray, IntArray]:
        """The first of each row that has its tokens, and of every pair its place among these.

        A service computes equal rows once, too. Computed twice, their logits differ by rounding.
        """
        digests = np.empty((len(self), 2), dtype=np.uint64)
        for first in range(0, len(self), _TOKENIZED_AT_ONCE):
            part = np.arange(first, min(len(self), first + _TOKENIZED_AT_ONCE))
            for i, row in zip(part, self.rows(part)):
                digest = blake2b(row.input_ids, digest_size=digests.itemsize * 2)
                digest.update(row.token_type_ids)
                digests[i] = np.frombuffer(digest.digest(), dtype=np.uint64)
        place_of, firsts = in_order_of_first(_numbered(digests))
        return firsts, place_of


def _numbered(digests: NDArray[np.uint64]) -> IntArray:
    """One number for each two: ``[n, 2]`` to ``[n]``; equal ones have the same."""
    order = np.lexsort((digests[:, 1], digests[:, 0]))
    ordered = digests[order]
    numbers_of = np.empty(len(order), dtype=np.int64)
    numbers_of[order] = np.cumsum(np.r_[0, (ordered[1:] != ordered[:-1]).any(axis=1)])[: len(order)]
    return numbers_of


def encode(
    encoder: PairEncoder, texts: Sequence[str], queries: IntArray, titles: IntArray
) -> EncodedPairs:
    """Encode every pair ``texts[queries[i]], texts[titles[i]]``.

    Texts of a file are tokenized once for all calls with this encoder.

    Raises:
        SetUpError: there is no room on the disk.
    """
    if not isinstance(texts, Texts):
        texts = _texts_of(texts)
    known = texts.tokens.get(encoder.fingerprint)
    if known is None:
        known = texts.tokens[encoder.fingerprint] = _tokens_of(encoder, texts)
    return EncodedPairs(encoder, known, queries, titles)


def _tokens_of(encoder: PairEncoder, texts: Texts) -> TextTokens:
    id_type = "u2" if encoder.vocab_size <= 1 << 16 else "i4"
    storage, home = texts.storage, Path()
    needed = int(texts.size * _WRITTEN_BYTES)

    def build(directory: Path) -> None:
        print(
            f"tokenizing {len(texts)} texts into {home.parent}, once", file=sys.stderr, flush=True
        )
        TextTokens.write(Directory(directory), encoder, texts, id_type)

    with written("tokens of the rows", needed):
        if isinstance(storage, Directory) and encoder.fingerprint:
            home = storage.path
            name = f"{home.name}-tokens-{encoder.fingerprint}"
            directory, _ = kept_directory(home.parent, name, build)
            return TextTokens(Directory(directory), id_type)
        beside = storage.beside()
        TextTokens.write(beside, encoder, texts, id_type)
        return TextTokens(beside, id_type)


def _texts_of(texts: Sequence[str]) -> Texts:
    """Texts that came in a list, numbered as there."""
    storage = Nameless(in_memory=True)
    writer = TextWriter(storage, remembers=False)
    for text in texts:
        writer.number(text)
    writer.close()
    return Texts(storage)
