# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The cascade of the configuration with the bundles of its stages: a target like any bundle."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from contract.errors import ConfigError
from contract.rankers import BM25, CASCADE
from pipeline.request.route import Target
from pipeline.routing.plan import target_of
from pipeline.settings.cascade import StageConfig
from pipeline.settings.service import ServiceConfig

_VERSION_BYTES = 6


@dataclass(frozen=True)
class Stage:
    """One stage.

    Attributes:
        ranker: that scores.
        target: its bundle; ``None`` for BM25, which has none.
        keep: most documents that the next stage scores; ``None`` for the last stage.
        share: of the softmax of the logits that these hold at least; ``None``: all of ``keep``.
        at_least: so many of them in any case.
    """

    ranker: str
    target: Optional[Target]
    keep: Optional[int] = None
    share: Optional[float] = None
    at_least: int = 1

    @property
    def bundle(self) -> str:
        """Version of its bundle, or empty."""
        return self.target.bundle if self.target is not None else ""


@dataclass(frozen=True)
class CascadePlan:
    """All stages.

    Attributes:
        stages: two or more, the cheapest first.
        max_s: seconds after which a later stage is not waited for; ``None``: no own bound.
        target: as which routes and answers name the cascade; its version is a hash of the rest.
    """

    stages: tuple[Stage, ...]
    max_s: Optional[float]
    target: Target


def cascade_of(config: ServiceConfig, served: Mapping[str, Sequence[str]]) -> Optional[CascadePlan]:
    """Find the bundles of the configuration's cascade; ``None`` when it has none.

    Args:
        config: of the service.
        served: by ranker, the versions of its bundles, that of ``model_config`` first.

    Raises:
        ConfigError: a stage names a bundle that is not served, or one that has scored already.
    """
    if config.cascade is None:
        return None
    stages: list[Stage] = []
    for number, stage in enumerate(config.cascade.stages):
        where = f"cascade.stages[{number}]"
        target = _target(stage, served, where)
        if target is not None and target in [one.target for one in stages]:
            raise ConfigError(
                f"{target.ranker} {target.bundle} has scored already; name another bundle",
                field=f"{where}.bundle",
            )
        stages.append(
            Stage(stage.ranker, target, stage.keep, stage.keep_share, stage.keep_at_least or 1)
        )
    max_ms = config.cascade.max_ms
    version = hashlib.blake2b(repr((stages, max_ms)).encode("utf-8"), digest_size=_VERSION_BYTES)
    return CascadePlan(
        tuple(stages),
        None if max_ms is None else max_ms / 1000.0,
        Target(CASCADE, version.hexdigest()),
    )


def named(
    served: Mapping[str, Sequence[str]], cascade: Optional[CascadePlan]
) -> dict[str, Sequence[str]]:
    """What requests and experiments may name: the bundles that are served, and the cascade."""
    if cascade is None:
        return dict(served)
    return {**served, CASCADE: [cascade.target.bundle]}


def _target(
    stage: StageConfig, served: Mapping[str, Sequence[str]], where: str
) -> Optional[Target]:
    if stage.ranker == BM25:
        return None
    return target_of(stage.ranker, stage.bundle, served[stage.ranker], where)
