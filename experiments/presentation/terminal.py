# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the report as plain text of at most 100 columns."""

from __future__ import annotations

import textwrap

from experiments.analysis.findings import Analysis, Verdict
from experiments.presentation.number_text import moment
from experiments.presentation.tables import Table, tables
from experiments.settings.report_settings import Settings

_COLUMNS = 100
_LONGEST_NAME = 40


def render(analysis: Analysis, verdict: Verdict, settings: Settings) -> str:
    """The whole report; the verdict last, where a terminal leaves the eye."""
    lines = [
        f"experiment {analysis.experiment or '-'}, mode {analysis.mode or '-'}, "
        f"{moment(analysis.first_time)} to {moment(analysis.last_time)} UTC",
        f"places 1 to {settings.k}, decided by {analysis.primary}, horizon {settings.horizon}, "
        f"intervals by unit ({settings.interval})",
    ]
    for table in tables(analysis, settings):
        lines += ["", *_table(table)]
    lines += ["", "checks"]
    for check in analysis.checks:
        lines += _wrapped(f"{'ALARM' if check.alarm else 'ok':<6}{check.name}: {check.says}", 8)
    for note in analysis.notes:
        lines += _wrapped(f"note: {note}", 8)
    lines += ["", verdict.decision.upper()]
    for reason in verdict.reasons:
        lines += _wrapped(reason, 2)
    if verdict.recommended:
        lines.append(f"  go on with {verdict.recommended}")
    return "\n".join(lines)


def _table(table: Table) -> list[str]:
    names = [row[0] for row in table.rows]
    width = min(max(map(len, names)), _LONGEST_NAME) if table.heading[-1] != "number" else 0
    width = width or max(map(len, names))
    widths = [
        max(len(row[i]) for row in (table.heading, *table.rows))
        for i in range(1, len(table.heading))
    ]
    lines = [table.title]
    for row in (table.heading, *table.rows):
        cells = "".join(f"  {cell:>{w}}" for cell, w in zip(row[1:], widths))
        lines.append(f"  {row[0][:width]:<{width}}{cells}"[:_COLUMNS].rstrip())
    return lines


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text,
        _COLUMNS,
        initial_indent="  ",
        subsequent_indent=" " * (indent + 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
