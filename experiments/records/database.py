# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the records of one experiment: its requests as arrays, and counts of everything else.

DuckDB reads, joins feedback to requests and measures each request; what reaches Python is a few
numbers a request. Its memory has a limit, beyond which it uses a temporary folder.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import duckdb

from contract.errors import DataError
from contract.experiments.records import (
    BY_BUCKET,
    BY_LIST,
    EXPOSURES_FILE,
    FEEDBACK_FILE,
    INTERLEAVE,
    SHADOW,
)
from experiments.records import click_metrics
from experiments.records.files import find_files, first_damage, make_view
from experiments.records.request_arrays import (
    AGREEMENT_FIGURES,
    Comparisons,
    Requests,
    fetch_comparisons,
    fetch_requests,
)
from experiments.settings.report_settings import METRICS, Settings

_MEMORY = "512MB"
# a time that a calendar has
_NAMED = "time BETWEEN 0 AND 1e11 AND request_id <> ''"
_GOOD = {
    "exposure": (
        f"kind = 'exposure' AND {_NAMED} AND experiment IS NOT NULL "
        "AND variant <> '' AND unit IS NOT NULL AND mode IS NOT NULL AND reason IS NOT NULL "
        'AND err_no IS NOT NULL AND (err_no <> 0 OR len("order") = list_count("order"))'
    ),
    "shadow": (
        f"kind = 'shadow' AND {_NAMED} AND experiment IS NOT NULL "
        "AND variant <> '' AND shadow_variant <> '' AND err_no IS NOT NULL"
    ),
    "feedback": f"kind = 'feedback' AND {_NAMED}",
}
_KINDS = "('exposure', 'shadow', 'feedback')"


@dataclass(frozen=True)
class Records:
    """What was read."""

    experiment: str
    mode: str
    requests: Requests
    comparisons: Sequence[Comparisons]
    counts: dict[str, int]
    damaged_at: str


def read(exposures: Sequence[str], feedback: Sequence[str], settings: Settings) -> Records:
    """Read what the service wrote.

    Raises:
        DataError: a file cannot be read, or the experiment or mode is not the only one and not
            named.
    """
    exposure_files = find_files(exposures, EXPOSURES_FILE)
    feedback_files = find_files(feedback, FEEDBACK_FILE)
    with _database() as database:
        make_view(database, EXPOSURES_FILE, exposure_files)
        make_view(database, FEEDBACK_FILE, feedback_files)
        try:
            return _read(database, settings)
        except duckdb.Error as error:
            raise DataError(
                f"cannot be read ({str(error).splitlines()[0]})", field="--exposures or --feedback"
            ) from error


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="report-") as folder:
        database = duckdb.connect(
            config={
                "memory_limit": _MEMORY,
                "temp_directory": folder,
                "autoload_known_extensions": False,
                "preserve_insertion_order": False,
                "python_enable_replacements": False,
            }
        )
        try:
            yield database
        finally:
            database.close()


def _read(database: duckdb.DuckDBPyConnection, settings: Settings) -> Records:
    counts: dict[str, int] = {}
    damage: dict[str, int] = {}
    _stage_feedback(database, counts, damage)
    _stage_exposures(database, settings, counts, damage)
    counts["damaged_lines"] = sum(damage.values())
    experiment = _only(database, "experiment", settings.experiment, "--experiment")
    database.execute("DELETE FROM shown WHERE experiment <> ?", [experiment])
    database.execute("DELETE FROM shadowed WHERE experiment <> ?", [experiment])
    mode = _only(database, "mode", settings.mode, "--mode")
    database.execute("DELETE FROM shown WHERE mode <> ?", [mode])
    counts["requests"] = _number(database, "SELECT count(*) FROM shown")
    for reason in (BY_LIST, BY_BUCKET):
        query = f"SELECT count(*) FROM shown WHERE reason = '{reason}'"
        counts[f"by_{reason}"] = _number(database, query)
    counts["clicks_outside"] = _number(
        database, f"SELECT coalesce(sum(outside), 0) FROM shown WHERE reason = '{BY_BUCKET}'"
    )
    counts["requests_with_feedback"] = _number(
        database, f"SELECT count(*) FROM shown WHERE has_feedback AND reason = '{BY_BUCKET}'"
    )
    comparisons = fetch_comparisons(database) if mode == SHADOW else []
    requests = fetch_requests(database, mode, has_feedback=counts["feedback"] > 0)
    damaged_at = next(filter(None, (first_damage(Path(name)) for name in damage)), "")
    return Records(experiment, mode, requests, comparisons, counts, damaged_at)


def _stage_feedback(
    database: duckdb.DuckDBPyConnection, counts: dict[str, int], damage: dict[str, int]
) -> None:
    database.execute(
        f"CREATE TEMP TABLE good_feedback AS SELECT request_id, time, clicks, grades, "
        f"filename, {_state('feedback')} AS state FROM {FEEDBACK_FILE}"
    )
    counts["feedback_lines"] = _number(database, "SELECT count(*) FROM good_feedback")
    _count_damage(database, "good_feedback", damage)
    database.execute("DELETE FROM good_feedback WHERE state <> 'good'")
    counts["feedback"] = _number(database, "SELECT count(*) FROM good_feedback")
    database.execute(f"CREATE TEMP TABLE feedback_of AS {click_metrics.FEEDBACK_OF_REQUESTS}")


