# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows what was measured: a table for a terminal, and a JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Optional

from benchmarks.candidates import HTTP, IN_PROCESS, OURS, PEER, UPSTREAM
from benchmarks.measure import Outcome, Plan, Row, best_rates
from benchmarks.workload import SYNTHETIC, Workload

RESULTS = Path(__file__).resolve().parent / "results"

_CLIENTS_OF_SERVICE_SHARE = 4


@dataclass(frozen=True)
class Roofline:
    """What the machine could do at most.

    Attributes:
        gflops: measured, by precision.
        gflop_per_pair: of the workload, without padding.
    """

    gflops: Mapping[str, float] = field(default_factory=dict)
    gflop_per_pair: float = 0.0

    def pairs_per_s(self, precision: str) -> Optional[float]:
        """``None`` where it was not measured."""
        rate = self.gflops.get(precision)
        return rate / self.gflop_per_pair if rate and self.gflop_per_pair else None


@dataclass(frozen=True)
class Subject:
    """What was measured on: one bundle and one workload.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        shape: ``small``, ``medium``, or the directory of the bundles.
        bundle: version of the fp32 bundle.
        workload: in the order in which its calls are taken.
        tokens: of all its pairs.
    """

    ranker: str
    shape: str
    bundle: str
    workload: Workload
    tokens: int


def header(facts: Mapping[str, Any], subject: Subject, plan: Plan) -> str:
    """Where and on what: printed before anything is measured."""
    flags = [flag if there else f"no {flag}" for flag, there in facts["flags"].items()]
    packages = [f"{name} {version}" for name, version in facts["packages"].items()]
    workload = subject.workload
    lines = [
        f"{facts['date']}  commit {facts['commit']}",
        f"machine: {facts['cpu']}, {facts['cores']} cores, {', '.join(flags)}",
        f"load average at the start: {facts['load_average']}",
        f"python {facts['python']}, {', '.join(packages)}",
        f"{subject.shape} shape: {subject.ranker} bundle {subject.bundle}",
        f"workload: {workload.name}, sha256 {workload.sha256[:12]}, {len(workload.calls)} queries, "
        f"{workload.pairs} pairs, {subject.tokens / workload.pairs:.1f} tokens a pair",
        f"up to {plan.rounds} rounds and about {plan.budget_s:g} s a line, median shown; a slow "
        "system ranks the first queries only, in an order whose every start has the mean length",
    ]
    if workload.name == SYNTHETIC:
        lines.append("(no workload file is at hand, so the texts are made up: see --workload)")
    return "\n".join(lines)


def table(outcome: Outcome, roofline: Roofline) -> str:
    """A line for each system and number of clients, then what stands beside the table."""
    lines = [
        f"{'system':<28}{'clients':>8}{'pairs/s':>9}{'from-to':>13}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'roofline':>9}{'MB':>7}{'peak MB':>8}{'differs':>9}{'pairs':>9}"
    ]
    lines += [_line(row, outcome, roofline) for row in outcome.rows]
    lines += [f"left out: {left.system}: {left.reason}" for left in outcome.left_out]
    for precision, rate in roofline.gflops.items():
        lines.append(
            f"roofline {precision}: {rate:.0f} G operations/s over {roofline.gflop_per_pair:.2f} G "
            f"a pair = {roofline.pairs_per_s(precision):.1f} pairs/s"
        )
    for name, idle in outcome.idle.items():
        lines.append(
            f"1 document, idle, {name}: p50 {idle.p50_ms:.2f} ms, p99 {idle.p99_ms:.2f} ms"
        )
    if outcome.growth:
        name, growth = outcome.growth
        lines.append(
            f"cost by size, {name}: {growth.short_ms:.2f} ms a pair in calls of "
            f"{growth.short_documents} documents, {growth.long_ms:.2f} ms in one of "
            f"{growth.long_documents}: {growth.ratio:.2f}x"
        )
    lines += [f"{what}: {value}" for what, value in ratios(outcome, roofline)]
    return "\n".join(lines)


