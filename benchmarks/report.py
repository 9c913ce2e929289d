# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measurements in, text for a terminal and a JSON file out. Called by benchmarks.run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Optional

from benchmarks.rounds import Measured
from benchmarks.workload import SYNTHETIC, Workload

RESULTS = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class RankerReport:
    """One bundle's measurements.

    Attributes:
        ranker: ``pairwise`` or ``cross_encoder``.
        bundle: its version.
        precision: of its weights.
        tokens: of all rows of the workload, cut to the bundle's length.
        difference: largest difference of any two systems' scores.
        systems: by name, in the order of the table.
    """

    ranker: str
    bundle: str
    precision: str
    tokens: int
    difference: float
    systems: Mapping[str, Measured]


@dataclass(frozen=True)
class ServiceReport:
    """What the service took.

    Attributes:
        first_answer_s: from the start of Python to the first answer over HTTP.
        memory_mb: resident after all rounds, over all its processes.
        peak_memory_mb: at its highest.
    """

    first_answer_s: float
    memory_mb: float
    peak_memory_mb: float


def header(facts: Mapping[str, Any], workload: Workload, rounds: int) -> str:
    """Where and on what: printed before anything is measured."""
    flags = [flag if there else f"no {flag}" for flag, there in facts["flags"].items()]
    packages = [f"{name} {version}" for name, version in facts["packages"].items()]
    lines = [
        f"{facts['date']}  commit {facts['commit']}",
        f"machine: {facts['cpu']}, {facts['cores']} cores, {', '.join(flags)}",
        f"load average at the start: {facts['load_average']}",
        f"python {facts['python']}, {', '.join(packages)}",
        f"workload: {workload.name}, sha256 {workload.sha256[:12]}, "
        f"{len(workload.calls)} queries, {workload.pairs} pairs; {rounds} rounds, median shown",
    ]
    if workload.name == SYNTHETIC:
        lines.append("(no workload file is at hand, so the texts are made up: see --workload)")
    return "\n".join(lines)


def table(report: RankerReport, workload: Workload) -> str:
    """One bundle's systems, a line for each."""
    lines = [
        f"{report.ranker} (bundle {report.bundle}, {report.precision}), "
        f"{report.tokens / workload.pairs:.1f} tokens a pair; "
        f"scores of all systems within {report.difference:.1e}",
        f"{'system':<44}{'pairs/s':>9}{'from-to':>16}{'p50 ms':>9}{'p99 ms':>9}",
    ]
    for name, measured in report.systems.items():
        rates = measured.pairs_per_s(workload.pairs)
        latencies = (measured.latency_ms(50), measured.latency_ms(99))
        lines.append(_line(name, rates, *latencies))
        without = measured.pairs_per_s(workload.pairs, tokenizing=False)
        if without:
            lines.append(_line("    without tokenizing", without, None, None))
    return "\n".join(lines)


def _line(name: str, rates: list[float], p50: Optional[float], p99: Optional[float]) -> str:
    spread = f"{min(rates):.0f}-{max(rates):.0f}"
    cells = ["" if ms is None else f"{ms:.1f}" for ms in (p50, p99)]
    return f"{name:<44}{median(rates):>9.1f}{spread:>16}{cells[0]:>9}{cells[1]:>9}"


def footer(service: ServiceReport) -> str:
    """What the service took."""
    return (
        f"service: first answer {service.first_answer_s:.1f} s after its start, "
        f"{service.memory_mb:.0f} MB resident with all bundles, "
        f"{service.peak_memory_mb:.0f} MB at its peak"
    )


def as_json(
    facts: Mapping[str, Any],
    workload: Workload,
    rankers: list[RankerReport],
    service: ServiceReport,
) -> dict[str, Any]:
    """Everything that the tables show, and every round."""
    return {
        **facts,
        "workload": {
            "name": workload.name,
            "sha256": workload.sha256,
            "queries": len(workload.calls),
            "pairs": workload.pairs,
        },
        "service": vars(service),
        "rankers": [_ranker_json(report, workload) for report in rankers],
    }


def _ranker_json(report: RankerReport, workload: Workload) -> dict[str, Any]:
    systems = {
        name: {
            "pairs_per_s": measured.pairs_per_s(workload.pairs),
            "pairs_per_s_without_tokenizing": measured.pairs_per_s(
                workload.pairs, tokenizing=False
            ),
            "p50_ms": measured.latency_ms(50),
            "p99_ms": measured.latency_ms(99),
        }
        for name, measured in report.systems.items()
    }
    return {**vars(report), "systems": systems}


def write_json(content: Mapping[str, Any], directory: Path) -> Path:
    """Write one report; the name holds date and commit."""
    directory.mkdir(parents=True, exist_ok=True)
    stamp = str(content["date"]).replace(":", "").split("+")[0]
    path = directory / f"{stamp}-{content['commit']}.json"
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
