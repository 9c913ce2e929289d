# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells which ranker wins an experiment; the exit status says what to do.

Run as ``python -m experiments.report --exposures PATH --feedback PATH``; see ``--help``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Optional

from contract.errors import DataError, RankingError
from experiments.analysis.findings import Analysis, Verdict, as_json
from experiments.analysis.modes import analyse
from experiments.analysis.verdict import EXIT, decide
from experiments.presentation import page, terminal
from experiments.records.database import read
from experiments.settings.report_options import make_parser, settings_of
from experiments.settings.report_settings import Settings

_FORMAT = 1


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
