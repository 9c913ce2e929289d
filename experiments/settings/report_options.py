# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of ``python -m experiments.report``, and the settings that they make."""

from __future__ import annotations

import argparse
import math
from datetime import datetime, timezone
from pathlib import Path

from contract.experiments.records import MODES
from experiments.settings.report_settings import (
    ALWAYS_VALID,
    BOOTSTRAP,
    DELTA,
    FIXED,
    METRICS,
    Limits,
    Settings,
)

_EPILOG = """\
exit status:
  0  keep the experiment running: no decision yet
  3  stop it: a difference in --metric is established, or a guardrail is breached; the last lines
     say which, and with which variant to go on
  4  broken, do not read the figures: units were not split as configured, too many saw more than
     one variant, too many lines are damaged, or there is nothing to analyse
  2  wrong usage or an input that cannot be read; one line on stderr says what to do

Look as often as you like: --horizon sequential decides by intervals that hold at every look. Set
--expected_units, --metric and the limits before the first look, and leave them.
"""


def make_parser() -> argparse.ArgumentParser:
    """All options, with their defaults from the settings."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.report",
        description="Read what the service recorded of an experiment, and say which ranker wins.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add(
        "--exposures",
        nargs="+",
        required=True,
        metavar="PATH",
        help="files, patterns or folders of exposures-*.jsonl (or .parquet)",
    )
    add(
        "--feedback",
        nargs="+",
        default=[],
        metavar="PATH",
        help="the same of feedback-*.jsonl; may be the same folder",
    )
    add("--json", type=Path, metavar="OUT", help="write all figures as JSON")
    add("--html", type=Path, metavar="OUT", help="write a page with plots, in one file")
    add("--experiment", help="name, where the records hold several")
    add("--mode", choices=MODES, help="where the experiment has run in several")
    add("--since", type=_time, metavar="TIME", help="from then on, such as 2026-09-01 (UTC)")
    add("--until", type=_time, metavar="TIME", help="until then, itself left out")
    _add_measures(parser)
    _add_limits(parser)
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    """Bind parsed options."""
    names = Limits.__dataclass_fields__
    limits = Limits(**{name: getattr(options, f"max_{name}") for name in names})
    return Settings(
        options.experiment,
        options.mode,
        options.since,
        options.until,
        options.control,
        options.weights,
        options.k,
        options.metric,
        options.alpha,
        options.horizon,
        options.expected_units,
        options.min_units,
        options.interval,
        options.resamples,
        options.seed,
        limits,
    )


def _add_measures(parser: argparse.ArgumentParser) -> None:
    add, plain = parser.add_argument, Settings()
    add("--control", help="variant to compare the others with (default: the first by name)")
    add(
        "--weights",
        type=_weights,
        default={},
        metavar="a=50,b=50",
        help="of the configuration, for the check of the split (default: equal)",
    )
    add("--k", type=_count, default=plain.k, help="places that count [%(default)s]")
    add(
        "--metric",
        choices=METRICS,
        default=plain.primary,
        help="decides in mode split [%(default)s]",
    )
    add(
        "--alpha",
        type=_inner_share,
        default=plain.alpha,
        help="chance of calling a difference that is none, shared by all variants [%(default)s]",
    )
    add(
        "--horizon",
        choices=(ALWAYS_VALID, FIXED),
        default=plain.horizon,
        help="fixed only for one look at a number of units set in advance [%(default)s]",
    )
    add(
        "--expected_units",
        type=_positive,
        default=plain.expected_units,
        help="of two variants together, at which sequential intervals are narrowest; "
        "they hold at any number [10000]",
    )
    add(
        "--min_units",
        type=_count,
        default=plain.min_units,
        help="of each variant, below which nothing is decided [%(default)s]",
    )
    add("--interval", choices=(DELTA, BOOTSTRAP), default=DELTA, help="[%(default)s]")
    add("--resamples", type=_count, default=plain.resamples, help="of the bootstrap [%(default)s]")
    add("--seed", type=_count_or_zero, default=plain.seed, help="of the bootstrap [%(default)s]")


def _add_limits(parser: argparse.ArgumentParser) -> None:
    limits = Limits()
    says = {
        "error_increase": "guardrail: rise of the share of errors",
        "fallback_increase": "guardrail: rise of the share of answers by another than assigned",
        "latency_increase": "guardrail: rise of p50, p95 and p99, as a part of the control's",
        "crossed": "broken: share of units in more than one variant",
        "damaged": "broken: share of lines that are no records",
        "unknown_feedback": "broken: share of feedback of requests that no file holds; 1 never is",
    }
    for name, text in says.items():
        parser.add_argument(
            f"--max_{name}",
            type=_not_negative,
            default=getattr(limits, name),
            metavar="SHARE",
            help=f"{text} [%(default)s]",
        )


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {value}")
    return value


def _count_or_zero(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {value}")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not (value > 0 and math.isfinite(value)):
        raise argparse.ArgumentTypeError(f"must be above 0, got {text}")
    return value


def _not_negative(text: str) -> float:
    value = float(text)
    if not value >= 0:
        raise argparse.ArgumentTypeError(f"must be 0 or more, got {text}")
    return value


def _inner_share(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got {text}")
    return value


def _time(text: str) -> float:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time like 2026-09-01T12:00") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()


def _weights(text: str) -> dict[str, float]:
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, separator, number = part.rpartition("=")
        try:
            weights[name.strip()] = float(number)
        except ValueError:
            separator = ""
        if not separator or not name.strip():
            raise argparse.ArgumentTypeError(f"{part!r} is not like a=50")
    if not all(math.isfinite(w) and w >= 0 for w in weights.values()) or not sum(weights.values()):
        raise argparse.ArgumentTypeError("must be 0 or more, and one of them above 0")
    return weights
