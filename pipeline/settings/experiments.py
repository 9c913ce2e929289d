# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml that say who gets which ranker, and what is recorded of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Optional

from contract.experiments.records import MODES, SPLIT
from contract.rankers import CASCADE, RANKERS
from pipeline.settings.key_types import (
    LIST,
    Count,
    Flag,
    Moment,
    Section,
    Share,
    Text,
    TextMap,
    choice,
    number,
    whole,
)

Ranker = Annotated[str, choice(*RANKERS, CASCADE)]
ALWAYS, INTERVAL, NEVER = "always", "interval", "never"


@dataclass(frozen=True)
class VariantConfig(Section):
    """experiments[i].variants[j]: who answers.

    Attributes:
        name: in answers, records and metrics.
        ranker: that answers.
        bundle: version of one of the ranker's bundles; left out, that of ``model_config``.
        weight: share of the units, relative to the other variants'.
    """

    name: Text = ""
    ranker: Ranker = ""
    bundle: Optional[Text] = None
    weight: Annotated[float, number(0, 1e6)] = 1.0


@dataclass(frozen=True)
class NamespaceConfig(Section):
    """experiments[i].namespace: the part of all units among which the experiment deals.

    Attributes:
        name: experiments of one name whose parts do not overlap share no unit.
        start: of the part, as a share of all units.
        end: of the part, as a share of all units.
    """

    name: Text = ""
    start: Share = 0.0
    end: Share = 1.0


@dataclass(frozen=True)
class HoldoutConfig(Section):
    """holdout: units that take part in no experiment.

    Attributes:
        salt: deals the units.
        share: of the units.
    """

    salt: Text = "holdout"
    share: Share = 0.0


@dataclass(frozen=True)
class ExperimentConfig(Section):
    """experiments[i]: who gets which ranker, for a part of the units.

    Attributes:
        name: in answers, records and metrics.
        salt: deals the units; left out, the name.
        mode: ``split``: each unit gets one variant. ``shadow``: the first variant answers, the
            second is scored too. ``interleave``: both orders in one answer.
        variants: what is compared; each unit gets one of them.
        coverage: share of the units that take part.
        start: not before that; in the file a date and time, here seconds since 1970.
        end: not from that on.
        namespace: left out, all units.
        allow_list: units that get a variant whatever their bucket.
        fallback: ranker that answers when the assigned one fails.
    """

    name: Text = ""
    salt: Text = ""
    mode: Annotated[str, choice(*MODES)] = SPLIT
    variants: Annotated[tuple[VariantConfig, ...], LIST] = ()
    coverage: Share = 1.0
    start: Optional[Moment] = None
    end: Optional[Moment] = None
    namespace: Optional[NamespaceConfig] = None
    allow_list: TextMap = field(default_factory=dict)
    fallback: Optional[Ranker] = None


@dataclass(frozen=True)
class ExposuresConfig(Section):
    """exposures: the log of what experiments showed, and of feedback.

    Attributes:
        directory: of the files; left out, nothing is recorded and feedback is refused.
        max_file_bytes: a file is ended before it grows over that.
        max_queue: records that wait for the disk; more are counted and dropped.
        max_queue_bytes: of memory that they may take; more are counted and dropped.
        fsync: ``always``: after each write; ``interval``: every ``fsync_interval_s``; ``never``.
        fsync_interval_s: seconds between two, with ``fsync: interval``.
        max_positions: places of an order that are recorded.
        keep_texts: record queries and titles too.
        shadow_threads: shadow requests scored side by side.
    """

    directory: Optional[Text] = None
    max_file_bytes: Annotated[int, whole(1024)] = 64 * 1024 * 1024
    max_queue: Count = 20_000
    max_queue_bytes: Annotated[int, whole(1024)] = 64 * 1024 * 1024
    fsync: Annotated[str, choice(ALWAYS, INTERVAL, NEVER)] = INTERVAL
    fsync_interval_s: Annotated[float, number(0.01, 3600)] = 1.0
    max_positions: Count = 50
    keep_texts: Flag = False
    shadow_threads: Annotated[int, whole(1, 16)] = 1
