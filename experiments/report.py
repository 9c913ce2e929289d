# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which ranker wins: the service's records in; text, JSON and a page out, and an exit status.

Run as ``python -m experiments.report --exposures PATH --feedback PATH``; see ``--help``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Optional

from contract.errors import DataError, RankingError
from contract.experiments.records import INTERLEAVE, SHADOW
from experiments import interleaved, page, shadowed, split, terminal
from experiments.analysis import Analysis, Verdict, as_json
from experiments.options import make_parser, settings_of
from experiments.record_tables import Records, read
from experiments.settings import Settings
from experiments.verdict import EXIT, decide

_FORMAT = 1


def analyse(records: Records, settings: Settings) -> Analysis:
    """By the experiment's mode.

    Raises:
        RankingError: the settings do not fit the records.
    """
    by_mode = {INTERLEAVE: interleaved.analyse, SHADOW: shadowed.analyse}
    analysis = by_mode.get(records.mode, split.analyse)(records, settings)
    return replace(analysis, notes=_notes(records))


def _notes(records: Records) -> list[str]:
    if records.counts["feedback"] or records.mode == SHADOW:
        return []
    return ["there is no feedback, so only guardrails can decide"]


def _as_json(analysis: Analysis, verdict: Verdict, settings: Settings) -> Any:
    return {
        "format": _FORMAT,
        "verdict": as_json(verdict),
        "exit_status": EXIT[verdict.decision],
        "analysis": as_json(analysis),
        "settings": as_json(settings),
    }


def _write(path: Optional[Path], text: str) -> None:
    if path is None:
        return
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot be written ({error.strerror})", field=str(path)) from error


def run(options: argparse.Namespace) -> int:
    """Report with parsed options; return the exit status.

    Raises:
        RankingError: an input cannot be read, or an output not written.
    """
    settings = settings_of(options)
    analysis = analyse(read(options.exposures, options.feedback, settings), settings)
    verdict = decide(analysis, settings)
    figures = _as_json(analysis, verdict, settings)
    _write(options.json, json.dumps(figures, ensure_ascii=False, indent=2, allow_nan=False) + "\n")
    if options.html:
        _write(options.html, page.render(analysis, verdict, settings))
    print(terminal.render(analysis, verdict, settings))
    return EXIT[verdict.decision]


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Command line entry."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    try:
        return run(options)
    except RankingError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
