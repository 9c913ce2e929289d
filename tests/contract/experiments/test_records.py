# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Records survive their line, hold no text unasked, and other lines are refused."""

from __future__ import annotations

import json

import pytest

from contract.errors import InvalidField
from contract.experiments.records import (
    Exposure,
    Feedback,
    ShadowComparison,
    from_line,
    logged_unit,
    to_line,
)

EXPOSURE = Exposure(
    1_700_000_000.125, "r1", "e", "split", "a", "bucket", "用户一", "pairwise", "1a", "pairwise",
    "1a", 0, 3, (2, 0, 1), (0.875, 0.5, 0.25), (), 12.5, 1.5, 8.0,
)  # fmt: skip
RECORDS = [
    EXPOSURE,
    Exposure(1.0, "r", "e", "interleave", "interleaved", "bucket", "u", "p", "1", teams=("a", "b")),
    Exposure(1.0, "r", "e", "split", "a", "bucket", "u", "p", "1", query="感冒", titles=("药",)),
    ShadowComparison(2.0, "r", "e", "a", "b", "p", "1", "c", "2", 0, 9, -0.5, 1, 0.25, 0.125, 0.25),
    ShadowComparison(
        2.0, "r", "e", "a", "b", "p", "1", "cascade", "2", 0, 9, 0.5, 1, 0.25, None, None, 3.0, 1
    ),
    Feedback(3.0, "r", (4, 0), ((1, 3.0), (2, 0.0))),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_survives_its_line(record: object) -> None:
    line = to_line(record)
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert from_line(line) == record


def test_a_line_has_no_text_unless_it_is_kept() -> None:
    assert not {"query", "titles"} & set(json.loads(to_line(EXPOSURE)))


def test_figures_that_are_absent_are_not_in_the_line() -> None:
    fields = json.loads(to_line(RECORDS[4]))
    assert not {"score_difference", "score_distance"} & set(fields)
    assert fields["incomplete"] == 1
    assert "incomplete" not in json.loads(to_line(RECORDS[3]))


def test_a_query_as_unit_is_logged_as_its_hash() -> None:
    shown = logged_unit("牙结石脱落小妙招", is_query=True)
    assert shown.startswith("query:")
    assert "牙" not in shown
    assert shown == logged_unit("牙结石脱落小妙招", is_query=True)
    assert shown != logged_unit("牙结石", is_query=True)
    assert logged_unit("用户一", is_query=False) == "用户一"


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "{}", '{"kind": "other"}', '{"kind": "feedback"}', '{"kind": ["feedback"]}',
     '{"kind": "feedback", "time": 1, "request_id": "r", "more": 1}', "[" * 100_000],
)  # fmt: skip
def test_what_is_no_record_is_refused(line: str) -> None:
    with pytest.raises(InvalidField, match="line: no record"):
        from_line(line)
