# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of a report as rows of text, the same for a terminal and a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from experiments.analysis.findings import Analysis, Difference
from experiments.presentation.number_text import figure, interval, p_value, percent, signed
from experiments.settings.report_settings import Settings

_COUNTS = {
    "exposure_lines": "lines of exposures and shadows",
    "feedback_lines": "lines of feedback",
    "damaged_lines": "of these no records, skipped",
    "requests": "requests of the experiment",
    "comparisons": "shadow comparisons",
    "by_allow_list": "of these by an allow list, left out",
    "requests_with_feedback": "requests with feedback",
    "duplicate_shown": "exposures whose request id had come before, left out",
    "duplicate_shadowed": "shadow comparisons that had come before, left out",
    "unknown_feedback": "feedback records of unknown requests, left out",
    "clicks_outside": "clicks on documents that were not shown, left out",
}


class Table(NamedTuple):
    """A title, a heading for each column, and rows of as many cells; the first is a name."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(analysis: Analysis, settings: Settings) -> list[Table]:
    """The tables of an analysis that have rows, in the order of the report."""
    found = [_variants(analysis), *_differences(analysis, settings)]
    found += [_sign_tests(analysis), _agreement(analysis, settings), _counts(analysis)]
    return [table for table in found if table.rows]


def _variants(analysis: Analysis) -> Table:
    rows = analysis.variants
    lines = [
        ["requests", *(f"{row.requests:,}" for row in rows)],
        ["share of requests", *(percent(row.share_of_requests) for row in rows)],
        ["units", *(f"{row.units:,}" for row in rows)],
        ["share of units", *(percent(row.share_of_units) for row in rows)],
        ["expected share", *(percent(row.expected_share) for row in rows)],
    ]
    for name in rows[0].values if rows else ():
        cells = [figure(row.values[name], name) for row in rows]
        if any(cell != "-" for cell in cells):
            lines.append([name, *cells])
    return Table("variants", ["", *(row.name for row in rows)], lines if rows else [])


def _differences(analysis: Analysis, settings: Settings) -> list[Table]:
    variants = list(dict.fromkeys(d.variant for d in [*analysis.metrics, *analysis.guardrails]))
    level = f"{100 * (1 - settings.alpha / max(len(variants), 1)):.4g}%"
    heading = ["", "difference", "relative", f"{level} any look", "p", f"{level} one look", "p"]
    found = []
    for variant in variants:
        for title, all_ in (("metrics", analysis.metrics), ("guardrails", analysis.guardrails)):
            rows = [_difference(d) for d in all_ if d.variant == variant]
            found.append(Table(f"{title}: {variant} minus {analysis.control}", heading, rows))
    return found


def _difference(d: Difference) -> list[str]:
    return [
        d.metric,
        signed(d.difference, d.metric),
        percent(d.relative, sign=True),
        interval(d.always_valid, d.metric),
        p_value(d.always_valid.p),
        interval(d.fixed, d.metric),
        p_value(d.fixed.p),
    ]


def _sign_tests(analysis: Analysis) -> Table:
    variant = analysis.metrics[0].variant if analysis.metrics else ""
    heading = ["", f"won by {variant}", f"won by {analysis.control}", "ties", "p"]
    rows = [
        [f"by {test.by}", f"{test.wins:,}", f"{test.losses:,}", f"{test.ties:,}", p_value(test.p)]
        for test in analysis.sign_tests
    ]
    return Table("sign tests (by request: as if requests were independent)", heading, rows)


def _agreement(analysis: Analysis, settings: Settings) -> Table:
    level = f"{100 * (1 - settings.alpha):.4g}%"
    rows = [
        [
            f"{a.shadow_variant}: {a.name}",
            f"{a.requests:,}",
            figure(a.mean, a.name),
            interval(a.always_valid, a.name),
            interval(a.fixed, a.name),
        ]
        for a in analysis.agreement
    ]
    heading = ["", "requests", "mean", f"{level} any look", f"{level} one look"]
    return Table(f"shadow beside {analysis.control}", heading, rows)


def _counts(analysis: Analysis) -> Table:
    rows = [
        [says, f"{analysis.counts[name]:,}"]
        for name, says in _COUNTS.items()
        if name in analysis.counts
    ]
    return Table("records", ["", "number"], rows)
