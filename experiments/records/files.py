# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds files of records and makes DuckDB views of them, one column a field of a record.

A line that is no record, such as the last one cut short by a kill, becomes a row of nulls, which
the reader counts; so does a field of another type. Parquet files have the same columns.
"""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

import duckdb

from contract.errors import DataError, InvalidField
from contract.experiments.records import EXPOSURES_FILE, FEEDBACK_FILE, from_line

_SUFFIXES = (".jsonl", ".jsonl.gz", ".parquet")
_TYPES = {
    EXPOSURES_FILE: {
        "kind": "VARCHAR",
        "time": "DOUBLE",
        "request_id": "VARCHAR",
        "experiment": "VARCHAR",
        "mode": "VARCHAR",
        "variant": "VARCHAR",
        "reason": "VARCHAR",
        "unit": "VARCHAR",
        "assigned_ranker": "VARCHAR",
        "assigned_bundle": "VARCHAR",
        "served_ranker": "VARCHAR",
        "served_bundle": "VARCHAR",
        "err_no": "INTEGER",
        "order": "INTEGER[]",
        "teams": "VARCHAR[]",
        "latency_ms": "DOUBLE",
        "shadow_variant": "VARCHAR",
        "kendall_tau": "DOUBLE",
        "top1_same": "DOUBLE",
        "top10_overlap": "DOUBLE",
        "score_difference": "DOUBLE",
        "score_distance": "DOUBLE",
        "incomplete": "INTEGER",
    },
    FEEDBACK_FILE: {
        "kind": "VARCHAR",
        "time": "DOUBLE",
        "request_id": "VARCHAR",
        "clicks": "INTEGER[]",
        "grades": "DOUBLE[][]",
    },
}
# without these a Parquet file says nothing
_NEEDED = {
    EXPOSURES_FILE: ("kind", "time", "request_id", "experiment", "variant"),
    FEEDBACK_FILE: ("kind", "time", "request_id"),
}


def find_files(paths: Sequence[str], name: str) -> list[Path]:
    """Files named by paths, patterns and folders; of a folder, those that begin with ``name``.

    A folder may hold no feedback: the service makes its file when the first comes.

    Raises:
        DataError: a path or pattern matches no file.
    """
    found: dict[Path, None] = {}
    for text in paths:
        path = Path(text)
        if path.is_dir():
            matches = [p for p in sorted(path.glob(f"{name}-*")) if p.name.endswith(_SUFFIXES)]
            remedy = f"holds no {name}-*.jsonl or .parquet; name the folder the service writes to"
        else:
            matches = [path] if path.exists() else [Path(p) for p in sorted(glob.glob(text))]  # noqa: PTH207
            remedy = "no such file, folder or pattern"
        if not matches and not (path.is_dir() and name == FEEDBACK_FILE):
            raise DataError(remedy, field=text)
        found.update(dict.fromkeys(p for p in matches if not p.is_dir()))
    return list(found)


def make_view(connection: duckdb.DuckDBPyConnection, view: str, files: Sequence[Path]) -> None:
    """Create ``view`` over all files, with the column ``filename`` too.

    Args:
        connection: to create it in.
        view: :data:`EXPOSURES_FILE` or :data:`FEEDBACK_FILE`.
        files: of both formats; none makes an empty view.

    Raises:
        DataError: a file cannot be read at all, or a Parquet file lacks a column.
    """
    parquet = [path for path in files if path.name.endswith(".parquet")]
    lines = [path for path in files if path not in parquet]
    for path in files:
        try:
            path.open("rb").close()
        except OSError as error:
            raise DataError(f"cannot be read ({error.strerror})", field=str(path)) from error
    parts = [_parquet(connection, path, view) for path in parquet]
    if lines:
        parts.append(_json_lines(lines, _TYPES[view]))
    if not parts:
        nothing = ", ".join(f'NULL::{type_} AS "{name}"' for name, type_ in _TYPES[view].items())
        parts = [f"SELECT {nothing}, '' AS filename WHERE false"]
    connection.execute(f"CREATE TEMP VIEW {view} AS {' UNION ALL BY NAME '.join(parts)}")


def first_damage(path: Path) -> str:
    """``file:line: reason`` of the first line that is not a record; empty when all are."""
    if not path.name.endswith(".jsonl"):
        return ""
    with path.open("rb") as stream:
        # most are cut short, which shows without parsing a million good ones
        for number, line in enumerate(stream, 1):
            if line.strip() and not (line.startswith(b"{") and line.rstrip().endswith(b"}")):
                return f"{path}:{number}: cut short, or no record"
        stream.seek(0)
        for number, line in enumerate(stream, 1):
            try:
                if line.strip():
                    from_line(line.decode("utf-8"))
            except (InvalidField, UnicodeDecodeError) as error:
                return f"{path}:{number}: {error}"
    return ""


def _json_lines(files: Sequence[Path], types: dict[str, str]) -> str:
    names = ", ".join(_quoted(str(path)) for path in files)
    columns = ", ".join(f'"{name}": {_quoted(type_)}' for name, type_ in types.items())
    return (
        f"SELECT * FROM read_json([{names}], format='newline_delimited', ignore_errors=true, "
        f"columns={{{columns}}}, filename=true)"
    )


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path, view: str) -> str:
    source = f"read_parquet([{_quoted(str(path))}], filename=true)"
    try:
        present = {
            row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        }
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"is no Parquet file ({reason})", field=str(path)) from error
    missing = [name for name in _NEEDED[view] if name not in present]
    if missing:
        raise DataError(
            f"has no column {missing[0]!r}; a column for each field of the records is needed",
            field=str(path),
        )
    columns = ", ".join(
        (f'TRY_CAST("{name}" AS {type_})' if name in present else f"NULL::{type_}")
        + f' AS "{name}"'
        for name, type_ in _TYPES[view].items()
    )
    return f"SELECT {columns}, filename FROM {source}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