def _line(row: Row, outcome: Outcome, roofline: Roofline) -> str:
    rates, name = row.measured.pairs_per_s(), row.candidate.name
    spread = f"{min(rates):.1f}-{max(rates):.1f}"
    cells = [f"{ms:.0f}" if ms is not None else "" for ms in map(row.measured.latency_ms, (50, 99))]
    limit = roofline.pairs_per_s(row.candidate.precision)
    share = f"{row.pairs_per_s / limit:.0%}" if limit else ""
    resident, peak = outcome.memory_mb[name]
    passes = f"{row.measured.pairs}x{len(rates)}"
    return (
        f"{name:<28}{row.clients:>8}{row.pairs_per_s:>9.1f}{spread:>13}{cells[0]:>9}{cells[1]:>9}"
        f"{share:>9}{resident:>7.0f}{peak:>8.0f}{row.difference:>9.0e}{passes:>9}"
    )


def ratios(outcome: Outcome, roofline: Roofline) -> Iterator[tuple[str, str]]:
    """Ours by HTTP against each other system, against our engine in process, and the roofline."""
    best = best_rates(outcome.rows)
    others = {
        r.candidate.system: best[r.candidate.name]
        for r in outcome.rows
        if r.candidate.owner in (UPSTREAM, PEER)
    }
    at_four = {
        r.candidate.system: r.pairs_per_s
        for r in outcome.rows
        if r.candidate.way == HTTP and r.clients == _CLIENTS_OF_SERVICE_SHARE
    }
    precisions = {r.candidate.system: r.candidate.precision for r in outcome.rows}
    for name in {r.candidate.system: None for r in outcome.rows if r.candidate.owner == OURS}:
        by_http, inside = best.get(f"{name}, {HTTP}"), best.get(f"{name}, {IN_PROCESS}")
        if by_http and others:
            shown = ", ".join(f"{by_http / rate:.1f}x {other}" for other, rate in others.items())
            yield f"{name} by HTTP", shown
        limit = roofline.pairs_per_s(precisions[name])
        if inside and limit:
            yield f"{name} in process", f"{inside / limit:.0%} of the {precisions[name]} roofline"
        if inside and name in at_four:
            yield f"{name} by HTTP, 4 clients", f"{at_four[name] / inside:.0%} of in process"


def as_json(
    facts: Mapping[str, Any],
    subject: Subject,
    plan: Plan,
    outcome: Outcome,
    roofline: Roofline,
) -> dict[str, Any]:
    """Everything that the table shows, and every round."""
    workload = subject.workload
    return {
        **facts,
        "shape": subject.shape,
        "ranker": subject.ranker,
        "bundle": subject.bundle,
        "workload": {
            "name": workload.name,
            "sha256": workload.sha256,
            "queries": len(workload.calls),
            "pairs": workload.pairs,
            "tokens": subject.tokens,
        },
        "plan": asdict(plan),
        "roofline": asdict(roofline),
        "rows": [_row_json(row, outcome, roofline) for row in outcome.rows],
        "left_out": [asdict(left) for left in outcome.left_out],
        "idle": {name: asdict(idle) for name, idle in outcome.idle.items()},
        "growth": outcome.growth and {"system": outcome.growth[0], **asdict(outcome.growth[1])},
        "ratios": dict(ratios(outcome, roofline)),
    }


def _row_json(row: Row, outcome: Outcome, roofline: Roofline) -> dict[str, Any]:
    candidate, measured = row.candidate, row.measured
    resident, peak = outcome.memory_mb[candidate.name]
    return {
        "owner": candidate.owner,
        "system": candidate.system,
        "precision": candidate.precision,
        "way": candidate.way,
        "clients": row.clients,
        "pairs": measured.pairs,
        "pairs_per_s": measured.pairs_per_s(),
        "pairs_per_s_without_tokenizing": measured.pairs_per_s(tokenizing=False),
        "p50_ms": measured.latency_ms(50),
        "p99_ms": measured.latency_ms(99),
        "roofline_pairs_per_s": roofline.pairs_per_s(candidate.precision),
        "score_difference": row.difference,
        "memory_mb": resident,
        "peak_memory_mb": peak,
    }


def write_json(content: Mapping[str, Any], directory: Path) -> Path:
    """Write one report; the name holds date and commit."""
    directory.mkdir(parents=True, exist_ok=True)
    stamp = str(content["date"]).replace(":", "").split("+")[0]
    path = directory / f"{stamp}-{content['commit']}.json"
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
