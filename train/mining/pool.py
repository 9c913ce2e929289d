# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The titles that negatives are drawn from, and which of them a list may have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Optional

import numpy as np
from numpy.typing import NDArray

from contract.text.normalization import Normalizer
from train.mining.lists import TRAIN, RankedList

_normalize = Normalizer(lower_case=True, compatible=True)


def same_text_key(text: str) -> str:
    """What is equal of texts that differ by case, width, accents, spaces and punctuation alone."""
    letters = "".join(character for character in _normalize(text) if character.isalnum())
    return letters or text


class Pool:
    """Distinct titles, of a corpus and of the lists themselves.

    Attributes:
        texts: the titles; others refer to them by their number.
    """

    def __init__(self, lists: Sequence[RankedList], corpus: Iterable[str] = ()) -> None:
        """Collect them.

        A title that only dev or held-out lists have is no negative of a training list: the ranker
        would learn of it what it will be asked. What the corpus has may be one.
        """
        open_to_all = dict.fromkeys(corpus)
        for item in lists:
            if item.split == TRAIN:
                open_to_all.update(dict.fromkeys(text for text, _ in item.documents))
        everything = dict(open_to_all)
        everything.update(dict.fromkeys(text for item in lists for text, _ in item.documents))
        self.texts = list(everything)
        self._keys = [same_text_key(text) for text in self.texts]
        self._for_training: Optional[NDArray[np.bool_]] = None
        if len(open_to_all) < len(everything):
            self._for_training = np.arange(len(everything)) < len(open_to_all)

    def __len__(self) -> int:
        """How many titles there are."""
        return len(self.texts)

    def key(self, number: int) -> str:
        """That of a title, as :func:`same_text_key` has it."""
        return self._keys[number]

    def allowed(self, item: RankedList) -> Optional[NDArray[np.bool_]]:
        """Which titles may be negatives of a list, ``[len(self)]``; ``None`` stands for all."""
        return self._for_training if item.split == TRAIN else None

    def others(self, item: RankedList, numbers: Iterable[int], count: int) -> list[int]:
        """The first titles of an order that are none of the list's, nor like one, at most count."""
        own = {same_text_key(text) for text, _ in item.documents}
        found: list[int] = []
        for number in numbers:
            if len(found) == count:
                break
            if self._keys[number] not in own:
                found.append(int(number))
        return found
