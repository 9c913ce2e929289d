# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What an analysis finds, as data: differences, checks, plots' values, and the verdict.

``as_json`` turns it into plain values with stable keys.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Optional

from experiments.settings.report_settings import FIXED
from experiments.statistics.histogram import Histogram
from experiments.statistics.intervals import Interval

KEEP, STOP, BROKEN = "keep", "stop", "broken"
# in mode interleave; a difference of two shares, of which nothing is a part
WIN_RATE = "win_rate"


@dataclass(frozen=True)
class VariantRow:
    """One variant.

    Attributes:
        name: of the variant.
        requests: in the analysis, errors included.
        units: that sent them.
        share_of_requests: of those of all variants.
        expected_share: of units, by the weights.
        share_of_units: of those of all variants.
        values: of each metric and guardrail.
    """

    name: str
    requests: int
    units: int
    share_of_requests: float
    share_of_units: float
    expected_share: float
    values: Mapping[str, float]


@dataclass(frozen=True)
class Difference:
    """A variant minus the control, in one metric.

    Attributes:
        metric: its name.
        variant: compared.
        control: compared with.
        variant_value: of the variant.
        control_value: of the control.
        difference: the first minus the second.
        standard_error: of the difference.
        units: of both.
        fixed: interval for one look.
        always_valid: interval for any number of looks.
        limit: what a guardrail may rise by; ``None`` for a metric that should rise.
    """

    metric: str
    variant: str
    control: str
    variant_value: float
    control_value: float
    difference: float
    standard_error: float
    units: int
    fixed: Interval
    always_valid: Interval
    limit: Optional[float] = None

    @property
    def relative(self) -> float:
        """The difference as a part of the control's value; ``nan`` where there is no such part."""
        if not self.control_value or self.metric == WIN_RATE:
            return math.nan
        return self.difference / self.control_value

    def interval(self, horizon: str) -> Interval:
        """The interval that decides, by the horizon of the settings."""
        return self.fixed if horizon == FIXED else self.always_valid

    def breached(self, horizon: str) -> bool:
        """Whether a guardrail certainly rises by more than its limit."""
        return self.limit is not None and bool(self.interval(horizon).low > self.limit)


@dataclass(frozen=True)
class Check:
    """Whether the data can be trusted, in one respect.

    Attributes:
        name: stable.
        value: measured.
        limit: beyond which it alarms.
        alarm: whether it does.
        says: one sentence, with what to do where it alarms.
    """

    name: str
    value: float
    limit: float
    alarm: bool
    says: str


@dataclass(frozen=True)
class SignTest:
    """Wins against losses, ties dropped.

    Attributes:
        by: ``request``, as if requests were independent, or ``unit``.
        wins: of the variant.
        losses: wins of the control.
        ties: dropped.
        p: two-sided, exact.
    """

    by: str
    wins: int
    losses: int
    ties: int
    p: float


@dataclass(frozen=True)
class Agreement:
    """One figure of a shadow beside what answered.

    Attributes:
        name: of the figure, as in the record.
        variant: that answered.
        shadow_variant: that was only scored.
        requests: compared.
        mean: over requests.
        fixed: interval for one look.
        always_valid: interval for any number of looks.
        limit: of a guardrail, else ``None``.
    """

    name: str
    variant: str
    shadow_variant: str
    requests: int
    mean: float
    fixed: Interval
    always_valid: Interval
    limit: Optional[float] = None


@dataclass(frozen=True)
class Look:
    """A difference as it stood at a time, from all records until then."""

    until: float
    variant: str
    metric: str
    units: int
    difference: float
    fixed: Interval
    always_valid: Interval


@dataclass(frozen=True)
class Verdict:
    """What to do: :data:`KEEP`, :data:`STOP` or :data:`BROKEN`, with reasons.

    Attributes:
        decision: one of the three.
        reasons: a sentence each.
        recommended: the variant to go on with, or empty.
    """

    decision: str
    reasons: Sequence[str]
    recommended: str = ""


@dataclass(frozen=True)
class Analysis:
    """All that is known of one experiment."""

    experiment: str
    mode: str
    control: str
    first_time: float
    last_time: float
    primary: str
    counts: Mapping[str, int]
    variants: Sequence[VariantRow] = ()
    metrics: Sequence[Difference] = ()
    guardrails: Sequence[Difference] = ()
    sign_tests: Sequence[SignTest] = ()
    agreement: Sequence[Agreement] = ()
    looks: Sequence[Look] = ()
    latency: Sequence[Histogram] = ()
    tau: Sequence[Histogram] = ()
    checks: Sequence[Check] = ()
    notes: Sequence[str] = field(default_factory=tuple)


def as_json(value: Any) -> Any:
    """Plain values; an interval is ``{low, high, p}``, ``null`` stands for no value."""
    if isinstance(value, Interval):
        return {name: as_json(part) for name, part in value._asdict().items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: as_json(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(part) for part in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
