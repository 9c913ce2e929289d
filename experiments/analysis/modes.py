# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Analyses the records of an experiment, in the way of the mode it ran in."""

from __future__ import annotations

from dataclasses import replace

from contract.experiments.records import INTERLEAVE, SHADOW
from experiments.analysis import interleave, shadow, split
from experiments.analysis.findings import Analysis
from experiments.records.database import Records
from experiments.settings.report_settings import Settings


def analyse(records: Records, settings: Settings) -> Analysis:
    """Analyse records by the experiment's mode; an unknown mode is taken for a split.

    Raises:
        RankingError: the settings do not fit the records.
    """
    by_mode = {INTERLEAVE: interleave.analyse, SHADOW: shadow.analyse}
    analysis = by_mode.get(records.mode, split.analyse)(records, settings)
    return replace(analysis, notes=_notes(records))


def _notes(records: Records) -> list[str]:
    if records.counts["feedback"] or records.mode == SHADOW:
        return []
    return ["there is no feedback, so only guardrails can decide"]
