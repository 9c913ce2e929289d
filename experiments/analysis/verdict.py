# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides from an analysis what to do: keep running, stop, or mend what is broken."""

from __future__ import annotations

from experiments.analysis.findings import (
    BROKEN,
    KEEP,
    STOP,
    Analysis,
    Difference,
    Verdict,
)
from experiments.settings.report_settings import Settings

EXIT = {KEEP: 0, STOP: 3, BROKEN: 4}


def decide(analysis: Analysis, settings: Settings) -> Verdict:
    """Broken data before all; then guardrails, then the primary metric; else keep."""
    broken = [f"{check.name}: {check.says}" for check in analysis.checks if check.alarm]
    if broken:
        return Verdict(BROKEN, broken)
    short = _short_of_units(analysis, settings)
    if short:
        return Verdict(KEEP, [short])
    breaches = _breaches(analysis, settings)
    established = [
        d
        for d in analysis.metrics
        if d.metric == analysis.primary
        and d.units >= settings.min_units
        and d.interval(settings.horizon).excludes(0.0)
    ]
    better = [d for d in established if d.difference > 0 and d.variant not in breaches]
    reasons = [*breaches.values(), *(_difference_said(d, settings) for d in established)]
    if not reasons:
        return Verdict(KEEP, [_undecided(analysis, settings)])
    best = max(better, key=lambda d: d.difference).variant if better else analysis.control
    return Verdict(STOP, reasons, best)


def _short_of_units(analysis: Analysis, settings: Settings) -> str:
    """Intervals are asymptotic, so that few units decide nothing."""
    fewest = min(analysis.variants, key=lambda row: row.units, default=None)
    if fewest is None or fewest.units >= settings.min_units:
        return ""
    return (
        f"variant {fewest.name!r} has {fewest.units:,} units; nothing is decided below "
        f"{settings.min_units:,} (--min_units)"
    )


def _breaches(analysis: Analysis, settings: Settings) -> dict[str, str]:
    """Sentences by variant, the first breach of each."""
    found: dict[str, str] = {}
    for rail in analysis.guardrails:
        if rail.breached(settings.horizon):
            assert rail.limit is not None
            says = (
                f"guardrail {rail.metric} of {rail.variant!r} is breached: "
                f"{rail.variant_value:.4g} against {rail.control_value:.4g} of {rail.control!r}, "
                f"above it by {rail.interval(settings.horizon).low:.4g} at least, "
                f"allowed {rail.limit:.4g}"
            )
            found.setdefault(rail.variant, says)
    for figure in analysis.agreement:
        interval = figure.fixed if settings.horizon == "fixed" else figure.always_valid
        if figure.limit is not None and interval.low > figure.limit:
            says = (
                f"guardrail {figure.name} of shadow {figure.shadow_variant!r} is breached: "
                f"{figure.mean:.4g}, allowed {figure.limit:.4g}"
            )
            found.setdefault(figure.shadow_variant, says)
    return found


def _difference_said(found: Difference, settings: Settings) -> str:
    interval = found.interval(settings.horizon)
    word = "better" if found.difference > 0 else "worse"
    return (
        f"{found.metric} of {found.variant!r} is {word} than that of {found.control!r} by "
        f"{abs(found.difference):.4g} ({interval.low:+.4g} to {interval.high:+.4g}, "
        f"p = {interval.p:.2g})"
    )


def _undecided(analysis: Analysis, settings: Settings) -> str:
    primary = [d for d in analysis.metrics if d.metric == analysis.primary]
    if not primary:
        return "no guardrail is breached"
    widest = max(d.interval(settings.horizon).high - d.difference for d in primary)
    return (
        f"no difference in {analysis.primary} is established and no guardrail is breached; "
        f"a difference above {widest:.4g} would have shown by now"
    )
