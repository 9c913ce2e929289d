# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Held-out lists as rows, filled up with other texts or as they are."""

from __future__ import annotations

import random

from train.mining.lists import RankedList
from train.recipes.sources import LIST_LENGTH, Labelled, Source


def pad_list(source: Source, item: RankedList, variant: str, rng: random.Random) -> list[Labelled]:
    """One held-out list as rows, in random order, so that ties favour nobody.

    Args:
        source: Where negatives come from.
        item: The list.
        variant: ``original`` adds nothing; the others pad to 20: ``padded`` with BM25 negatives
            from all texts, ``unseen`` with BM25 negatives no training list has, ``random`` with
            random texts, which do not handicap BM25. Where lists are full already, ``random``
            keeps only their relevant documents.
        rng: Source of the order.

    Returns:
        ``(query, title, grade)`` rows; none when no document is relevant.
    """
    if all(grade == 0 for _, grade in item.documents):
        return []
    own = list(item.documents)
    if variant == "random" and source.has_full_lists:
        own = item.relevant
    missing = max(0, LIST_LENGTH - len(own))
    added: list[str] = []
    if variant == "random":
        added = source.any(item, missing, "all", rng)
    elif variant != "original":
        added = source.hard(item, missing, "all" if variant == "padded" else "unseen")
    documents = [*own, *((text, 0) for text in added)]
    rng.shuffle(documents)
    return [(item.query, text, grade) for text, grade in documents]
