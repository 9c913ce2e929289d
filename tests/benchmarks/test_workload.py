# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Workload files are read strictly; without one, a synthetic workload stands in."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import workload
from benchmarks.workload import SYNTHETIC, RankCall, load_workload
from contract.errors import DataError


def test_a_file_is_read_in_order(workload_file: Path) -> None:
    read = load_workload(workload_file)
    assert (read.name, len(read.calls), read.pairs) == ("tiny.json", 2, 18)
    assert read.calls[0].documents[-1] == ""
    assert len(read.sha256) == 64


def test_the_default_workload_is_the_shared_one(shared_data: Path) -> None:
    read = load_workload(None)
    assert (read.name, len(read.calls), read.pairs) == ("rerank_workload.json", 20, 1000)


def test_without_a_file_the_texts_are_made_up_and_always_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(workload, "DEFAULT_FILE", tmp_path / "absent.json")
    made = load_workload(None)
    assert (made.name, len(made.calls), made.pairs) == (SYNTHETIC, 20, 1000)
    assert made.sha256[:12] == "673f66f388d2"
    lengths = [len(text) for call in made.calls for text in call.documents]
    assert min(lengths) < 20 < 100 < max(lengths)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        "[1]",
        '[{"query": "q"}]',
        '[{"query": "q", "docs": []}]',
        '[{"query": "q", "docs": [1]}]',
        '[{"query": null, "docs": ["d"]}]',
    ],
)
def test_another_shape_is_refused_with_the_files_name(content: str, tmp_path: Path) -> None:
    path = tmp_path / "workload.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"workload\.json"):
        load_workload(path)


def test_every_beginning_of_a_representative_order_has_about_the_mean_length() -> None:
    calls = tuple(RankCall(str(length), ("d",) * 10) for length in range(10, 110, 10))
    tokens = {call: int(call.query) * 10 for call in calls}
    ordered = workload.Workload("w", "", calls).representative(tokens)
    assert sorted(ordered.calls, key=calls.index) == list(calls)
    assert [call.query for call in ordered.calls[:2]] in (["50", "60"], ["60", "50"])
    for count in range(2, 11):
        part = ordered.first(count)
        mean = sum(tokens[call] for call in part.calls) / part.pairs
        assert abs(mean - 55) <= 10


def test_made_up_pairs_are_as_many_as_asked_for_and_of_many_queries() -> None:
    pairs = workload.made_up_pairs(100)
    assert len(pairs) == 100
    assert len({query for query, _ in pairs}) == 20
