# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes tests/fixtures/ernie_tiny: a small tokenizer of ERNIE-tiny's kind, of tests' own words.

Run as ``.venv-card/bin/python -m tests.make_tiny_tokenizer``. Both sets of packages read what one
of them has written, so that their ids can be compared. Most of the model is SentencePiece's own
table of Unicode's compatible forms.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from pathlib import Path

import sentencepiece

from contract.text.sentence_pieces import PIECES_FILE, WORDS_FILE, DictionaryWords
from tests.bundles import SENTENCES
from tests.tiny_tokenizer import TINY_TOKENIZER
from train.model.tokenizer_files import copy_tokenizer
from train.model.word_dictionary import write_words

WORDS = (
    *("语言", "文化", "差异", "西方", "第二", "学习", "一大", "障碍", "感冒", "感冒灵", "颗粒"),
    *("多喝水", "注意", "休息", "劳动", "合同", "到期", "公司", "续签", "怎么办", "用人单位"),
    *("应当", "劳动者", "支付", "经济补偿", "什么", "北京", "title", "apost", "on\nto", "a "),
)
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789,.!?()"
PIECES = 320
# leaves out some pieces, which are [UNK] then, as in ERNIE-tiny's own vocabulary
LEFT_OUT = 19


def sentences() -> Iterator[str]:
    """Of the dictionary's words and of the tests' sentences."""
    chance = random.Random(0)
    cut = DictionaryWords(frozenset(WORDS), bounded=False)
    for sentence in SENTENCES * 40:
        yield cut.first_words(sentence, 1)
    for _ in range(3000):
        yield " ".join(chance.choices([*WORDS, *"".join(SENTENCES[:6])], k=8))
    for _ in range(500):
        yield " ".join(chance.choices(LETTERS, k=6))


def main(directory: Path = TINY_TOKENIZER) -> None:
    """Write it."""
    directory.mkdir(parents=True, exist_ok=True)
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=sentences(),
        model_writer=model,
        vocab_size=PIECES,
        hard_vocab_limit=False,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    (directory / PIECES_FILE).write_bytes(model.getvalue())
    read = sentencepiece.SentencePieceProcessor()
    read.LoadFromSerializedProto(model.getvalue())
    pieces = [read.id_to_piece(i) for i in range(3, read.get_piece_size()) if i % LEFT_OUT]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[MASK]", "[SEP]", *pieces]
    (directory / "vocab.txt").write_text("".join(f"{t}\n" for t in tokens), encoding="utf-8")
    write_words(sorted(WORDS), directory / WORDS_FILE)
    copy_tokenizer(directory, directory)


if __name__ == "__main__":
    main()
