# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The vocabulary built from texts is one that the encoder reads and that covers them."""

from collections import Counter
from pathlib import Path

import pytest

from contract.encoding import PairEncoder, save_tokenizer
from train.vocabulary import SPECIAL_TOKENS, build_vocabulary, count_words, main, read_texts

TEXTS = ["糖尿病能吃西瓜吗", "糖尿病的症状", "HIV 检测 xywy.com", "HIV 传播", "糖"]


def build(size=200, min_count=1):
    return build_vocabulary(count_words(TEXTS), size, min_count)


def test_special_tokens_come_first_and_nothing_twice():
    tokens = build()
    assert tuple(tokens[: len(SPECIAL_TOKENS)]) == SPECIAL_TOKENS
    assert len(tokens) == len(set(tokens))


def test_frequent_tokens_come_before_rare_ones():
    tokens = build()
    assert tokens.index("糖") < tokens.index("尿") < tokens.index("症")


def test_words_are_lower_case_and_whole_ones_are_kept():
    assert "hiv" in build()
    assert "HIV" not in build()


def test_rare_characters_are_left_out_but_letters_never():
    tokens = build(min_count=2)
    assert "症" not in tokens
    assert {"q", "##q", "7", "##7"} <= set(tokens)


def test_the_size_is_a_bound():
    assert len(build(size=90)) == 90


def test_the_encoder_reads_it_and_knows_unseen_words_by_pieces(tmp_path):
    tokens = build()
    save_tokenizer(tokens, tmp_path, lower_case=True)
    (row,) = PairEncoder.load(tmp_path, 32).encode("HIV", ["qz7 糖龘"])
    names = [tokens[i] for i in row.input_ids]
    expected = ["[CLS]", "hiv", "[SEP]", "q", "##z", "##7", "糖", "[UNK]", "[SEP]"]
    assert names == expected


def test_a_very_long_line_is_counted_as_short_ones_are(tmp_path: Path) -> None:
    words = [word for i in range(60_000) for word in (f"hiv{i % 7}", "糖尿病", "b")]
    one_line, many = tmp_path / "one", tmp_path / "many"
    one_line.write_text(" ".join(words), encoding="utf-8")
    many.write_text("\n".join(words), encoding="utf-8")
    parts = list(read_texts([one_line]))
    assert "".join(parts) == one_line.read_text(encoding="utf-8")
    assert max(map(len, parts)) < 100_000
    assert (
        count_words(parts)
        == count_words(read_texts([many]))
        == Counter(
            character for word in words for character in (word if word == "糖尿病" else [word])
        )
    )


def test_a_line_of_one_word_ends(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("a" * 300_000, encoding="utf-8")
    assert max(map(len, read_texts([tmp_path / "f"]))) < 150_000


def test_a_missing_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "no"), "--output_dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(f"vocabulary: {tmp_path / 'no'}: cannot be read")
