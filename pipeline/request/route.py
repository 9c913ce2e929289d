# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the router decides of one request; travels through the DAG and into the exposure log."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, Optional


class Target(NamedTuple):
    """What can score: one bundle of one ranker.

    Attributes:
        ranker: ``pairwise``, ``cross_encoder`` or ``cascade``.
        bundle: its version.
    """

    ranker: str
    bundle: str


@dataclass(frozen=True)
class Route:
    """Who scores a request, and why.

    Attributes:
        targets: all score; the first answers, unless their orders are interleaved.
        experiment: the request's unit takes part in, or empty: then the rest is empty too.
        mode: of the experiment.
        variant: assigned.
        reason: ``bucket`` or ``allow_list``.
        unit: as it is recorded.
        assigned: who was to answer.
        teams: when the orders of the targets are interleaved, the variant of each.
        shadow: is scored after the answer, and compared with it.
        shadow_variant: its variant.
        fallback: answers when the assigned target fails.
        is_stage: it is a pass of a cascade, whose order is not yet the answer.
    """

    targets: tuple[Target, ...]
    experiment: str = ""
    mode: str = ""
    variant: str = ""
    reason: str = ""
    unit: str = ""
    assigned: Optional[Target] = None
    teams: tuple[str, ...] = ()
    shadow: Optional[Target] = None
    shadow_variant: str = ""
    fallback: Optional[Target] = None
    is_stage: bool = False

    @property
    def can_fall_back(self) -> bool:
        """Whether another target is left when these fail."""
        return self.fallback is not None and self.fallback not in self.targets

    def fallen_back(self) -> Route:
        """The same unit, answered by the fallback."""
        assert self.fallback is not None
        return replace(self, targets=(self.fallback,), teams=(), shadow=None, fallback=None)
