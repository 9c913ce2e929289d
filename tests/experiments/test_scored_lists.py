# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scored lists: files of them, and the command that asks a real HTTP server for the scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract.errors import DataError
from experiments import scored_lists
from experiments.lists.scored_lists import ScoredList, read_scored_lists
from experiments.power.ranker_pairs import Duel
from tests.experiments.stand_in_service import StandIn, gateway, serving


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"query": "q", "labels": [1]}',
        '{"query": "q", "labels": [], "scores": {"a": []}}',
        '{"query": "q", "labels": [1, -1], "scores": {"a": [1, 2]}}',
        '{"query": "q", "labels": [1, 0.5], "scores": {"a": [1, 2]}}',
        '{"query": "q", "labels": [1, 0], "scores": {"a": [1]}}',
        '{"query": "q", "labels": [1, 0], "scores": {"a": [1, NaN]}}',
        '{"query": "q", "labels": [1, 0], "scores": {"a": [1, 1]}, "logits": {"a": [40]}}',
        '{"query": "q", "labels": [1, 0], "scores": {"a": [1, "x"]}}',
    ],
)
def test_a_malformed_line_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "scored.jsonl"
    path.write_text('{"query": "q", "labels": [1], "scores": {"a": [1]}}\n' + line)
    with pytest.raises(DataError) as caught:
        read_scored_lists(path)
    assert caught.value.field == f"{path}:2"


def test_logits_order_documents_whose_scores_are_all_one(tmp_path: Path) -> None:
    path = tmp_path / "scored.jsonl"
    line = {"query": "q", "labels": [0, 2], "scores": {"a": [1, 1], "b": [1, 0]}}
    path.write_text(json.dumps({**line, "logits": {"a": [40, 50]}}), encoding="utf-8")
    (scored,) = read_scored_lists(path)
    assert scored.ordered_by("a") == (40, 50)
    assert scored.ordered_by("b") == (1, 0)
    duel = Duel.of([scored], "a", "b")
    assert (duel.better, duel.better_ndcg) == ("a", 1.0)


@pytest.fixture
def graded_file(tmp_path: Path) -> Path:
    path = tmp_path / "lists.tsv"
    rows = [f"q{q}\tt{q} {g}\t{g}\n" for q in range(12) for g in (0, 2)]
    path.write_text("query\ttitle\tlabel\n" + "".join(rows), encoding="utf-8")
    return path


def test_scores_of_both_rankers_come_from_the_service(
    tmp_path: Path, graded_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "scored.jsonl"
    with serving(StandIn()) as service:
        args = ["--url", service.url, "--file", str(graded_file), "--out", str(out)]
        assert scored_lists.main([*args, "--lists", "7", "--pad_from", "6"]) == 0
    assert capsys.readouterr().out == f"7 lists written to {out}\n"
    lists = read_scored_lists(out)
    assert len({scored.query for scored in lists}) == 7
    for scored, body in zip(lists, sorted(service.ranked, key=order_of(lists))):
        assert body["ranker"] == "both"
        assert len(scored.labels) == len(body["documents"]) == 6
        assert scored.bundles == {"good": "b1", "bad": "b2"}
        # the stand-in scores by what a text ends in, which is the grade of its own query only
        ends = [int(document[-1]) for document in body["documents"]]
        assert scored.scores["good"] == pytest.approx([end / 9 for end in ends])
        own = [document.startswith(f"t{scored.query[1:]} ") for document in body["documents"]]
        assert scored.labels == tuple(e if o else 0 for e, o in zip(ends, own))


def order_of(lists: list[ScoredList]) -> Any:
    places = {scored.query: place for place, scored in enumerate(lists)}
    return lambda body: places[body["query"]]


def test_a_service_that_fails_leaves_no_file(
    tmp_path: Path, graded_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "scored.jsonl"
    for answer in (gateway({}, 51, "full"), gateway({"rankings": "[]"})):
        with serving(StandIn(misbehave=lambda _, answer=answer: answer)) as service:
            args = ["--url", service.url, "--file", str(graded_file), "--out", str(out)]
            assert scored_lists.main(args) == 1
    assert "err_no 51: full" in capsys.readouterr().err
    assert not out.exists()
    assert scored_lists.main(["--file", str(tmp_path / "absent"), "--out", str(out)]) == 2
