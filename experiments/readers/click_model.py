# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Simulated readers: which places of a list they click, by the grades of its documents.

The dependent click model: a reader looks at one place after the other, clicks with a probability
that depends on the document's grade, and after a click, and only then, may stop, satisfied
(F. Guo, C. Liu, Y. M. Wang: Efficient Multiple-Click Models in Web Search. WSDM 2009). The three
instantiations for grades 0 to 4 are those with which interleaving and online learning are studied
(K. Hofmann, S. Whiteson, M. de Rijke: Balancing exploration and exploitation in listwise and
pairwise online learning to rank for information retrieval. Information Retrieval 16, 2013; for
five grades as in A. Schuth, H. Oosterhuis, S. Whiteson, M. de Rijke: Multileave Gradient Descent
for Fast Online Learning to Rank. WSDM 2016).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PERFECT, NAVIGATIONAL, INFORMATIONAL = "perfect", "navigational", "informational"
# probabilities of a click, and of stopping after one, by grade 0 to 4
_BY_GRADE = {
    # clicks what is relevant, all of it
    PERFECT: ((0.0, 0.2, 0.4, 0.8, 1.0), (0.0, 0.0, 0.0, 0.0, 0.0)),
    # looks for one document, and seldom errs
    NAVIGATIONAL: ((0.05, 0.3, 0.5, 0.7, 0.95), (0.2, 0.3, 0.5, 0.7, 0.9)),
    # reads about a topic: clicks much, irrelevant documents too, and goes on
    INFORMATIONAL: ((0.4, 0.6, 0.7, 0.8, 0.9), (0.1, 0.2, 0.3, 0.4, 0.5)),
}
CLICK_MODELS = tuple(_BY_GRADE)
# readers look at one page
DEPTH = 10


@dataclass(frozen=True)
class ClickModel:
    """A reader.

    Attributes:
        click: probability of clicking a document that is looked at, by grade.
        stop: probability of stopping after that click, by grade.
        depth: places looked at, at most.
    """

    click: tuple[float, ...]
    stop: tuple[float, ...]
    depth: int = DEPTH

    @classmethod
    def named(cls, name: str, top_grade: int) -> ClickModel:
        """One of :data:`CLICK_MODELS`, stretched from grades 0 to 4 to those of a file.

        Probabilities between the published ones are interpolated linearly. For two grades that
        gives the pairs published for binary relevance.

        Args:
            name: of the model.
            top_grade: highest grade of the file, 1 or more.
        """
        published = np.linspace(0.0, top_grade, 5)
        click, stop = (
            tuple(float(p) for p in np.interp(range(top_grade + 1), published, by_grade))
            for by_grade in _BY_GRADE[name]
        )
        return cls(click, stop)

    def read(self, grades: Sequence[int], seed: str) -> list[int]:
        """Places clicked, from the top; the same ones for the same grades and seed."""
        dice = random.Random(seed)
        clicked = []
        for place, grade in enumerate(grades[: self.depth]):
            # drawn at every place, so that what happens below does not shift the draws
            click, stop = dice.random(), dice.random()
            if click < self.click[grade]:
                clicked.append(place)
                if stop < self.stop[grade]:
                    break
        return clicked
