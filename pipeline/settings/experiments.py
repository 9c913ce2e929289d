# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml that say who gets which ranker, and what is recorded of it.

pipeline.routing.plan makes a plan of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

from contract.experiments.records import MODES, SPLIT
from contract.rankers import RANKERS
from pipeline.settings.strict_yaml import (
    checked_by,
    choice,
    flag,
    fraction,
    items,
    key,
    moment,
    seconds,
    section,
    text,
    text_map,
    whole,
)

ALWAYS, INTERVAL, NEVER = "always", "interval", "never"


@dataclass(frozen=True)
class VariantConfig:
    """experiments[i].variants[j].

    Attributes:
        bundle: version of one of the ranker's bundles; left out, that of ``model_config``.
        weight: share of the units, relative to the other variants'.
    """

    name: str = key(text, "")
    ranker: str = key(choice(*RANKERS), "")
    bundle: Optional[str] = key(text)
    weight: float = key(seconds(0, 1e6), 1.0)


@dataclass(frozen=True)
class NamespaceConfig:
    """experiments[i].namespace: the part of all units among which the experiment deals."""

    name: str = key(text, "")
    start: float = key(fraction, 0.0)
    end: float = key(fraction, 1.0)


@dataclass(frozen=True)
class HoldoutConfig:
    """holdout: units that take part in no experiment."""

    salt: str = key(text, "holdout")
    share: float = key(fraction, 0.0)


@dataclass(frozen=True)
class ExperimentConfig:
    """experiments[i].

    Attributes:
        salt: deals the units; left out, the name.
        mode: ``split``: each unit gets one variant. ``shadow``: the first variant answers, the
            second is scored too. ``interleave``: both orders in one answer.
        coverage: share of the units that take part.
        start: not before that, seconds since 1970.
        end: not from that on.
        allow_list: units that get a variant whatever their bucket.
        fallback: ranker that answers when the assigned one fails.
    """

    name: str = key(text, "")
    salt: str = key(text, "")
    mode: str = key(choice(*MODES), SPLIT)
    variants: tuple[VariantConfig, ...] = key(items(VariantConfig), ())
    coverage: float = key(fraction, 1.0)
    start: Optional[float] = key(moment)
    end: Optional[float] = key(moment)
    namespace: Optional[NamespaceConfig] = field(
        default=None, metadata=checked_by(section(NamespaceConfig))
    )
    allow_list: Mapping[str, str] = field(default_factory=dict, metadata=checked_by(text_map))
    fallback: Optional[str] = key(choice(*RANKERS))


@dataclass(frozen=True)
class ExposuresConfig:
    """exposures: the log of what experiments showed, and of feedback.

    Attributes:
        directory: of the files; left out, nothing is recorded and feedback is refused.
        max_file_bytes: a file is ended before it grows over that.
        max_queue: records that wait for the disk; more are counted and dropped.
        max_queue_bytes: of memory that they may take; more are counted and dropped.
        fsync: ``always``: after each write; ``interval``: every ``fsync_interval_s``; ``never``.
        max_positions: places of an order that are recorded.
        keep_texts: record queries and titles too.
        shadow_threads: shadow requests scored side by side.
    """

    directory: Optional[str] = key(text)
    max_file_bytes: int = key(whole(1024), 64 * 1024 * 1024)
    max_queue: int = key(whole(1), 20_000)
    max_queue_bytes: int = key(whole(1024), 64 * 1024 * 1024)
    fsync: str = key(choice(ALWAYS, INTERVAL, NEVER), INTERVAL)
    fsync_interval_s: float = key(seconds(0.01, 3600), 1.0)
    max_positions: int = key(whole(1), 50)
    keep_texts: bool = key(flag, False)
    shadow_threads: int = key(whole(1, 16), 1)
