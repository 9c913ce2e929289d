# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Collects answers and failures of a replay, and sums them up by variant, as text or JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

# of an answer that took part in no experiment
NO_VARIANT = "(none)"


@dataclass
class VariantFigures:
    """What one variant answered.

    Attributes:
        latencies_ms: from when each request was due.
        clicks: of all readers.
        clicked: requests with a click.
        ndcg: NDCG@10 of each order that was shown, by the true grades.
        rankers: answers by ranker and bundle.
        team_wins: of interleaved answers, by team; ties are under an empty name.
    """

    latencies_ms: list[float] = field(default_factory=list)
    clicks: int = 0
    clicked: int = 0
    ndcg: list[float] = field(default_factory=list)
    rankers: Counter[str] = field(default_factory=Counter)
    team_wins: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """The figures a program reads."""
        answered = len(self.latencies_ms)
        return {
            "answers": answered,
            "p50_ms": percentile(self.latencies_ms, 50),
            "p99_ms": percentile(self.latencies_ms, 99),
            "clicks": self.clicks,
            "answers_clicked": self.clicked,
            "ndcg_at_10": float(np.mean(self.ndcg)),
            "rankers": dict(self.rankers),
            "team_wins": dict(self.team_wins),
        }


class ReplaySummary:
    """Collects while the replay runs."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.variants: dict[tuple[str, str], VariantFigures] = {}
        self.failures: Counter[str] = Counter()
        self.feedback_failures: Counter[str] = Counter()
        # the first message of each kind
        self.messages: dict[str, str] = {}

    def variant(self, experiment: str, variant: str) -> VariantFigures:
        """The figures of one variant, to add to."""
        key = (experiment or NO_VARIANT, variant or NO_VARIANT)
        return self.variants.setdefault(key, VariantFigures())

    def failed(self, kind: str, message: str, *, feedback: bool = False) -> None:
        """Count a call without an answer."""
        (self.feedback_failures if feedback else self.failures)[kind] += 1
        self.messages.setdefault(kind, message)

    @property
    def answers(self) -> int:
        """Requests answered."""
        return sum(len(figures.latencies_ms) for figures in self.variants.values())

    def as_json(self, seconds: float, lateness_s: Sequence[float], unfinished: int) -> Any:
        """Everything, for a program.

        Args:
            seconds: the replay took.
            lateness_s: for each request started, how long after it was due.
            unfinished: requests given up.
        """
        late = [1000 * value for value in lateness_s]
        return {
            "requests": len(late),
            "seconds": round(seconds, 3),
            "late_ms": {f"p{q}": percentile(late, q) for q in (50, 99, 100)},
            "errors": dict(self.failures),
            "feedback_errors": dict(self.feedback_failures),
            "messages": self.messages,
            "unfinished": unfinished,
            "variants": [
                {"experiment": experiment, "variant": variant, **figures.as_json()}
                for (experiment, variant), figures in sorted(self.variants.items())
            ],
        }


def percentile(values: Sequence[float], q: int) -> float:
    """A percentile, to three decimals; 0 when there are no values."""
    return round(float(np.percentile(values, q)), 3) if len(values) else 0.0


def as_text(found: Any) -> str:
    """:meth:`ReplaySummary.as_json` for a reader."""
    late = found["late_ms"]
    errors = sum(found["errors"].values())
    lines = [
        f"{found['requests']} requests in {found['seconds']:.1f} s, {errors} errors, started late "
        f"by p50 {late['p50']:.1f}, p99 {late['p99']:.1f}, most {late['p100']:.1f} ms"
    ]
    for name, title in (("errors", "error"), ("feedback_errors", "feedback error")):
        for kind, count in sorted(found[name].items()):
            lines.append(f"{title}: {count} x {kind}: {found['messages'][kind]:.200}")
    if found["unfinished"]:
        lines.append(f"{found['unfinished']} requests given up unanswered")
    if found["variants"]:
        lines.append(_table(found["variants"]))
    for row in found["variants"]:
        if row["team_wins"]:
            wins = ", ".join(f"{k or 'tied'} {n}" for k, n in sorted(row["team_wins"].items()))
            lines.append(f"{row['experiment']}: queries won by clicks: {wins}")
    return "\n".join(lines)


def _table(variants: Sequence[Any]) -> str:
    rows = [
        ("experiment", "variant", "answers", "p50 ms", "p99 ms", "clicks", "clicked", "NDCG@10")
    ]
    rows += [
        (
            row["experiment"],
            row["variant"],
            str(row["answers"]),
            f"{row['p50_ms']:.1f}",
            f"{row['p99_ms']:.1f}",
            str(row["clicks"]),
            f"{row['answers_clicked'] / row['answers']:.1%}",
            f"{row['ndcg_at_10']:.4f}",
        )
        for row in variants
    ]
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