def _state(*kinds: str) -> str:
    """SQL: whether a row is a record to be read, one of another kind, or damaged."""
    good = " OR ".join(f"({_GOOD[kind]})" for kind in kinds)
    own = ", ".join(f"'{kind}'" for kind in kinds)
    return (
        f"CASE WHEN {good} THEN 'good' WHEN kind IN {_KINDS} AND kind NOT IN ({own}) "
        "THEN 'other' ELSE 'damaged' END"
    )


def _count_damage(database: duckdb.DuckDBPyConnection, table: str, damage: dict[str, int]) -> None:
    rows = database.execute(
        f"SELECT filename, count(*) FROM {table} WHERE state = 'damaged' GROUP BY ALL ORDER BY ALL"
    ).fetchall()
    damage.update({str(name): int(count) for name, count in rows})


def _stage_exposures(
    database: duckdb.DuckDBPyConnection,
    settings: Settings,
    counts: dict[str, int],
    damage: dict[str, int],
) -> None:
    """Measure each request on the way in, so that no list of documents is kept."""
    metrics = click_metrics.columns(settings.k)
    measured = ", ".join(f"{metrics[name]} AS {name}" for name in METRICS)
    figures = ", ".join(f"{name}::FLOAT AS {name}" for name in AGREEMENT_FIGURES)
    database.execute(
        f"""
        CREATE TEMP TABLE records AS
        SELECT kind, state, filename, time, request_id, experiment, mode, variant, shadow_variant,
            reason, unit, err_no, incomplete, coalesce(latency_ms, 0)::FLOAT AS latency_ms,
            err_no = 0 AND CASE WHEN mode = '{INTERLEAVE}' THEN len(coalesce(teams, [])) = 0 ELSE
                (served_ranker, served_bundle) IS DISTINCT FROM (assigned_ranker, assigned_bundle)
                END AS fallback,
            clicks IS NOT NULL AS has_feedback,
            len(coalesce(clicks, [])) - len(places) AS outside,
            list_transform(places, lambda p: teams[p]) AS voted, list_distinct(teams) AS teams,
            {measured}, {figures}
        FROM (SELECT *, {click_metrics.places()} AS places, {_state("exposure", "shadow")} AS state
              FROM {EXPOSURES_FILE} LEFT JOIN feedback_of USING (request_id))
        """
    )
    counts["exposure_lines"] = _number(database, "SELECT count(*) FROM records")
    _count_damage(database, "records", damage)
    counts["unknown_feedback"] = _number(
        database,
        "SELECT count(*) FROM good_feedback WHERE request_id NOT IN "
        "(SELECT request_id FROM records WHERE kind = 'exposure' AND state = 'good')",
    )
    for table, kind, key in (
        ("shown", "exposure", "request_id"),
        ("shadowed", "shadow", "request_id, shadow_variant"),
    ):
        counts[f"duplicate_{table}"] = _first_of_each(database, table, kind, key, settings)
    database.execute("DROP TABLE records")


def _first_of_each(
    database: duckdb.DuckDBPyConnection, table: str, kind: str, key: str, settings: Settings
) -> int:
    """Keep the earliest record of each key; return how many were dropped."""
    good = f"FROM records WHERE state = 'good' AND kind = '{kind}'"
    total, distinct = database.execute(
        f"SELECT count(*), count(DISTINCT ({key})) {good}"
    ).fetchall()[0]
    first = f" QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY time) = 1"
    period = "SELECT * FROM ({}) WHERE time >= ? AND time < ?".format(
        f"SELECT * EXCLUDE (state, filename, kind) {good}" + (first if total > distinct else "")
    )
    since = -math.inf if settings.since is None else settings.since
    until = math.inf if settings.until is None else settings.until
    database.execute(f"CREATE TEMP TABLE {table} AS {period}", [since, until])
    return int(total - distinct)


def _only(
    database: duckdb.DuckDBPyConnection, column: str, asked: Optional[str], option: str
) -> str:
    """The one value of a column, or the one asked for."""
    tables = (
        "SELECT experiment, mode FROM shown UNION ALL SELECT experiment, 'shadow' FROM shadowed"
    )
    rows = database.execute(f"SELECT DISTINCT {column} FROM ({tables}) ORDER BY 1").fetchall()
    names = [str(row[0]) for row in rows]
    if asked is None and len(names) > 1:
        raise DataError(f"name one of: {', '.join(names)}", field=option)
    if asked is not None and names and asked not in names:
        raise DataError(
            f"{asked!r} is not in the records; there are: {', '.join(names)}", field=option
        )
    return asked or (names[0] if names else "")


def _number(database: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(database.execute(query).fetchall()[0][0])
