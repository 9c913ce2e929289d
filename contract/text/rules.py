# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Names the rules by which a ranker's texts become rows: a bundle and a checkpoint state them.

Serving has to follow those of training, so that they travel from the checkpoint to the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import BundleError

LONGEST_FIRST, TITLE_FIRST = "longest_first", "title_first"
TRUNCATIONS = (LONGEST_FIRST, TITLE_FIRST)
NONE, NFKC = "none", "nfkc"
NORMALIZATIONS = (NONE, NFKC)


class TextRules(NamedTuple):
    """How texts become rows, besides vocabulary and length.

    Attributes:
        truncation: what gives way when a pair does not fit. ``longest_first``: token by token the
            longer of the two, the title when they are equal, as PaddleNLP cuts. ``title_first``:
            the title, and the query only when it alone does not fit.
        normalization: before words are separated. ``nfkc``: characters of compatibility, such as
            full-width letters and radicals, are taken for those that they stand for. ``none``: they
            are characters of their own, as to PaddleNLP.
    """

    truncation: str
    normalization: str = NONE

    @classmethod
    def stated(cls, fields: Mapping[str, Any], where: str) -> TextRules:
        """The rules that a file's fields state; those of older files, where it states none.

        Raises:
            BundleError: a rule that this release does not know; ``where`` is its field.
        """
        older = OF_OLDER_FILES._asdict()
        return cls(**{name: fields.get(name, older[name]) for name in cls._fields}).checked(where)

    def but(self, named: Mapping[str, Optional[str]]) -> TextRules:
        """These rules, except those that are named, as by flags; ``None`` names none."""
        return self._replace(**{name: rule for name, rule in named.items() if rule is not None})

    def checked(self, where: str) -> TextRules:
        """The same, if this release knows each of them.

        Raises:
            BundleError: it does not; ``where`` is its field.
        """
        _check("truncation", self.truncation, TRUNCATIONS, where)
        _check("normalization", self.normalization, NORMALIZATIONS, where)
        return self


# PaddleNLP's own
UPSTREAM_RULES = TextRules(LONGEST_FIRST)
# what is trained from now on
NEW_RULES = TextRules(LONGEST_FIRST, NFKC)
# of manifests and checkpoints that name none
OF_OLDER_FILES = TextRules(TITLE_FIRST)


def kept_of_query(query: int, title: int, room: int, truncation: str) -> int:
    """How many tokens of a query stay; the title has the rest of the room.

    Args:
        query: tokens of the query.
        title: tokens of the title, or of as much as a row may hold of it.
        room: tokens of both that a row takes.
        truncation: the rule.
    """
    if truncation == TITLE_FIRST:
        return min(query, room)
    # taking one token after the other from the longer ends at halves, or at a text that is shorter
    return min(query, max(room - title, room - room // 2))


def kept_of_queries(
    query: NDArray[np.int64], title: NDArray[np.int64], room: int, truncation: str
) -> NDArray[np.int64]:
    """The same of many pairs: ``[n]`` and ``[n]`` to ``[n]``."""
    if truncation == TITLE_FIRST:
        return np.minimum(query, room)
    return np.minimum(query, np.maximum(room - title, room - room // 2))


def _check(name: str, value: Any, known: tuple[str, ...], where: str) -> None:
    if value not in known:
        raise BundleError(
            f"{name} {value!r:.80} is not one of {', '.join(known)}; use the release that made it",
            field=where,
        )
