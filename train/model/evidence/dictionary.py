# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Choose the phrases of the tables, and find vectors whose sums are a teacher's vectors of texts.

A bi-encoder's vector of a text is approximated by the sum of vectors of its tokens and phrases:
ridge regression over all texts at once, by conjugate gradients. What a text's vector owes to a word
is thus learned from every text that has the word, as in Model2Vec (Tulkens and van Dongen, 2024)
but with whole texts as targets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from train.model.evidence.phrase_codes import IntArray, phrase_codes
from train.model.evidence.settings import EvidenceSettings

FloatArray = NDArray[np.float32]

_FEWEST = 2
_SMALL = 1e-6


class Dictionary(NamedTuple):
    """The chosen phrases.

    Attributes:
        vocab_size: columns of a text's counts before those of phrases.
        columns: of each order a column for each row of its table, or -1 for an empty row.
        codes: of each order the code of the phrase that a row belongs to, or -1.
        size: all columns.
    """

    vocab_size: int
    columns: dict[int, IntArray]
    codes: dict[int, IntArray]
    size: int

    def counts(self, texts: Sequence[IntArray]) -> Any:
        """Sparse ``[texts, size]``: occurrences over the square root of a text's length."""
        rows: list[IntArray] = []
        columns: list[IntArray] = []
        for number, ids in enumerate(texts):
            found = [ids.astype(np.int64), *(self._found(ids, order) for order in self.codes)]
            columns += found
            rows.append(np.full(sum(map(len, found)), number, np.int64))
        lengths = np.array([max(len(ids), 1) for ids in texts], np.float64)
        where = np.concatenate(rows) if rows else np.zeros(0, np.int64)
        values = (1.0 / np.sqrt(lengths))[where]
        shape = (len(texts), self.size)
        which = np.concatenate(columns) if columns else np.zeros(0, np.int64)
        return sparse.csr_matrix((values, (where, which)), shape=shape, dtype=np.float32)

    def tables(self, vectors: FloatArray) -> dict[int, tuple[IntArray, FloatArray]]:
        """Of each order the codes and vectors of its rows; ``vectors`` are those of all columns."""
        result = {}
        for order, columns in self.columns.items():
            table = np.zeros((len(columns), vectors.shape[1]), np.float32)
            table[columns >= 0] = vectors[columns[columns >= 0]]
            result[order] = (self.codes[order], table)
        return result

    def _found(self, ids: IntArray, order: int) -> IntArray:
        codes = phrase_codes(ids, order, self.vocab_size)
        places = codes % len(self.codes[order])
        found: IntArray = self.columns[order][places[self.codes[order][places] == codes]]
        return found


def choose_phrases(
    texts: Sequence[IntArray],
    words: Sequence[IntArray],
    settings: EvidenceSettings,
    vocab_size: int,
) -> Dictionary:
    """The most frequent phrase of each row of the tables; a word of a list counts ``3`` more.

    Args:
        texts: ids of each text, without special tokens.
        words: ids of known words.
        settings: sizes of the tables.
        vocab_size: of the model.
    """
    columns: dict[int, IntArray] = {}
    codes: dict[int, IntArray] = {}
    size = vocab_size
    for order in settings.orders:
        counts = Counter[int]()
        for ids in texts:
            counts.update(set(phrase_codes(ids, order, vocab_size).tolist()))
        kept = Counter({code: count for code, count in counts.items() if count >= _FEWEST})
        for ids in words:
            if len(ids) == order:
                kept[int(phrase_codes(ids, order, vocab_size)[0])] += 3
        codes[order] = _winners(kept, settings.rows(order))
        taken = codes[order] >= 0
        columns[order] = np.where(taken, size + np.cumsum(taken) - 1, -1)
        size += int(taken.sum())
    return Dictionary(vocab_size, columns, codes, size)


def _winners(counts: Counter[int], rows: int) -> IntArray:
    """Of each row the code with the largest count, of equal ones the smallest code."""
    result = np.full(rows, -1, np.int64)
    for code, _ in sorted(counts.items(), key=lambda item: (item[1], -item[0])):
        result[code % rows] = code
    return result


def fit_vectors(
    counts: Any, targets: FloatArray, weights: FloatArray, ridge: float, rounds: int = 40
) -> FloatArray:
    """Vectors ``W`` that minimise ``sum_t weight_t |counts_t W - target_t|^2 + ridge |W|^2``.

    Args:
        counts: sparse ``[texts, columns]``.
        targets: ``[texts, size]``.
        weights: of the texts.
        ridge: how much vectors are held back.
        rounds: of conjugate gradients, with the diagonal as preconditioner.

    Returns:
        float32 ``[columns, size]``; zero for what no text has.
    """
    weighted = sparse.diags(weights) @ counts
    residual = np.asarray(weighted.T @ targets, np.float32)
    squares = np.asarray(weighted.multiply(counts).sum(axis=0)).ravel()
    scale = (1.0 / (squares + ridge)).astype(np.float32)[:, None]
    vectors: FloatArray = np.zeros_like(residual)
    step = residual * scale
    energy = (residual * step).sum(axis=0)
    direction = step.copy()
    for _ in range(rounds):
        image: FloatArray = np.asarray(counts.T @ (weighted @ direction), np.float32)
        image += np.float32(ridge) * direction
        length = energy / ((direction * image).sum(axis=0) + _SMALL)
        vectors += length * direction
        residual -= length * image
        step = residual * scale
        after = (residual * step).sum(axis=0)
        direction = step + direction * (after / (energy + _SMALL))
        energy = after
    return vectors


def principal(vectors: FloatArray, size: int) -> tuple[FloatArray, FloatArray]:
    """The mean of vectors ``[n, wide]``, and the ``size`` axes of their largest variance.

    Returns:
        ``[wide]``, and ``[wide, size]``.
    """
    mean = vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    return mean, axes[:size].T


def rarities(texts: Sequence[IntArray], dictionary: Dictionary) -> tuple[FloatArray, FloatArray]:
    """BM25's idf of all tokens, and of the bigrams that the rows of their table belong to."""
    tokens = np.zeros(dictionary.vocab_size)
    pairs = np.zeros(len(dictionary.codes[2]))
    for ids in texts:
        tokens[np.unique(ids)] += 1
        codes = np.unique(phrase_codes(ids, 2, dictionary.vocab_size))
        places = codes % len(pairs)
        pairs[places[dictionary.codes[2][places] == codes]] += 1
    count = len(texts)
    idf = [np.log1p((count - found + 0.5) / (found + 0.5)) for found in (tokens, pairs)]
    return idf[0].astype(np.float32), idf[1].astype(np.float32)
