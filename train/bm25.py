# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""BM25: the baseline that a ranker has to beat, and a search engine that finds hard negatives."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Optional

import numpy as np
from numpy.typing import NDArray

from contract.bm25 import DECIMALS, K1, B, bm25_terms

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


class BM25:
    """Okapi BM25 over a fixed collection (Robertson and Zaragoza, 2009, section 3).

    ``score = sum over query terms of qtf * idf * tf * (k1 + 1) / (tf + norm)``, where
    ``norm = k1 * (1 - b + b * length / average length)``,
    and ``idf = ln(1 + (N - df + 0.5) / (df + 0.5))``, which is never negative.

    What a document gains by a term is computed once, when the collection is indexed, and lies in
    one flat array (Lu, 2024, "BM25S: orders of magnitude faster lexical search via eager sparse
    scoring"). Scores are rounded to 9 decimals: the same terms added up in another order differ in
    their last bits, which would order titles that are equally good.
    """

    def __init__(self, documents: Sequence[str], k1: float = K1, b: float = B) -> None:
        """Indexes the collection: about 15 bytes for each term of each document.

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
        self._size = len(documents)
        self._terms: dict[str, int] = {}
        self._order_of_ties = _order_by_hash(documents)
        self._index(documents)

    def __len__(self) -> int:
        """Number of indexed documents."""
        return self._size

    def _norm(self, lengths: FloatArray) -> FloatArray:
        return self.k1 * (1.0 - self.b + self.b * lengths / self.average_length)

    def _index(self, documents: Sequence[str]) -> None:
        """Fill the postings: of the term ``t``, those from ``_starts[t]`` to ``_starts[t + 1]``."""
        terms, frequencies, widths = array("i"), array("i"), array("i")
        lengths = np.zeros(self._size)
        for index, document in enumerate(documents):
            count = Counter(bm25_terms(document))
            terms.extend(self._terms.setdefault(term, len(self._terms)) for term in count)
            frequencies.extend(count.values())
            widths.append(len(count))
            lengths[index] = sum(count.values())
        self.average_length = max(float(lengths.mean()), 1.0)
        numbers = np.frombuffer(terms, dtype=np.intc)
        order = np.argsort(numbers, kind="stable")
        sizes = np.bincount(numbers, minlength=len(self._terms))
        self._starts = np.concatenate(([0], np.cumsum(sizes)))
        self._documents = np.repeat(np.arange(self._size, dtype=np.int32), widths)[order]
        counted = np.frombuffer(frequencies, dtype=np.intc)[order]
        self._gains = counted * (self.k1 + 1.0) / (counted + self._norm(lengths)[self._documents])

    def _postings(self, term: str) -> slice:
        """Where the postings of a term are; empty of one that the collection lacks."""
        number = self._terms.get(term)
        if number is None:
            return slice(0, 0)
        return slice(int(self._starts[number]), int(self._starts[number + 1]))

    def idf(self, term: str) -> float:
        """Inverse document frequency; a term the collection lacks gets the highest one."""
        found = self._postings(term)
        frequency = found.stop - found.start
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
            found = self._postings(term)
            # a document has one posting of a term, so no index is there twice
            scores[self._documents[found]] += repeats * self.idf(term) * self._gains[found]
        if documents_idx is not None:
            scores = scores[np.asarray(documents_idx, dtype=int)]
        return np.round(scores, DECIMALS)

    def top(self, query: str, n: int, among: Optional[NDArray[np.bool_]] = None) -> list[int]:
        """Indices of the ``n`` best documents, best first.

        Equal scores are ordered by a hash of the text, so that the order of the collection favours
        nobody. Documents that share no term with the query are left out, so fewer may come back.

        Args:
            query: The query text.
            n: How many, at most.
            among: Which documents to choose from, one flag each; all of them when left out.
        """
        scores = self.scores(query)
        if among is not None:
            scores[~among] = 0.0
        n = min(n, self._size)
        if n <= 0:
            return []
        threshold = np.partition(scores, self._size - n)[self._size - n]
        # All ties at the threshold stay in, so that the choice among them is by hash alone.
        candidates = np.flatnonzero((scores >= threshold) & (scores > 0.0))
        order = np.lexsort((self._order_of_ties[candidates], -scores[candidates]))
        return [int(index) for index in candidates[order][:n]]

    def score_text(self, query: str, text: str) -> float:
        """Scores one text, in the collection or not, with the statistics of the collection."""
        count = Counter(bm25_terms(text))
        norm = float(self._norm(np.array([sum(count.values())], dtype=np.float64))[0])
        score = sum(
            repeats * self.idf(term) * (count[term] * (self.k1 + 1.0) / (count[term] + norm))
            for term, repeats in Counter(bm25_terms(query)).items()
            if term in count
        )
        return float(np.round(score, DECIMALS))


def _order_by_hash(documents: Sequence[str]) -> IntArray:
    """For every document a number that its text alone decides."""
    digests = b"".join(
        blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest() for text in documents
    )
    return np.frombuffer(digests, dtype=np.int64)


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
