# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One set of rows is read alike from every kind of file, and what is wrong is named."""

from __future__ import annotations

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Callable

import pytest

from contract.errors import DataError
from tests.conftest import REPOSITORY
from tests.train.conftest import write_rows
from train.data.dataset import (
    LabelledPairs,
    read_labelled_pairs,
    read_triples,
    read_unlabelled_pairs,
)
from train.data.formats.lines import LONGEST_LINE

SHARED = REPOSITORY.parent / "shared" / "data"
LISTS: list[dict[str, Any]] = [
    {"id": 7, "query": "甲", "docs": [{"text": "乙\n丙", "label": 2}, {"text": "丁", "label": 0}]},
    {"id": 8, "query": "甲", "docs": [{"text": "戊", "label": 1}, {"text": "乙\n丙", "label": 0}]},
]


def write_json(path: Path, *objects: object) -> Path:
    """JSON lines, compressed where the name says so."""
    lines = "".join(f"{json.dumps(value, ensure_ascii=False)}\n" for value in objects).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


def write_parquet(path: Path, **columns: Sequence[Any]) -> Path:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({k: list(v) for k, v in columns.items()}), path)
    return path


def flat() -> list[dict[str, Any]]:
    return [
        {"list_id": one["id"], "query": one["query"], "title": doc["text"], "label": doc["label"]}
        for one in LISTS
        for doc in one["docs"]
    ]


def rows_of(pairs: LabelledPairs) -> list[tuple[str, str, int, int]]:
    columns = (pairs.queries, pairs.titles, pairs.labels, pairs.lists)
    rows = zip(*(column.tolist() for column in columns))
    return [(pairs.texts[q], pairs.texts[t], label, number) for q, t, label, number in rows]


WANTED = [("甲", "乙\n丙", 2, 0), ("甲", "丁", 0, 0), ("甲", "戊", 1, 1), ("甲", "乙\n丙", 0, 1)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.jsonl.gz", "A.JSONL"])
@pytest.mark.parametrize("shape", [lambda: LISTS, flat])
def test_json_lines_have_the_same_rows_in_both_shapes(
    tmp_path: Path, name: str, shape: Callable[[], list[dict[str, Any]]]
) -> None:
    assert rows_of(read_labelled_pairs(write_json(tmp_path / name, *shape()))) == WANTED


def test_parquet_has_the_same_rows(tmp_path: Path) -> None:
    columns = {name: [row[name] for row in flat()] for name in flat()[0]}
    assert rows_of(read_labelled_pairs(write_parquet(tmp_path / "a.parquet", **columns))) == WANTED
    columns["label"] = [float(label) for label in columns["label"]]
    assert rows_of(read_labelled_pairs(write_parquet(tmp_path / "f.parquet", **columns))) == WANTED


def test_a_compressed_tsv_has_the_same_rows(tmp_path: Path) -> None:
    rows = [(r["list_id"], r["query"], r["title"].replace("\n", " "), r["label"]) for r in flat()]
    plain = write_rows(tmp_path / "a.tsv", ("qid", "query", "title", "label"), *rows)
    packed = tmp_path / "a.tsv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert rows_of(read_labelled_pairs(packed)) == rows_of(read_labelled_pairs(plain))
    assert [row[3] for row in rows_of(read_labelled_pairs(plain))] == [0, 0, 1, 1]


def test_documents_may_be_titles_with_grades(tmp_path: Path) -> None:
    one = {"query": "甲", "docs": [{"title": "乙", "grade": 3}]}
    assert rows_of(read_labelled_pairs(write_json(tmp_path / "a.jsonl", one))) == [
        ("甲", "乙", 3, 0)
    ]


def test_triples_and_unlabelled_pairs_come_as_json_too(tmp_path: Path) -> None:
    path = write_json(tmp_path / "t.jsonl", {"neg_title": "丙", "title": "乙", "query": "甲"})
    triples = read_triples(path)
    numbers = (triples.queries[0], triples.titles[0], triples.neg_titles[0])
    assert [triples.texts[number] for number in numbers] == ["甲", "乙", "丙"]
    for content in (LISTS, flat()):
        pairs = read_unlabelled_pairs(write_json(tmp_path / "u.jsonl", *content))
        assert [pairs.texts[t] for t in pairs.titles] == [row[1] for row in WANTED]


def test_a_teachers_scores_come_with_the_rows(tmp_path: Path) -> None:
    header = ("query", "title", "neg_title", "teacher_neg_score", "teacher_score")
    triples = read_triples(write_rows(tmp_path / "t", header, ("a", "b", "c", -1.5, "2.25")))
    assert triples.teacher_scores is not None
    assert triples.teacher_neg_scores is not None
    assert triples.teacher_scores.tolist() == [2.25]
    assert triples.teacher_neg_scores.tolist() == [-1.5]
    documents = [{"text": "b", "label": 1, "teacher_score": 0.5}]
    lists = write_json(tmp_path / "l.jsonl", {"query": "a", "docs": documents})
    scores = read_labelled_pairs(lists).teacher_scores
    assert scores is not None
    assert scores.tolist() == [0.5]
    assert read_labelled_pairs(write_json(tmp_path / "n.jsonl", *LISTS)).teacher_scores is None


GOOD = {"query": "a", "title": "b", "label": 1}
GOOD_LIST = {"query": "a", "docs": [{"text": "b", "label": 1}]}


@pytest.mark.parametrize(
    ("first", "wrong", "reason"),
    [
        (GOOD, {"query": "a", "title": "b"}, "label nothing is not an integer of at least 0"),
        (GOOD, {**GOOD, "label": -1}, "label -1 is not an integer of at least 0"),
        (GOOD, {**GOOD, "label": 0.5}, "label 0.5 is not an integer of at least 0"),
        (GOOD, {**GOOD, "label": True}, "label True is not an integer of at least 0"),
        (GOOD, {**GOOD, "title": " "}, "title is empty"),
        (GOOD, {**GOOD, "title": 5}, "title is no text: 5"),
        (GOOD, {"title": "b", "label": 1}, "query is missing"),
        (GOOD, {**GOOD, "title": "x\ud800"}, "half a character, '\\ud800', is in a text"),
        (GOOD, GOOD_LIST, "a list of documents, but the file began with single rows"),
        (GOOD, ["a", "b", 1], "not an object, but ['a', 'b', 1]; write one object a line"),
        (GOOD_LIST, {"query": "a", "docs": []}, "docs is not a list of documents, but []"),
        (GOOD_LIST, {"query": "a", "docs": ["b"]}, "docs[0] is not an object, but 'b'"),
        (
            GOOD_LIST,
            {"query": "a", "docs": [{"text": "b", "label": 0}, {"text": "c", "label": "x"}]},
            "docs[1].label 'x' is not an integer of at least 0",
        ),
        (GOOD_LIST, {"docs": [{"text": "b", "label": 1}]}, "query is missing"),
        ({**GOOD, "qid": 1}, GOOD, "qid is neither a text nor an integer, but nothing"),
        (
            {**GOOD, "teacher_score": 1},
            {**GOOD, "teacher_score": float("nan")},
            "teacher_score nan is not a finite number",
        ),
    ],
)
def test_a_wrong_line_of_json_is_named(
    tmp_path: Path, first: object, wrong: object, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("".join(f"{json.dumps(value)}\n" for value in (first, wrong, first)))
    with pytest.raises(DataError) as caught:
        read_labelled_pairs(path)
    assert str(caught.value).startswith(f"{path}:2: {reason}")
    assert "\n" not in str(caught.value)
    left = read_labelled_pairs(path, max_bad_rows=1)
    assert (len(left.labels) >= 2, f"{path}:2: {reason}" in capsys.readouterr().err) == (True, True)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"question": "a", "title": "b", "label": 1}, "there is no field query"),
        ({"query": "a", "docs": [{"body": "b", "label": 1}]}, "there is no field title in docs"),
        ({**GOOD, "text": "c"}, "title and text both name title; leave one"),
    ],
)
def test_a_first_line_without_the_fields_is_refused(
    tmp_path: Path, content: object, reason: str
) -> None:
    path = write_json(tmp_path / "f.jsonl", content)
    with pytest.raises(DataError) as caught:
        read_labelled_pairs(path, max_bad_rows=10)
    assert str(caught.value) == f"{path}:1: {reason}"


