# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25: the baseline that a ranker has to beat, and a search engine that finds hard negatives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Optional

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_WORD = re.compile(r"[0-9a-z]+|[^\W0-9a-z_]")
_IDEOGRAPH = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")


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


class BM25:
    """Okapi BM25 over a fixed collection (Robertson and Zaragoza, 2009, section 3).

    ``score = sum over query terms of qtf * idf * tf * (k1 + 1) / (tf + norm)``, where
    ``norm = k1 * (1 - b + b * length / average length)``,
    and ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))``, which is never negative.
    """

    def __init__(self, documents: Sequence[str], k1: float = 1.2, b: float = 0.75) -> None:
        """Indexes the collection.

        Args:
            documents: The texts; an empty text is allowed and scores 0.
            k1: Saturation of the term frequency.
            b: Strength of the length normalisation, 0 to 1.

        Raises:
            ValueError: If the collection is empty.
        """
        if not documents:
            raise ValueError("BM25 needs at least one document")
        self.k1 = k1
        self.b = b
        counts = [Counter(bm25_terms(document)) for document in documents]
        self._lengths = np.array([sum(count.values()) for count in counts], dtype=np.float64)
        self.average_length = max(float(self._lengths.mean()), 1.0)
        self._size = len(counts)
        self._norms = self._norm(self._lengths)
        self._postings = self._invert(counts)

    def __len__(self) -> int:
        """Number of indexed documents."""
        return self._size

    def _norm(self, lengths: FloatArray) -> FloatArray:
        return self.k1 * (1.0 - self.b + self.b * lengths / self.average_length)

    @staticmethod
    def _invert(counts: Sequence[Counter[str]]) -> dict[str, tuple[IntArray, FloatArray]]:
        lists: dict[str, tuple[list[int], list[int]]] = {}
        for index, count in enumerate(counts):
            for term, frequency in count.items():
                indices, frequencies = lists.setdefault(term, ([], []))
                indices.append(index)
                frequencies.append(frequency)
        return {
            term: (np.array(indices, dtype=np.int64), np.array(frequencies, dtype=np.float64))
            for term, (indices, frequencies) in lists.items()
        }

    def idf(self, term: str) -> float:
        """Inverse document frequency; a term the collection lacks gets the highest one."""
        frequency = len(self._postings[term][0]) if term in self._postings else 0
        return float(np.log1p((self._size - frequency + 0.5) / (frequency + 0.5)))

    def scores(self, query: str, documents_idx: Optional[Sequence[int]] = None) -> FloatArray:
        """Scores the collection, or the named part of it.

        Args:
            query: The query text.
            documents_idx: Indices into the collection; all of it when left out.

        Returns:
            One float64 score per document, in collection order or in that of ``documents_idx``.
        """
        scores = np.zeros(self._size, dtype=np.float64)
        for term, repeats in Counter(bm25_terms(query)).items():
            if term not in self._postings:
                continue
            indices, frequencies = self._postings[term]
            saturation = frequencies * (self.k1 + 1.0) / (frequencies + self._norms[indices])
            scores[indices] += repeats * self.idf(term) * saturation
        return scores if documents_idx is None else scores[np.asarray(documents_idx, dtype=int)]

    def top(self, query: str, n: int) -> list[int]:
        """Indices of the ``n`` best documents, best first, ties by index.

        Documents that share no term with the query are left out, so fewer may come back.
        """
        scores = self.scores(query)
        n = min(n, self._size)
        if n <= 0:
            return []
        threshold = np.partition(scores, self._size - n)[self._size - n]
        # All ties at the threshold stay in, so that the choice among them is by index alone.
        candidates = np.flatnonzero((scores >= threshold) & (scores > 0.0))
        order = np.argsort(-scores[candidates], kind="stable")
        return [int(index) for index in candidates[order][:n]]

    def score_text(self, query: str, text: str) -> float:
        """Scores one text, in the collection or not, with the statistics of the collection."""
        count = Counter(bm25_terms(text))
        norm = float(self._norm(np.array([sum(count.values())], dtype=np.float64))[0])
        return sum(
            repeats * self.idf(term) * count[term] * (self.k1 + 1.0) / (count[term] + norm)
            for term, repeats in Counter(bm25_terms(query)).items()
            if term in count
        )


def bm25_scores(query: str, titles: Sequence[str], statistics: BM25) -> FloatArray:
    """Scores arbitrary titles against a query.

    Args:
        query: The query text.
        titles: The texts to score; they need not be in the collection.
        statistics: The collection that gives document frequencies and the average length.

    Returns:
        float64 array of shape ``[len(titles)]``.
    """
    return np.array([statistics.score_text(query, title) for title in titles], dtype=np.float64)
