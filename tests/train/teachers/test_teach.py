# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The command that adds teachers' scores to a file, which training then reads."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Callable, Optional

import numpy as np
import pytest

from tests.sets import ON_CARD
from tests.train.conftest import Files
from train.data.dataset import read_labelled_pairs, read_triples
from train.teach import main

PAIRS = "id\tquery\ttitle\tlabel\n1\t问题\t题\t1\n2\t问题\t一二三四\t0\n3\t别的问题\t题\t1\n"


def command(code: str, counted: Optional[Path] = None) -> str:
    """A teacher that scores by an expression, and notes how many pairs it was asked for."""
    program = (
        "import sys\n"
        "lines = sys.stdin.buffer.read().decode().splitlines()\n"
        f"if {str(counted)!r} != 'None': open({str(counted)!r}, 'a').write('.' * len(lines))\n"
        f"for line in lines:\n    query, title = line.split('\\t')\n    print({code})"
    )
    return f"command:{shlex.quote(sys.executable)} -c {shlex.quote(program)}"


LENGTHS = "len(query) - len(title) / 3"


def run(source: Path, output: Path, *options: object, status: int = 0) -> None:
    named = ["--input", source, "--output", output, "--cache_dir", output.parent / "cache"]
    assert main([str(x) for x in (*named, *options)]) == status


def test_pairs_get_a_column_and_keep_all_others(tmp_path: Path) -> None:
    source, output = tmp_path / "a.tsv", tmp_path / "out" / "b.tsv"
    source.write_text(PAIRS, encoding="utf-8")
    run(source, output, "--teacher", command(LENGTHS))
    lines = output.read_text(encoding="utf-8").splitlines()
    assert [line.rpartition("\t")[0] for line in lines] == PAIRS.splitlines()
    wanted = np.array([2 - 1 / 3, 2 - 4 / 3, 4 - 1 / 3], dtype=np.float32)
    assert lines[0].endswith("\tteacher_score")
    scores = read_labelled_pairs(output).teacher_scores
    np.testing.assert_array_equal(scores, wanted)


def test_triples_get_a_column_for_each_title(tmp_path: Path) -> None:
    source, output = tmp_path / "a.tsv", tmp_path / "b.tsv"
    source.write_text("query\tneg_title\ttitle\n问题\t一二三\t题\n问\t题\t一二\n", encoding="utf-8")
    run(source, output, "--teacher", command("len(title)"))
    triples = read_triples(output)
    np.testing.assert_array_equal(triples.teacher_scores, [1, 2])
    np.testing.assert_array_equal(triples.teacher_neg_scores, [3, 1])


def test_lists_get_a_field_in_each_document(tmp_path: Path) -> None:
    source, output = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    documents = [{"text": "一", "label": 0, "url": "u"}, {"text": "二二", "label": 2}]
    rows = [
        {"id": 7, "query": "问", "docs": documents},
        {"id": 8, "query": "问", "docs": documents[:1]},
    ]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    run(source, output, "--teacher", command("len(title) / 4"))
    found = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    for before, after in zip(rows, found):
        for document in after["docs"]:
            assert document.pop("teacher_score") == len(document["text"]) / 4
        assert after == before
    np.testing.assert_array_equal(read_labelled_pairs(output).teacher_scores, [0.25, 0.5, 0.25])


def test_rows_of_json_get_a_field(tmp_path: Path) -> None:
    source, output = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    source.write_text('{"query": "q", "title": "tt"}\n\n{"query": "q", "title": "t"}\n')
    run(source, output, "--teacher", command("len(title)"))
    found = [json.loads(line)["teacher_score"] for line in output.read_text().splitlines()]
    assert found == [2.0, 1.0]


def test_a_second_run_asks_nothing(tmp_path: Path) -> None:
    source, counted = tmp_path / "a.tsv", tmp_path / "count"
    source.write_text(PAIRS, encoding="utf-8")
    teacher = command(LENGTHS, counted)
    run(source, tmp_path / "b.tsv", "--teacher", teacher)
    run(source, tmp_path / "c.tsv", "--teacher", teacher)
    assert counted.read_text() == "..."
    assert (tmp_path / "b.tsv").read_bytes() == (tmp_path / "c.tsv").read_bytes()


