# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks whether the data of an experiment can be trusted, and says what to do where not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from contract.errors import InvalidField
from experiments.analysis.findings import Check
from experiments.settings.report_settings import Limits
from experiments.statistics.delta_method import IntArray
from experiments.statistics.sample_ratio import SRM_P, mismatch_p


def shares_of(weights: Mapping[str, float], variants: Sequence[str]) -> dict[str, float]:
    """Expected share of each variant, also of one that no record has; equal without weights.

    Raises:
        InvalidField: a variant of the records has no weight.
    """
    chosen = dict(weights) or dict.fromkeys(variants, 1.0)
    unknown = [name for name in variants if name not in chosen]
    if unknown:
        raise InvalidField(
            f"has no {unknown[0]!r}; the records hold {', '.join(variants)}: "
            "give each of them its weight",
            field="--weights",
        )
    total = sum(chosen.values())
    return {name: weight / total for name, weight in chosen.items()}


def crossed_units(variant: IntArray, unit: IntArray, units: int) -> NDArray[np.bool_]:
    """Which units have requests in more than one variant."""
    lowest = np.full(units, np.iinfo(np.int64).max)
    highest = np.full(units, -1)
    np.minimum.at(lowest, unit, variant)
    np.maximum.at(highest, unit, variant)
    return np.asarray(lowest < highest)


def sample_ratio(observed: Mapping[str, int], shares: Mapping[str, float]) -> Check:
    """Whether units were split as configured.

    A. Fabijan and others: Diagnosing Sample Ratio Mismatch in Online Controlled Experiments, KDD
    2019.
    """
    p = mismatch_p([observed.get(name, 0) for name in shares], list(shares.values()))
    alarm = p < SRM_P
    seen = ", ".join(f"{name} {observed.get(name, 0):,}" for name in shares)
    wanted = ":".join(f"{100 * share:g}" for share in shares.values())
    says = f"units {seen}, expected {wanted}, p = {p:.3g}"
    if alarm:
        says += "; the split is not the one configured: name the weights with --weights, or look"
        says += " for records that one variant loses"
    return Check("sample_ratio", p, SRM_P, alarm, says)


def crossed(count: int, units: int, limits: Limits) -> Check:
    """Whether too many units saw more than one variant."""
    share = count / units if units else 0.0
    alarm = share > limits.crossed
    says = f"{count:,} of {units:,} units saw more than one variant and are left out"
    if alarm:
        says += "; was the salt or a weight changed? take one period with --since and --until"
    return Check("crossed_units", share, limits.crossed, alarm, says)


def damaged(counts: Mapping[str, int], where: str, limits: Limits) -> Check:
    """Whether too many lines are no records."""
    lines = counts["exposure_lines"] + counts["feedback_lines"]
    share = counts["damaged_lines"] / lines if lines else 0.0
    says = f"{counts['damaged_lines']:,} of {lines:,} lines are no records"
    if where:
        says += f", the first at {where}"
    return Check("damaged_lines", share, limits.damaged, share > limits.damaged, says)


def unknown_feedback(counts: Mapping[str, int], limits: Limits) -> Check:
    """Whether too much feedback belongs to requests that no file holds."""
    share = counts["unknown_feedback"] / counts["feedback"] if counts["feedback"] else 0.0
    says = f"{counts['unknown_feedback']:,} of {counts['feedback']:,} feedback records"
    says += " are of unknown requests"
    alarm = share > limits.unknown_feedback
    return Check("unknown_feedback", share, limits.unknown_feedback, alarm, says)


def enough(found: int, what: str) -> Check:
    """Whether there is anything to analyse."""
    says = f"{found:,} {what}" if found else f"there are no {what}"
    return Check("data", float(found), 1.0, not found, says)


def joined(counts: Mapping[str, int]) -> Check:
    """Whether any feedback belongs to the requests of the analysis, when there is feedback."""
    found = counts["requests_with_feedback"]
    lost = not found and counts["feedback"] > 0
    says = f"{found:,} of {counts['by_bucket']:,} requests have feedback"
    if lost:
        says += "; does the application send the request_id of the answer?"
    return Check("joined_feedback", float(found), 1.0, lost, says)
