# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What was cut is counted by pairs, and said in sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.cuts import Cuts, counted, cuts_of, doubts_of, warnings_of
from contract.encoding import PairEncoder, save_tokenizer
from contract.text.rules import LONGEST_FIRST, TITLE_FIRST, TextRules

TOKENS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "中", "文"]
NOTHING = ("", " \n", "\u200b", "\ufeff\x00\u202e", "\u200d" * 90_000)


@pytest.fixture
def tokenizer(tmp_path: Path) -> Path:
    save_tokenizer(TOKENS, tmp_path, lower_case=True)
    return tmp_path


def test_pairs_are_counted_and_chunks_are_not(tokenizer: Path) -> None:
    encoder = PairEncoder.load(tokenizer, 13, TextRules(LONGEST_FIRST))
    pairs = [("中" * 9, "文" * 40), ("中" * 99, "文"), ("中", "文"), ("\x00", "文"), ("中", "\x00")]
    for chunks, titles in ((1, 1), (3, 1), (64, 0)):
        rows = encoder.encode_chunks(pairs, None, chunks)
        cuts = cuts_of(rows.rows, rows.owners)
        assert cuts == Cuts(2, titles, 0, 11, False, (5, 9), 1, 1)
    one, other = (cuts_of(encoder.encode_pairs(part)) for part in (pairs[:1], pairs[1:]))
    assert one + other == other + one == cuts_of(encoder.encode_pairs(pairs))
    assert Cuts() + one == one
    assert counted(one + other, 5) == (
        "of 5 pairs: 2 queries cut, 1 titles cut, 1 queries without a token, "
        "1 titles without a token"
    )
    assert counted(cuts_of(encoder.encode("中", ["文"])), 1) == ""


def test_sentences_have_the_numbers(tokenizer: Path) -> None:
    encoder = PairEncoder.load(tokenizer, 13, TextRules(LONGEST_FIRST))
    cuts = cuts_of(encoder.encode("中" * 9, ["文" * 40, "文" * 3, "文"]))
    said = "the query had 9 tokens, of which 5 to 7 were kept beside the documents"
    assert doubts_of(cuts) == (said,)
    assert warnings_of(cuts) == ("1 document had more tokens than a row takes and was cut", said)
    older = PairEncoder.load(tokenizer, 13, TextRules(TITLE_FIRST))
    assert doubts_of(cuts_of(older.encode("中" * 10, ["文", "文文", ""]))) == (
        "2 documents were left with no token, since the query takes the whole row; "
        "shorten the query",
        "1 document has no token: nothing, or only spaces and characters that are not read, "
        "such as U+200B",
    )


def test_a_query_is_counted_by_a_full_row_of_its_title(tokenizer: Path) -> None:
    encoder = PairEncoder.load(tokenizer, 13, TextRules(LONGEST_FIRST))
    rows = encoder.encode_chunks([("中" * 9, "文" * 13)], 4, 64)
    assert [len(row.input_ids) for row in rows.rows] == [13, 13, 13, 10]
    cuts = cuts_of(rows.rows, rows.owners)
    assert doubts_of(cuts) == ("the query had 9 tokens, of which 6 were kept beside the documents",)


@pytest.mark.parametrize("text", NOTHING, ids=lambda text: ascii(text[:3]))
def test_a_text_of_nothing_that_is_read_has_no_token(tokenizer: Path, text: str) -> None:
    encoder = PairEncoder.load(tokenizer, 13)
    for chunks in (1, 2):
        rows = encoder.encode_chunks([("中", text), (text, "文")], None, chunks).rows
        assert [(row.query_kept, row.title_tokens, row.truncated) for row in rows] == [
            (1, 0, False),
            (0, 1, False),
        ]
        assert cuts_of(rows) == Cuts(empty_queries=1, empty_titles=1)