def test_several_teachers_are_weighed_in_the_scale_of_the_first(tmp_path: Path) -> None:
    source, output = tmp_path / "a.tsv", tmp_path / "b.tsv"
    source.write_text(PAIRS, encoding="utf-8")
    teachers = ("--teacher", command("len(title)"), "--teacher", command("1000 * len(query)"))
    run(source, output, *teachers, "--weight", 3, "--weight", 1)
    first, second = np.array([1, 4, 1.0]), np.array([2, 2, 4.0])
    mixed = 0.75 * (first - 2) / first.std() + 0.25 * (second - second.mean()) / second.std()
    found = read_labelled_pairs(output).teacher_scores
    np.testing.assert_allclose(found, 2 + first.std() * mixed, rtol=1e-5)


def test_calibrated_scores_have_the_sign_of_the_labels(tmp_path: Path) -> None:
    source, output = tmp_path / "a.tsv", tmp_path / "b.tsv"
    source.write_text(PAIRS, encoding="utf-8")
    run(source, output, "--teacher", command("0.9 - len(title) / 100"), "--calibrate")
    found = read_labelled_pairs(output).teacher_scores
    assert found is not None
    assert (found > 0).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("text", "name", "options", "message"),
    [
        (PAIRS, "b.jsonl", (), "output: its name must end in .tsv"),
        (PAIRS, "b.tsv", ("--weight", 1, "--weight", 2), "weight: there are 2 for 1 teachers"),
        (PAIRS, "b.tsv", ("--weight", 0), "weight: must be above 0"),
        (PAIRS.replace("id", "teacher_score"), "b.tsv", (), "has teacher_score already"),
        (PAIRS + "1\tq\n", "b.tsv", (), "a.tsv:5: expected 4 tab-separated columns, found 2"),
        (PAIRS.replace("题\t1\n", "\t1\n", 1), "b.tsv", (), "a.tsv:2: column 3 (title) is empty"),
        ("query\ttitle\n", "b.tsv", (), "has no rows"),
        ("query\ttext\na\tb\n", "b.tsv", (), "has no column title"),
        (PAIRS.replace("\t0\n", "\t1\n"), "b.tsv", ("--calibrate",), "rows of one class only"),
    ],
)
def test_a_wrong_file_or_option_is_one_line_and_writes_nothing(
    tmp_path: Path,
    text: str,
    name: str,
    options: tuple[object, ...],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = tmp_path / "a.tsv"
    source.write_text(text, encoding="utf-8")
    run(source, tmp_path / name, "--teacher", command(LENGTHS), *options, status=2)
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / name).exists()


def test_a_failing_teacher_leaves_the_old_output(tmp_path: Path) -> None:
    source, output = tmp_path / "a.tsv", tmp_path / "b.tsv"
    source.write_text(PAIRS, encoding="utf-8")
    output.write_text("old")
    run(source, output, "--teacher", command("nothing"), status=2)
    assert output.read_text() == "old"


@pytest.mark.skipif(not ON_CARD, reason="training is PaddleNLP's")
def test_training_learns_from_the_columns(
    files: Files, train_pairwise: Callable[..., int], tmp_path: Path
) -> None:
    taught = tmp_path / "taught.tsv"
    run(files.triples, taught, "--teacher", command("sum(c in query for c in title)"))
    assert read_triples(taught).teacher_neg_scores is not None
    weights = {}
    for name, file in (("plain", files.triples), ("taught", taught)):
        flags = ("--train_file", file, "--max_steps", 3)
        assert train_pairwise(tmp_path / name, *flags) == 0
        weights[name] = (tmp_path / name / "last" / "model_state.pdparams").read_bytes()
    assert weights["plain"] != weights["taught"]
