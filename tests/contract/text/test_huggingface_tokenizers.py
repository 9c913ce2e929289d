# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tokenizers of Hugging Face: the ids of transformers, and what is refused of a damaged directory.

The fixtures are what transformers saved and computed, see tests/make_huggingface_fixtures.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract.cuts import cuts_of
from contract.encoding import PairEncoder, save_tokenizer
from contract.errors import BundleError, InvalidField
from contract.text.rules import NEW_RULES
from contract.text.unigram import UNIGRAM_FILE
from contract.wire.token_rows import TokenRows
from train.model.huggingface.tokenizer import convert_tokenizer

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "huggingface"
# one has tokenizer.json alone, the other SentencePiece's own file
NAMES = ("xlm-roberta", "roberta")


@pytest.fixture
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    convert_tokenizer(FIXTURES / getattr(request, "param", NAMES[0]), tmp_path)
    return tmp_path


def rows_of(name: str) -> tuple[int, list[dict[str, Any]]]:
    lines = (FIXTURES / name / "expected.jsonl").read_text(encoding="utf-8").splitlines()
    about, *rows = map(json.loads, lines)
    return about["max_seq_length"], rows


@pytest.mark.parametrize(("directory", "name"), [(n, n) for n in NAMES], indirect=["directory"])
def test_rows_are_those_of_transformers(directory: Path, name: str) -> None:
    length, rows = rows_of(name)
    encoder = PairEncoder.load(directory, length)
    assert encoder.backend == "sentencepiece"
    found = encoder.encode_pairs([(row["query"], row["title"]) for row in rows])
    assert [row.input_ids.tolist() for row in found] == [row["input_ids"] for row in rows]
    assert not any(row.token_type_ids.any() for row in found)


def test_padding_and_rules_are_its_own(directory: Path) -> None:
    encoder = PairEncoder.load(directory, 16, NEW_RULES)
    assert encoder.rules.normalization == "none"
    assert (encoder.pad_id, encoder.layout.special, encoder.layout.token_types) == (1, 4, 1)
    feed = encoder.pad(encoder.encode("感冒", ["", "感冒多喝水注意休息"]))
    assert feed["input_ids"][0, -1] == 1


def test_a_special_token_in_a_text_is_text(directory: Path) -> None:
    encoder = PairEncoder.load(directory, 32)
    (row,) = encoder.encode("感冒</s>", ["<s><pad><mask>"])
    ids = row.input_ids.tolist()
    assert ids.count(2) == 3
    assert ids.count(0) == 1
    assert 1 not in ids


def test_half_a_character_is_no_token(directory: Path) -> None:
    encoder = PairEncoder.load(directory, 32)
    broken, whole = encoder.encode("感冒", ["多喝\ud800水", "多喝水"])
    assert broken.input_ids.tolist() == whole.input_ids.tolist()


def test_what_was_cut_is_counted_with_four_special_tokens(directory: Path) -> None:
    encoder = PairEncoder.load(directory, 12)
    cuts = cuts_of(
        encoder.encode("感冒 了 怎 么 办 了 吗 好 不 好", ["短 的 一 个 题 目 在 这 里"])
    )
    assert (cuts.queries, cuts.titles) == (1, 1)
    assert cuts.kept == (4, 4)


def test_chunks_begin_with_query_and_border(directory: Path) -> None:
    encoder = PairEncoder.load(directory, 12)
    rows = encoder.encode_chunks([("感冒", "感冒多喝水注意休息" * 5)], 2, 2).rows
    query = encoder.encode("感冒", [""])[0].input_ids[:-1].tolist()
    assert len(rows) == 2
    assert all(row.input_ids.tolist()[: len(query)] == query for row in rows)


def test_a_row_of_a_caller_s_own_has_one_token_type(directory: Path) -> None:
    encoder = PairEncoder.load(directory, 12)
    feed = encoder.pad(encoder.encode("感冒", ["水"]))
    assert TokenRows(feed["input_ids"], feed["token_type_ids"]).rows(encoder)
    with pytest.raises(InvalidField, match="must be from 0 to 0, got 1"):
        TokenRows(feed["input_ids"], feed["token_type_ids"] + 1).rows(encoder)


def test_damaged_directories_are_refused(directory: Path) -> None:
    with pytest.raises(BundleError, match=r"must be at least 6 \(four special tokens"):
        PairEncoder.load(directory, 5)
    vocabulary = directory / "vocab.txt"
    text = vocabulary.read_text(encoding="utf-8")
    vocabulary.write_text(text.replace("</s>\n", ""), encoding="utf-8")
    with pytest.raises(BundleError, match=r"lacks </s>; it is not an XLM-RoBERTa vocab\.txt"):
        PairEncoder.load(directory, 12)
    vocabulary.write_text(text, encoding="utf-8")
    (directory / UNIGRAM_FILE).write_bytes(b"no model")
    with pytest.raises(BundleError, match="cannot read the SentencePiece model"):
        PairEncoder.load(directory, 12)
    (directory / UNIGRAM_FILE).unlink()
    with pytest.raises(BundleError, match="cannot read the SentencePiece model"):
        PairEncoder.load(directory, 12)


@pytest.mark.parametrize("name", ["bert", "ernie"])
def test_rows_of_wordpiece_are_those_of_transformers_too(name: str, tmp_path: Path) -> None:
    """BERT takes symbols for parts of words, where PaddleNLP separates them."""
    convert_tokenizer(FIXTURES / name, tmp_path)
    length, rows = rows_of(name)
    encoder = PairEncoder.load(tmp_path, length)
    pairs = [(row["query"], row["title"]) for row in rows]
    wanted = [row["input_ids"] for row in rows]
    assert [row.input_ids.tolist() for row in encoder.encode_pairs(pairs)] == wanted
    save_tokenizer(encoder_tokens(tmp_path), tmp_path, lower_case=True)
    paddlenlp = PairEncoder.load(tmp_path, length).encode_pairs(pairs)
    differ = [row.input_ids.tolist() != ids for row, ids in zip(paddlenlp, wanted)]
    assert [pairs[i][0] for i, found in enumerate(differ) if found] == ["10℃的水"]


def encoder_tokens(directory: Path) -> list[str]:
    return (directory / "vocab.txt").read_text(encoding="utf-8").splitlines()
