# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The figures of a sensitivity study: as plain values for JSON, and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Optional

from experiments.power.methods import INTERLEAVING, METHODS, queries_needed
from experiments.power.queries_needed import LIMIT, POWER, Needed
from experiments.power.ranker_pairs import Duel
from experiments.readers.click_model import ClickModel


def figures(
    duel: Duel, clicks: Sequence[str], top_grade: int, drafts: int, runs: int, seed: int
) -> dict[str, Any]:
    """All that is printed, by click model and method.

    Args:
        duel: the two rankers.
        clicks: names of click models.
        top_grade: of the scale of labels.
        drafts: interleavings made of each list.
        runs: experiments simulated at each size.
        seed: of the drafts and of the experiments.
    """
    needed = {
        name: queries_needed(duel, ClickModel.named(name, top_grade), drafts, runs, seed)
        for name in clicks
    }
    return {
        "lists": duel.lists,
        "better": duel.better,
        "worse": duel.worse,
        "bundles": dict(duel.bundles),
        "ndcg_at_10": {duel.better: duel.better_ndcg, duel.worse: duel.worse_ndcg},
        "difference": list(duel.difference),
        "top_grade": top_grade,
        "seed": seed,
        "queries_needed": {
            model: {method: asdict(answer) for method, answer in by_method.items()}
            for model, by_method in needed.items()
        },
        "split_over_interleaving": {
            model: _split_over_interleaving(found) for model, found in needed.items()
        },
    }


def _split_over_interleaving(needed: dict[str, Needed]) -> Optional[float]:
    """Queries of the split's best metric over those of interleaving."""
    ours = needed[INTERLEAVING].queries
    theirs = [
        answer.queries
        for method, answer in needed.items()
        if method != INTERLEAVING and answer.queries is not None
    ]
    return min(theirs) / ours if ours and theirs else None


def table(found: dict[str, Any]) -> str:
    """The figures as text."""
    mean, low, high = found["difference"]
    ndcg = ", ".join(
        f"{name}{_version(found, name)} {value:.4f}" for name, value in found["ndcg_at_10"].items()
    )
    lines = [
        f"{found['lists']} lists; NDCG@10: {ndcg}; difference {mean:+.4f} [{low:+.4f}, {high:+.4f}]"
    ]
    if low <= 0.0:
        lines.append("these lists do not settle which of the two is better")
    lines.append(
        f"queries until {found['better']} is preferred, p < 0.05, power {POWER:.0%}, "
        f"top grade {found['top_grade']}:"
    )
    rows = [("clicks", *METHODS, "split / interleaving")]
    for model, by_method in found["queries_needed"].items():
        part = found["split_over_interleaving"][model]
        last = "-" if part is None else f"{part:.1f}"
        rows.append((model, *(_cell(Needed(**by_method[name])) for name in METHODS), last))
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines += ["  ".join(map(str.rjust, row, widths)).rstrip() for row in rows]
    return "\n".join(lines)


def _version(found: dict[str, Any], name: str) -> str:
    return f" ({found['bundles'][name]})" if name in found["bundles"] else ""


def _cell(needed: Needed) -> str:
    if needed.queries is not None:
        # simulation leaves an error of about 2 %
        return f"{int(float(f'{needed.queries:.3g}')):,}"
    return "wrong way" if needed.wrong_way else f"> {LIMIT:,}"
