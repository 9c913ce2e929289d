# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Files of graded lists: both kinds, what is refused and where, padding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contract.errors import DataError
from experiments.lists.graded_lists import GradedList, padded, read_graded_lists


def written(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "lists"
    path.write_bytes(content.encode())
    return path


def one(query: object = "q", **doc: object) -> str:
    return json.dumps({"query": query, "docs": [{"text": "t", "label": 1, **doc}]})


def test_json_lines_are_read(tmp_path: Path) -> None:
    docs = [{"text": "去除牙结石", "label": 2}, {"text": "肉海\t无边\u2028", "label": 0}]
    line = json.dumps({"query": "牙结石", "docs": docs}, ensure_ascii=False)
    lists = read_graded_lists(written(tmp_path, f"\n{line}\r\n\n{one()}"))
    assert lists[0] == GradedList("牙结石", ("去除牙结石", "肉海\t无边\u2028"), (2, 0))
    assert lists[1] == GradedList("q", ("t",), (1,))


def test_the_rows_of_a_query_make_one_list_wherever_they_stand(tmp_path: Path) -> None:
    content = "\ufeffquery\ttitle\tlabel\na\tx\t2\nb\ty\t1\na\tz\t0\n"
    assert read_graded_lists(written(tmp_path, content)) == [
        GradedList("a", ("x", "z"), (2, 0)),
        GradedList("b", ("y",), (1,)),
    ]


def test_columns_are_found_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = "label\ttext_b\tsource\ttext_a\n2\tx\tweb\ta\n"
    assert read_graded_lists(written(tmp_path, content)) == [GradedList("a", ("x",), (2,))]
    assert "columns not used: source" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (one() + "\n{bad", ":2", "not JSON"),
        (one() + "\n[1]", ":2", "must be an object"),
        (one() + '\n{"query": "q", "docs": []}', ":2", "docs must be"),
        (one() + '\n{"query": "q", "docs": ["t"]}', ":2", "docs must be"),
        (one(query=3), ":1", "query must be a text"),
        (one(query=" "), ":1", "query must be a text"),
        (one(text=None), ":1", "docs[0].text must be a text"),
        (one(text="\ud800"), ":1", "lone surrogate"),
        (one(label=-1), ":1", "docs[0].label must be an integer"),
        (one(label=True), ":1", "docs[0].label must be an integer"),
        (one(label=0.5), ":1", "docs[0].label must be an integer"),
        ("a\tx\t1", ":1", "neither JSON lines nor a TSV"),
        ("query\ttitle\tgrade\na\tx\t1", ":1", "no column label"),
        ("query\ttitle\tlabel\na\tx\t1\n\na\tx", ":4", "expected 3"),
        ("query\ttitle\tlabel\na\tx\t-1", ":2", "label must be an integer"),
        ("query\ttitle\tlabel\na\t \t1", ":2", "title must be a text"),
        ("query\ttitle\tlabel\n", "", "holds no lists"),
        ("\n", "", "holds no lists"),
    ],
)
def test_a_malformed_file_is_refused_by_its_line(
    tmp_path: Path, content: str, place: str, reason: str
) -> None:
    path = written(tmp_path, content)
    with pytest.raises(DataError) as caught:
        read_graded_lists(path)
    assert caught.value.field == f"{path}{place}"
    assert reason in caught.value.message


def test_bytes_that_are_no_text_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "lists"
    path.write_bytes(one().encode() + b"\n\xff\xfe")
    with pytest.raises(DataError, match=r"lists:2: invalid UTF-8 at byte 0"):
        read_graded_lists(path)
    with pytest.raises(DataError, match="cannot be read"):
        read_graded_lists(tmp_path / "absent")


def test_short_lists_are_filled_with_irrelevant_documents_of_others() -> None:
    lists = [GradedList(f"q{i}", (f"own {i}", "shared"), (2, 1)) for i in range(30)]
    first, second = padded(lists, 8, seed=1), padded(lists, 8, seed=2)
    assert padded(lists, 8, seed=1) == first != second
    for graded, original in zip(first, lists):
        assert len(set(graded.documents)) == len(graded.documents) == len(graded.grades) == 8
        grade_of = dict(zip(graded.documents, graded.grades))
        assert [grade_of.pop(document) for document in original.documents] == [2, 1]
        assert set(grade_of.values()) == {0}
    # the relevant ones are anywhere
    assert len({graded.grades.index(2) for graded in first}) > 4


def test_padding_ends_when_there_is_nothing_to_pad_with_and_cuts_nothing() -> None:
    (graded,) = padded([GradedList("q", ("a", "b", "c"), (0, 1, 2))], 10, seed=1)
    assert sorted(zip(graded.documents, graded.grades)) == [("a", 0), ("b", 1), ("c", 2)]
    (graded,) = padded([GradedList("q", ("a", "b", "c"), (0, 1, 2))], 2, seed=1)
    assert len(graded.documents) == 3
