# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a teacher can do: score pairs, and where it is a bi-encoder, embed texts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.scoring import SCORE_FUNCTIONS

Pair = tuple[str, str]
FloatArray = NDArray[np.float32]

QUERY, TITLE = "query", "title"
# cosines of a bi-encoder, which is trained with such a divisor, lie close together
TEMPERATURE = 0.05
_AT_ONCE = 4096
_SMALLEST = 1e-30


class Runtime(NamedTuple):
    """How teachers compute: rows at once, and threads."""

    batch_size: int = 32
    threads: int = 1


class Teacher(ABC):
    """Scores pairs of query and title.

    Making one reads what :attr:`digest` needs; the model is loaded at the first score, so that
    scores which are all known cost no model.

    Attributes:
        name: its spec, for messages.
        digest: hex digits over all that decides its scores.
        at_once: how many pairs or texts are worth one call.
    """

    name: str
    digest: str
    at_once: int = _AT_ONCE

    @abstractmethod
    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        """Logits ``[len(pairs)]``, finite: larger is more relevant.

        Raises:
            SetUpError: the model is damaged, or a package that it needs is not there.
        """

    def relevance(self, scores: FloatArray) -> FloatArray:
        """The same scores from 0 to 1, which a share of can be taken: their sigmoid."""
        values = SCORE_FUNCTIONS["sigmoid"].of_margins(np.asarray(scores, dtype=np.float64))
        return values.astype(np.float32)


class BiEncoder(Teacher):
    """A teacher that knows query and title by one vector each; their cosine is the relevance.

    Attributes:
        width: of the vectors.
        temperature: a score is the cosine divided by it.
    """

    width: int
    temperature: float = TEMPERATURE

    @abstractmethod
    def embed(self, texts: Sequence[str], role: str) -> FloatArray:
        """Vectors ``[len(texts), width]`` of length 1.

        Args:
            texts: queries or titles.
            role: :data:`QUERY` or :data:`TITLE`, which some models read differently.
        """

    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        """Cosines divided by the temperature."""
        queries, titles = (list(dict.fromkeys(column)) for column in zip(*pairs))
        of_query = dict(zip(queries, self.embed(queries, QUERY)))
        of_title = dict(zip(titles, self.embed(titles, TITLE)))
        cosines = [float(of_query[query] @ of_title[title]) for query, title in pairs]
        return (np.array(cosines) / self.temperature).astype(np.float32)

    def relevance(self, scores: FloatArray) -> FloatArray:
        """Cosines again."""
        return (np.asarray(scores) * self.temperature).astype(np.float32)


def unit_length(vectors: NDArray[np.floating]) -> FloatArray:
    """Rows divided by their Euclidean length; one of zeros stays so."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, _SMALLEST), dtype=np.float32)
