# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a report is told: how to measure, how to decide, and what to alarm at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

CLICK_THROUGH, CLICKS, MRR, NDCG = "click_through", "clicks", "mrr", "ndcg"
GRADED_NDCG = "graded_ndcg"
METRICS = (CLICK_THROUGH, CLICKS, MRR, NDCG, GRADED_NDCG)
# kinds of interval that decide: for one look, or for any number of looks
FIXED, ALWAYS_VALID = "fixed", "sequential"
DELTA, BOOTSTRAP = "delta", "bootstrap"


@dataclass(frozen=True)
class Limits:
    """Where guardrails and checks alarm.

    Attributes:
        error_increase: share of requests.
        fallback_increase: share of answers.
        latency_increase: part of the control's p50, p95 and p99.
        crossed: share of units seen in more than one variant.
        damaged: share of lines.
        unknown_feedback: share of feedback of requests that no file holds; 1 never alarms.
    """

    error_increase: float = 0.01
    fallback_increase: float = 0.02
    latency_increase: float = 0.2
    crossed: float = 0.01
    damaged: float = 0.01
    unknown_feedback: float = 1.0


@dataclass(frozen=True)
class Settings:
    """How to measure and to decide.

    Attributes:
        experiment: its name; ``None`` takes the only one.
        mode: ``None`` takes the only one.
        since: seconds since 1970 of the first record taken.
        until: of the first record no longer taken.
        control: variant; ``None`` takes the first by name.
        weights: by variant; empty means equal ones.
        k: places that count for click metrics.
        primary: metric that decides in mode split.
        alpha: chance of a wrong decision.
        horizon: ``sequential`` or ``fixed``.
        expected_units: of two variants together, at which sequential intervals are narrowest.
        min_units: of each variant, before which nothing is decided.
        interval: ``delta`` or ``bootstrap``.
        resamples: of the bootstrap.
        seed: of the bootstrap.
        limits: of guardrails and checks.
    """

    experiment: Optional[str] = None
    mode: Optional[str] = None
    since: Optional[float] = None
    until: Optional[float] = None
    control: Optional[str] = None
    weights: Mapping[str, float] = field(default_factory=dict)
    k: int = 10
    primary: str = CLICK_THROUGH
    alpha: float = 0.05
    horizon: str = ALWAYS_VALID
    expected_units: float = 10_000
    min_units: int = 100
    interval: str = DELTA
    resamples: int = 1000
    seed: int = 0
    limits: Limits = field(default_factory=Limits)