def test_lists_are_no_triples(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="docs is a list of documents, but this command reads rows"):
        read_triples(write_json(tmp_path / "f.jsonl", *LISTS))


def test_json_in_a_tsv_is_told_its_ending(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"name has to end in \.jsonl"):
        read_labelled_pairs(write_json(tmp_path / "f.txt", *LISTS))


def test_a_wrong_row_of_parquet_is_named(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "f.parquet", query=["a", "b"], text_b=["c", None], label=[0, 1])
    with pytest.raises(DataError, match=r"f\.parquet:2: column text_b is missing; 1 malformed"):
        read_labelled_pairs(path)
    (tmp_path / "g.parquet").write_bytes(b"query\ttitle\tlabel\n")
    with pytest.raises(DataError, match=r"g\.parquet: is not a Parquet file"):
        read_labelled_pairs(tmp_path / "g.parquet")


def test_parquet_without_its_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python raises ImportError for a module that is None among those imported."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pyarrow.parquet", raising=False)
    (tmp_path / "f.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="a Parquet file needs pyarrow: pip install 'pyarrow>=21'"):
        read_labelled_pairs(tmp_path / "f.parquet")


def test_half_a_compressed_file_is_refused(tmp_path: Path) -> None:
    path = write_json(tmp_path / "f.jsonl.gz", *LISTS)
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(DataError, match=r"f\.jsonl\.gz: is not a whole file of gzip"):
        read_labelled_pairs(path, max_bad_rows=5)


def test_a_file_without_lines_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "f.tsv"
    path.write_bytes(b"query\ttitle\tlabel\n" + b"x" * (LONGEST_LINE + 1) + b"\na\tb\t1\n")
    with pytest.raises(DataError, match=r"f\.tsv:2: the line is longer than 64 MB; 1 malformed"):
        read_labelled_pairs(path)


@pytest.mark.parametrize("name", ["cmedir.jsonl", "stard.jsonl"])
def test_the_development_data_is_read_as_it_is(name: str) -> None:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    records = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = rows_of(read_labelled_pairs(path))
    assert [row[2] for row in rows] == [doc["label"] for r in records for doc in r["docs"]]
    assert [row[1] for row in rows] == [doc["text"].strip() for r in records for doc in r["docs"]]
    assert rows[-1][3] == len(records) - 1
