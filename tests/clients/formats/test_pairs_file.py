# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A TSV becomes one task for each query."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.formats.pairs_file import RankTask, read_tasks
from contract.errors import DataError

EXPECTED = [RankTask("q1", ["t1", "t3\u2028x"]), RankTask("q2", ["t2", ""])]
LINES = ["q1\tt1", "q2\tt2", "q1\tt3\u2028x", "q2\t"]


def write(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    "data",
    [
        "\n".join(LINES).encode(),
        "\n".join(["query\ttitle", *LINES, "", "  ", ""]).encode(),
        "\r\n".join(["query\ttitle", *LINES, ""]).encode("utf-8-sig"),
        "\n".join(["title\tquery", *("\t".join(x.split("\t")[::-1]) for x in LINES)]).encode(),
    ],
    ids=["plain", "header and blank lines", "byte order mark and CRLF", "title first"],
)
def test_titles_are_grouped_by_query_in_order(data: bytes, tmp_path: Path) -> None:
    assert read_tasks(write(tmp_path / "pairs.tsv", data)) == EXPECTED


@pytest.mark.parametrize(
    ("data", "line", "remedy"),
    [
        (b"q\tt\nonly a query\n", ":2", "a tab"),
        (b"q\tt\t1\n", ":1", "3 columns"),
        (b"query\tpara\nq\tt\n", ":1", "no column title"),
        (b"\nquery\ttitle\tlabel\nq\tt\t1\n", ":2", "(label); leave them out"),
        (b"q\tt\nq\t\xff\n", ":2", "UTF-8"),
        (b"query\ttitle\n", "", "no pairs"),
        (b"", "", "no pairs"),
    ],
)
def test_a_bad_line_is_named(data: bytes, line: str, remedy: str, tmp_path: Path) -> None:
    path = write(tmp_path / "pairs.tsv", data)
    with pytest.raises(DataError) as caught:
        read_tasks(path)
    assert caught.value.field == f"{path}{line}"
    assert remedy in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.tsv: cannot read it \(No such file"):
        read_tasks(str(tmp_path / "nowhere.tsv"))
