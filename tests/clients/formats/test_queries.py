# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Streams of TSV and JSON lines become queries, and what is wrong with a line is named."""

from __future__ import annotations

from typing import Optional

import pytest

from clients.formats.queries import BadLine, Query, read_items


def test_lines_of_one_query_make_one_request() -> None:
    lines = ["\ufeffq\ta\n", "\n", "q\tb\r\n", "other\tc\n", "bad\n", "q\td"]
    items = list(read_items([line.encode() for line in lines], "tsv"))
    assert [type(item) for item in items] == [Query, Query, BadLine, Query]
    first = items[0]
    assert isinstance(first, Query)
    assert (first.first_line, first.last_line, first.documents) == (1, 3, ["a", "b"])
    (last,) = read_items([line.encode() for line in lines], "tsv", after=5)
    assert last.first_line == 6


def test_a_run_that_goes_on_keeps_the_header() -> None:
    lines = [b"title\tquery\n", b"a\tq\n", b"b\tother\n"]
    (item,) = read_items(lines, "tsv", after=2)
    assert isinstance(item, Query) and (item.query, item.documents) == ("other", ["b"])


def test_nothing_is_read_below_a_header_of_other_columns() -> None:
    (item,) = read_items([b"query\tpara\n", b"q\tt\n"], "tsv")
    assert isinstance(item, BadLine) and "no column title" in item.error.message


@pytest.mark.parametrize(
    ("line", "field"),
    [("[1]", None), ('{"documents": []}', "query"), ('{"query": "q"}', "documents"),
     ('{"query": 1, "documents": []}', "query"), ('{"query": "q", "titles": []}', "titles")],
)  # fmt: skip
def test_what_is_wrong_with_a_json_line_is_named(line: str, field: Optional[str]) -> None:
    (item,) = read_items([line.encode()], "jsonl")
    assert isinstance(item, BadLine)
    assert item.error.field == field


def test_blank_lines_first_and_numbers_that_are_none() -> None:
    (item,) = read_items([b'{"query": "q", "documents": ["a"], "id": NaN}'], "jsonl")
    assert isinstance(item, BadLine) and "NaN" in item.error.message
    (empty,) = read_items([b"\t\n", b"\n"], "tsv")
    assert isinstance(empty, Query) and (empty.query, empty.documents) == ("", [""])
