# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches the measured requests of an experiment as numpy arrays, an entry a request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from contract.experiments.records import BY_BUCKET, INTERLEAVE
from experiments.settings.report_settings import METRICS
from experiments.statistics.delta_method import FloatArray, IntArray

# of a shadow comparison, as in its record
AGREEMENT_FIGURES = (
    "kendall_tau",
    "top1_same",
    "top10_overlap",
    "score_difference",
    "score_distance",
)


@dataclass(frozen=True)
class Requests:
    """The requests of an analysis, an entry each.

    Attributes:
        variants: names, in alphabetical order.
        variant: number of the variant in it.
        unit: number of the unit, from 0.
        units: how many there are.
        time: of the answer, seconds since 1970.
        error: whether it was refused.
        fallback: whether another than assigned answered.
        latency_ms: of the answer.
        metrics: by name; ``nan`` where a request is no part of a metric.
        votes: in mode interleave, clicks on documents of each team, by the team's name.
    """

    variants: Sequence[str]
    variant: IntArray
    unit: IntArray
    units: int
    time: FloatArray
    error: NDArray[np.bool_]
    fallback: NDArray[np.bool_]
    latency_ms: FloatArray
    metrics: dict[str, FloatArray]
    votes: dict[str, IntArray]


@dataclass(frozen=True)
class Comparisons:
    """The shadow comparisons of one pair of variants.

    ``figures`` holds scored ones only, and none that a cascade answered without all its stages:
    ``incomplete`` tells these. Figures of scores are ``nan`` where a cascade is compared.
    """

    variant: str
    shadow_variant: str
    unit: IntArray
    units: int
    error: NDArray[np.bool_]
    incomplete: NDArray[np.bool_]
    figures: dict[str, FloatArray]


def fetch_requests(
    database: duckdb.DuckDBPyConnection, mode: str, *, has_feedback: bool
) -> Requests:
    """The requests whose unit has its variant by its bucket, in order of time.

    Args:
        database: with the table ``shown``.
        mode: of the experiment.
        has_feedback: whether there is any; without it, click metrics are not known to be 0.
    """
    chosen = f"FROM shown WHERE reason = '{BY_BUCKET}'"
    variants = [
        str(row[0])
        for row in database.execute(f"SELECT DISTINCT variant {chosen} ORDER BY 1").fetchall()
    ]
    teams: list[str] = []
    if mode == INTERLEAVE:
        query = f"SELECT DISTINCT unnest(teams) {chosen} ORDER BY 1"
        teams = [str(row[0]) for row in database.execute(query).fetchall() if row[0]]
    votes = "".join(
        f", len(list_filter(voted, lambda t: t = {_text(team)})) AS votes_{i}"
        for i, team in enumerate(teams)
    )
    columns = database.execute(
        f"SELECT list_position(?, variant) - 1 AS variant, hash(unit) AS unit, time, "
        f"err_no <> 0 AS error, fallback, latency_ms, {', '.join(METRICS)}{votes} {chosen} "
        "ORDER BY time",
        [variants],
    ).fetchnumpy()
    names, unit = np.unique(np.asarray(columns["unit"]), return_inverse=True)
    error = _filled(columns["error"]).astype(bool)
    unknown = error if has_feedback else np.ones(len(error), bool)
    return Requests(
        variants,
        _filled(columns["variant"]).astype(np.int64),
        unit.astype(np.int64),
        len(names),
        _filled(columns["time"]),
        error,
        _filled(columns["fallback"]).astype(bool),
        _filled(columns["latency_ms"]),
        {name: np.where(unknown, np.nan, _filled(columns[name])) for name in METRICS},
        {team: _filled(columns[f"votes_{i}"]).astype(np.int64) for i, team in enumerate(teams)},
    )


def fetch_comparisons(database: duckdb.DuckDBPyConnection) -> list[Comparisons]:
    """By pair of variants; a comparison without its exposure is a unit of its own."""
    pairs = database.execute("SELECT DISTINCT variant, shadow_variant FROM shadowed ORDER BY ALL")
    found = []
    for variant, shadow_variant in pairs.fetchall():
        columns = database.execute(
            f"SELECT hash(coalesce(shown.unit, shadowed.request_id)) AS unit, "
            f"shadowed.err_no <> 0 AS error, coalesce(shadowed.incomplete, 0) <> 0 AS incomplete, "
            f"{', '.join(f'shadowed.{name} AS {name}' for name in AGREEMENT_FIGURES)} "
            "FROM shadowed LEFT JOIN shown USING (request_id) "
            f"WHERE shadowed.variant = ? AND shadowed.shadow_variant = ? "
            f"AND coalesce(shown.reason, '{BY_BUCKET}') = '{BY_BUCKET}' ORDER BY shadowed.time",
            [variant, shadow_variant],
        ).fetchnumpy()
        names, unit = np.unique(np.asarray(columns["unit"]), return_inverse=True)
        error = _filled(columns["error"]).astype(bool)
        incomplete = _filled(columns["incomplete"]).astype(bool)
        unknown = error | incomplete
        figures = {
            name: np.where(unknown, np.nan, _filled(columns[name])) for name in AGREEMENT_FIGURES
        }
        unit = unit.astype(np.int64)
        found.append(
            Comparisons(variant, shadow_variant, unit, len(names), error, incomplete, figures)
        )
    return found


def _filled(column: Any) -> FloatArray:
    """Numbers, ``nan`` for null."""
    values = np.array(column, dtype=np.float64)
    if isinstance(column, np.ma.MaskedArray):
        values[np.broadcast_to(column.mask, values.shape)] = np.nan
    return values


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
