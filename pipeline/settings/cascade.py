# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml under ``cascade``: stages that score fewer and fewer documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Optional

from contract.errors import ConfigError
from contract.rankers import BM25, CASCADE, RANKERS
from pipeline.settings.key_types import LIST, Count, Section, Share, Text, choice, number

FIELD = CASCADE


@dataclass(frozen=True)
class StageConfig(Section):
    """cascade.stages[i]: what scores, and how many documents the next stage gets.

    Attributes:
        ranker: that scores; ``bm25`` as the first only.
        bundle: version of one of the ranker's bundles; left out, that of ``model_config``.
        keep: most documents that the next stage scores; the last stage has none.
        keep_share: of these the best that together hold this share of the softmax of the stage's
            logits; left out, all of them.
        keep_at_least: so many in any case, with ``keep_share``.
    """

    ranker: Annotated[str, choice(BM25, *RANKERS)] = ""
    bundle: Optional[Text] = None
    keep: Optional[Count] = None
    keep_share: Optional[Share] = None
    keep_at_least: Optional[Count] = None


@dataclass(frozen=True)
class CascadeConfig(Section):
    """cascade: a cheap ranker scores all documents, dearer ones score the best of them again.

    Attributes:
        stages: the first scores all documents, each further one what the one before it kept.
        max_ms: when a request has been ranked for so long, a later stage is not waited for, and
            the order of those before it is the answer; left out, only the caller's deadline counts.
    """

    stages: Annotated[tuple[StageConfig, ...], LIST] = ()
    max_ms: Optional[Annotated[float, number(1, 600_000)]] = None


def check_cascade(cascade: CascadeConfig, rankers: Sequence[str]) -> None:
    """Checks that need more than one key.

    Args:
        cascade: as configured.
        rankers: that have an op.

    Raises:
        ConfigError: with the yaml path of what cannot be.
    """
    stages = cascade.stages
    if len(stages) < 2:
        raise ConfigError(
            "must hold two stages or more, a cheap one first; for one alone, name its ranker "
            "in place of the cascade",
            field=f"{FIELD}.stages",
        )
    seen: list[tuple[str, Optional[str]]] = []
    for place, stage in enumerate(stages):
        where = f"{FIELD}.stages[{place}]"
        _check_ranker(stage, place, rankers, where)
        if (stage.ranker, stage.bundle) in seen:
            raise ConfigError(
                f"{stage.ranker} has scored already; name another ranker, or another bundle of it",
                field=f"{where}.ranker",
            )
        seen.append((stage.ranker, stage.bundle))
        if place == len(stages) - 1:
            _check_last(stage, where)
        else:
            _check_keep(stage, where)
        before = stages[place - 1].keep if place else None
        if before is not None and stage.keep is not None and stage.keep >= before:
            raise ConfigError(
                f"must be below the {before} that the stage before it keeps", field=f"{where}.keep"
            )


def _check_ranker(stage: StageConfig, place: int, rankers: Sequence[str], where: str) -> None:
    if stage.ranker == BM25:
        if place:
            raise ConfigError(
                f"{BM25} is the cheapest there is and scores all documents; make it the first "
                "stage, or leave it out",
                field=f"{where}.ranker",
            )
        if stage.bundle is not None:
            raise ConfigError(f"{BM25} has no bundles; leave it out", field=f"{where}.bundle")
    elif stage.ranker not in rankers:
        named = f"{stage.ranker} is not served; " if stage.ranker else "missing; "
        known = ", ".join((BM25, *rankers) if place == 0 else rankers)
        raise ConfigError(f"{named}name one of {known}", field=f"{where}.ranker")


def _check_last(stage: StageConfig, where: str) -> None:
    for key in ("keep", "keep_share", "keep_at_least"):
        if getattr(stage, key) is not None:
            raise ConfigError(
                "no stage comes after the last one; leave it out", field=f"{where}.{key}"
            )


def _check_keep(stage: StageConfig, where: str) -> None:
    if stage.keep is None:
        raise ConfigError(
            "missing; say how many documents the next stage scores at most", field=f"{where}.keep"
        )
    if stage.keep_share is not None and not 0.0 < stage.keep_share < 1.0:
        raise ConfigError(
            "must be above 0 and below 1; leave it out to keep as many as keep says",
            field=f"{where}.keep_share",
        )
    if stage.keep_at_least is None:
        return
    if stage.keep_share is None:
        raise ConfigError(
            "goes with keep_share only; leave it out, or name a share",
            field=f"{where}.keep_at_least",
        )
    if stage.keep_at_least > stage.keep:
        raise ConfigError(f"must be at most keep, {stage.keep}", field=f"{where}.keep_at_least")
