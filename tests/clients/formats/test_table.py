# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables keep their columns under each other, also with wide characters, and fit the terminal."""

from __future__ import annotations

import pytest

from clients.formats.pairs_file import RankTask
from clients.formats.results import json_fields
from clients.formats.table import display_width, render
from clients.ranker.result import RankedDocument, RankerScores, RankResult

TASK = RankTask(
    "感冒吃什么药",
    ["感冒时可以吃感冒灵颗粒,多喝水,注意休息。", "plain words", "é\u0301t\x1b[31m\n"],
)
RESULT = RankResult(
    results=(RankedDocument(1, 0.9), RankedDocument(0, 0.25), RankedDocument(2, 0.125)),
    scores=(0.25, 0.9, 0.125),
    ranker="pairwise",
    bundle="abc",
    tokens=33,
)
BOTH = RankResult(
    results=(RankedDocument(1, 0.9),),
    scores=(0.25, 0.9, 0.125),
    ranker="both",
    bundle="abc",
    rankings={
        "pairwise": RankerScores("abc", (0.25, 0.9, 0.125), (1,)),
        "cross_encoder": RankerScores("def", (0.5, 0.1, 0.2), (0,)),
    },
)


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("感冒", 4), ("e\u0301", 1), ("Ａ,", 3)])
def test_width_counts_terminal_columns(text: str, width: int) -> None:
    assert display_width(text) == width


def test_rows_come_best_first_with_aligned_columns() -> None:
    lines = render(TASK, RESULT, 12.34).split("\n")
    assert lines[:2] == ["query: 感冒吃什么药", "pairwise abc, 3 titles, 33 tokens, 12.3 ms"]
    assert lines[2] == "rank     score  index  title"
    assert lines[3] == "   1  0.900000      1  plain words"
    assert lines[4] == f"   2  0.250000      0  {TASK.titles[0]}"
    assert lines[5].startswith("   3  0.125000      2  é")


def test_a_title_cannot_steer_the_terminal() -> None:
    table = render(TASK, RESULT, 1.0)
    assert "\x1b" not in table
    assert table.count("\n") == 6


@pytest.mark.parametrize("width", [40, 41, 50])
def test_titles_are_cut_to_the_terminal(width: int) -> None:
    row = render(TASK, RESULT, 1.0, terminal_width=width).split("\n")[4]
    assert row.endswith("…")
    assert width - 1 <= display_width(row) <= width


def test_a_narrow_terminal_still_shows_the_start_of_a_title() -> None:
    assert "感冒" in render(TASK, RESULT, 1.0, terminal_width=5)


def test_both_rankers_stand_side_by_side() -> None:
    lines = render(TASK, BOTH, 1.0).split("\n")
    assert "pairwise abc, cross_encoder def" in lines[1]
    assert lines[2].split() == ["pairwise", "score", "cross_encoder", "score", "index", "title"]
    assert lines[3].split()[:5] == ["1", "0.900000", "-", "0.100000", "1"]
    assert lines[4].split()[:5] == ["-", "0.250000", "1", "0.500000", "0"]
    assert lines[5] == ""


def test_an_interleaved_answer_shows_whose_each_title_is() -> None:
    mixed = RankResult(
        results=(RankedDocument(1, 0.9, team="a"), RankedDocument(0, 0.5, team="new")),
        scores=(0.5, 1.0, 0.0),
        ranker="both",
        bundle="abc",
        rankings=BOTH.rankings,
        variant="interleaved",
        experiment="mix",
    )
    lines = render(TASK, mixed, 1.0).split("\n")
    assert ", variant interleaved of mix, " in lines[1]
    assert lines[2:5] == [
        "rank     score  variant  index  title",
        "   1  0.900000        a      1  plain words",
        f"   2  0.500000      new      0  {TASK.titles[0]}",
    ]


def test_a_cascade_says_which_stage_scored_each_title() -> None:
    result = RankResult(
        results=(
            RankedDocument(1, 0.9, stage="cross_encoder", stage_index=1),
            RankedDocument(0, 0.5, stage="bm25", stage_index=0),
        ),
        scores=(0.45, 0.9),
        ranker="cascade",
        bundle="v1",
    )
    lines = render(RankTask("q", ("a", "b")), result, 1.0).splitlines()
    assert lines[1].startswith("cascade v1, 2 titles")
    assert lines[2].split() == ["rank", "score", "stage", "index", "title"]
    assert [line.split()[2] for line in lines[3:]] == ["cross_encoder", "bm25"]
    fields = json_fields(result, ("a", "b"))
    assert [(r["stage"], r["stage_index"]) for r in fields["results"]] == [
        ("cross_encoder", 1),
        ("bm25", 0),
    ]
    plain = json_fields(RankResult((RankedDocument(0, 0.5),), (0.5,), "pairwise", "v1"), ("a",))
    assert set(plain["results"][0]) == {"index", "score", "team", "title"}
