# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Files are read as written, and what is malformed is named by its line."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from contract.encoding import PairEncoder
from contract.errors import DataError
from tests.train.conftest import CHARACTERS, Files, write_rows
from train.data.dataset import encode, read_labelled_pairs, read_triples, read_unlabelled_pairs


def test_pairs_keep_their_order_grades_and_odd_characters(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes('\ufeffquery\ttitle\tlabel\r\n甲\t乙\u2028丙\t3\r\n\r\n甲\t"丁\t0\n'.encode())
    pairs = read_labelled_pairs(path)
    rows = [(pairs.texts[q], pairs.texts[t]) for q, t in zip(pairs.queries, pairs.titles)]
    assert rows == [("甲", "乙\u2028丙"), ("甲", '"丁')]
    assert pairs.labels.tolist() == [3, 0]


def test_unlabelled_rows_without_header_have_two_or_three_columns(tmp_path: Path) -> None:
    pairs = read_unlabelled_pairs(write_rows(tmp_path / "f", ("甲", "乙"), ("丙", "丁", "0.3")))
    assert [pairs.texts[q] for q in pairs.queries] == ["甲", "丙"]


def test_triples_are_found_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header, row = ("neg_title", "Query", "score", " title"), ("负", "问", "0.3", "正")
    triples = read_triples(write_rows(tmp_path / "f", header, row))
    numbers = (triples.queries[0], triples.titles[0], triples.neg_titles[0])
    assert [triples.texts[number] for number in numbers] == ["问", "正", "负"]
    assert capsys.readouterr().err == f"{tmp_path / 'f'}: columns not used: score\n"


def test_labels_are_found_by_name_and_by_the_names_of_paddlenlp(tmp_path: Path) -> None:
    header, row = ("label", "text_b", "text_a"), (2, "题", "问")
    pairs = read_labelled_pairs(write_rows(tmp_path / "f", header, row))
    assert [pairs.texts[pairs.queries[0]], pairs.texts[pairs.titles[0]]] == ["问", "题"]
    assert pairs.labels.tolist() == [2]


@pytest.mark.parametrize(
    ("header", "wanted"),
    [(("title", "query", "score"), ["问", "题"]), (("text_a", "text_b", "label"), ["题", "问"])],
)
def test_a_header_is_never_a_pair(
    tmp_path: Path, header: tuple[str, ...], wanted: list[str]
) -> None:
    pairs = read_unlabelled_pairs(write_rows(tmp_path / "f", header, ("题", "问", 1)))
    assert [(pairs.texts[q], pairs.texts[t]) for q, t in zip(pairs.queries, pairs.titles)] == [
        tuple(wanted)
    ]


def test_a_text_that_is_a_columns_name_is_a_text(tmp_path: Path) -> None:
    pairs = read_unlabelled_pairs(write_rows(tmp_path / "f", ("what is a title", "title", 0.5)))
    assert pairs.texts == ["what is a title", "title"]


@pytest.mark.parametrize(
    ("read", "header", "reason"),
    [
        (
            read_triples,
            ("问", "正", "负"),
            "no header, but '问', '正', '负'; put the line",
        ),
        (read_labelled_pairs, ("问", "题", 1), "put the line query<TAB>title<TAB>label above it"),
        (read_labelled_pairs, ("q,t,l",), "not separated by tabs"),
        (read_triples, ("query", "title", "label"), "the header has no column neg_title"),
        (read_labelled_pairs, ("query", "title", "neg_title"), "the header has no column label"),
        (read_labelled_pairs, ("query", "title", "title", "label"), "names title 2 times"),
        (read_labelled_pairs, ("query", "title", "text_b", "label"), "names title 2 times"),
        (read_unlabelled_pairs, ("query", "para"), "the header has no column title"),
    ],
)
def test_a_first_row_that_is_no_header_is_refused(
    tmp_path: Path,
    read: Callable[[Path, int], object],
    header: tuple[object, ...],
    reason: str,
) -> None:
    path = write_rows(tmp_path / "f", header, *[("甲", "乙", "1", "1")[: len(header)]] * 3)
    with pytest.raises(DataError, match=reason) as caught:
        read(path, 100)
    assert caught.value.field == f"{path}:1"


def test_a_header_among_the_rows_is_malformed(tmp_path: Path) -> None:
    header = ("query", "title", "neg_title")
    path = write_rows(tmp_path / "f", header, ("a", "b", "c"), header, ("d", "e", "f"))
    with pytest.raises(DataError, match=r"f:3: the header again"):
        read_triples(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"a\tb", "expected 3 tab-separated columns, found 2"),
        (b"a\tb\t1\t2", "expected 3 tab-separated columns, found 4"),
        (b" \tb\t1", "column 1 (query) is empty"),
        (b"a\t \t1", "column 2 (title) is empty"),
        (b"a\tb\tx", "label 'x' is not an integer"),
        (b"a\tb\t-1", "label '-1' is not an integer"),
        (b"a\tb\t1.5", "label '1.5' is not an integer"),
        (b"a\t\xff\t1", "invalid UTF-8 at byte 2"),
    ],
)
def test_malformed_rows_name_file_and_line(
    tmp_path: Path, line: bytes, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.tsv"
    path.write_bytes(b"query\ttitle\tlabel\ngood\tgood\t1\n" + line + b"\ngood\tgood\t0\n")
    with pytest.raises(DataError) as caught:
        read_labelled_pairs(path)
    assert str(caught.value).startswith(f"{path}:3: {reason}")
    assert "1 malformed" in str(caught.value)
    assert len(read_labelled_pairs(path, max_bad_rows=1).labels) == 2
    assert f"{path}:3: {reason}" in capsys.readouterr().err


def test_limit_counts_every_bad_row(tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "f", ("query", "title", "neg_title"), *[("a", "b")] * 5, ("a", "b", "c")
    )
    with pytest.raises(DataError, match="5 malformed rows in all"):
        read_triples(path, max_bad_rows=4)
    assert len(read_triples(path, max_bad_rows=5).queries) == 1


@pytest.mark.parametrize("content", [None, b"", b"query\ttitle\tlabel\n"])
def test_missing_and_empty_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "f.tsv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"f\.tsv"):
        read_labelled_pairs(path)


def test_encoded_rows_are_the_encoders(files: Files) -> None:
    """Whatever order they are encoded in, they come back in the file's."""
    encoder = PairEncoder.load(files.model, 12)
    triples = read_triples(files.triples)
    encoded = encode(encoder, triples.texts, triples.queries, triples.neg_titles)
    pairs = zip(triples.queries, triples.neg_titles)
    wanted = encoder.encode_pairs([(triples.texts[q], triples.texts[n]) for q, n in pairs])
    assert len(encoded) == len(wanted)
    assert encoded.lengths.tolist() == [len(row.input_ids) for row in wanted]
    chosen = np.array([5, 0, 89, 5])
    for row, i in zip(encoded.rows(chosen), chosen):
        assert row.input_ids.tolist() == wanted[i].input_ids.tolist()
        assert row.token_type_ids.tolist() == wanted[i].token_type_ids.tolist()


def test_100000_rows_are_read_in_seconds(tmp_path: Path) -> None:
    words = [CHARACTERS[i:] + str(i) for i in range(60)]
    rows = [(words[i % 60], words[i % 59], words[i % 58]) for i in range(100_000)]
    path = write_rows(tmp_path / "big.tsv", ("query", "title", "neg_title"), *rows)
    # of this process: others may be at work
    started = time.process_time()
    triples = read_triples(path)
    assert time.process_time() - started < 10
    assert len(triples.queries) == 100_000
    assert len(triples.texts) == 60
