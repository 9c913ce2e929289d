# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What an answer tells of a cascade's stages, and scores of several stages that fall in its order.

Scores of two stages do not compare: one ranker's 0.9 may be another one's 0.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Optional

# between two stages, as a part of the value: float32 still tells them apart
_GAP = 2.0**-20
# a score that others must fall below is at least this; a float32 has it
_LEAST = 2.0**-100


def _raised(score: float) -> float:
    """Above 0, and in the same order as without."""
    return _GAP + score * (1.0 - _GAP)


@dataclass(frozen=True)
class StageRun:
    """What one stage did for one request.

    Attributes:
        ranker: that scored.
        bundle: version of its bundle; empty for BM25.
        documents: that it scored; 0: it was dropped.
        dropped: code of the error that it was dropped for, or empty.
    """

    ranker: str
    bundle: str
    documents: int
    dropped: str = ""

    def to_wire(self) -> dict[str, Any]:
        """Its fields; those that say nothing are left out."""
        fields: dict[str, Any] = {"ranker": self.ranker, "documents": self.documents}
        if self.bundle:
            fields["bundle"] = self.bundle
        if self.dropped:
            fields["dropped"] = self.dropped
        return fields


@dataclass(frozen=True)
class Staged:
    """How a cascade came to its order.

    Attributes:
        runs: of the stages, the cheapest first.
        stage_of: one per document, in input order: the number of the last stage that scored it.
        places: one per document, in input order: its place in the whole order, from 0.
    """

    runs: tuple[StageRun, ...]
    stage_of: tuple[int, ...]
    places: tuple[int, ...]

    def of(self, index: int) -> dict[str, Any]:
        """Which stage a result's score is of."""
        number = self.stage_of[index]
        return {"stage": self.runs[number].ranker, "stage_index": number}

    def falling(self, scores: Sequence[float]) -> tuple[float, ...]:
        """Scores in [0, 1] that fall in the order of the cascade.

        Those of the last stage stay as they are. A document that an earlier stage scored last has
        that score times the lowest of the stage after it, less a millionth of that. Nothing is
        below 0, so a score above others is raised: to 2^-100 in the last stage, by a millionth of
        the rest to 1 in those between.
        """
        fallen = list(scores)
        floor: Optional[float] = None
        for own, is_lowest in self._from_last():
            for i in own:
                if floor is None:
                    fallen[i] = scores[i] if is_lowest else max(scores[i], _LEAST)
                else:
                    fallen[i] = floor * (scores[i] if is_lowest else _raised(scores[i]))
            floor = min(fallen[i] for i in own) * (1.0 - _GAP)
        return tuple(fallen)

    def falling_logits(self, logits: Sequence[float]) -> tuple[float, ...]:
        """The same of logits, which have no least value: each stage is moved below the next."""
        fallen = list(logits)
        floor: Optional[float] = None
        for own, _ in self._from_last():
            best = max(logits[i] for i in own)
            if floor is not None:
                for i in own:
                    fallen[i] = floor + (logits[i] - best)
            lowest = min(fallen[i] for i in own)
            floor = lowest - _GAP * max(1.0, abs(lowest))
        return tuple(fallen)

    def _from_last(self) -> list[tuple[list[int], bool]]:
        """By stage, the last one first: its documents, and whether no other stands below."""
        numbers = sorted(set(self.stage_of), reverse=True)
        return [
            ([i for i, stage in enumerate(self.stage_of) if stage == number], number == numbers[-1])
            for number in numbers
        ]
