# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""ERNIE-tiny's tokens: the ids of PaddleNLP's tokenizer on both sets, and what is refused."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.encoding import PairEncoder
from contract.errors import BundleError
from contract.text.sentence_pieces import (
    PICKLED_WORDS_FILE,
    PIECES_FILE,
    TINY_CLASS,
    WORDS_FILE,
    DictionaryWords,
)
from tests.bundles import SENTENCES
from tests.contract.test_encoding import real_pairs
from tests.tiny_tokenizer import TINY_TOKENIZER, as_paddlenlp

LENGTH = 512
# digests of what PaddleNLP's ErnieTinyTokenizer makes of the texts below on Python 3.9
UNUSUAL = "853b975f8ed50a5511dfc54c516971fed95b4eb5cedf60237d07fbab3d2c46b5"
REAL = "ee169b599cc659bed6e939b486dbe2427cfbcdb118a9960e5e879d47ce843580"


@pytest.fixture(scope="module")
def encoder() -> PairEncoder:
    return PairEncoder.load(TINY_TOKENIZER, LENGTH)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(TINY_TOKENIZER, tmp_path / "tokenizer"))


def unusual_texts() -> list[str]:
    """Signs, letters with and without small forms, blanks, and long texts of the dictionary."""
    points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    chosen = [*range(0x3100), *range(0xA640, 0xAC00), *range(0xF900, 0x11000), *points[::101]]
    chance = random.Random(1)
    parts = [*"".join(SENTENCES), *"   \t\n", "语言", "感冒灵", "on\nto", "a ", "TITLE", "İ", "ΑΣ"]
    long = ["".join(chance.choices(parts, k=chance.randint(1, 3000))) for _ in range(30)]
    return [text for c in chosen for text in (f"a{chr(c)}b", f"语言{chr(c)}")] + long


def real_texts(shared_data: Path) -> list[str]:
    return [text for pair in real_pairs(shared_data, 6_000) for text in pair]


def ids_of(encoder: PairEncoder, texts: list[str]) -> Iterator[list[int]]:
    """Of each text, alone in its row, without special tokens."""
    for row in encoder.encode("", texts):
        yield row.input_ids.tolist()[2:-1]


def paddlenlp_ids(directory: Path, texts: list[str]) -> Iterator[list[int]]:
    """As :func:`ids_of`, by PaddleNLP."""
    transformers = pytest.importorskip("paddlenlp.transformers")
    files = [as_paddlenlp(directory) / n for n in ("vocab.txt", PIECES_FILE, PICKLED_WORDS_FILE)]
    tiny = transformers.ErnieTinyTokenizer(*map(str, files))
    for text in texts:
        yield tiny.convert_tokens_to_ids(tiny.tokenize(text))[: LENGTH - 3]


def digest(ids: Iterator[list[int]]) -> str:
    found = hashlib.sha256()
    for own in ids:
        found.update(f"{own}\n".encode())
    return found.hexdigest()


def test_unusual_texts_have_the_ids_of_paddlenlp(encoder: PairEncoder, tmp_path: Path) -> None:
    texts = unusual_texts()
    theirs = list(paddlenlp_ids(tmp_path, texts))
    for text, own, wanted in zip(texts, ids_of(encoder, texts), theirs):
        assert own == wanted, repr(text[:40])
    assert digest(iter(theirs)) == UNUSUAL


def test_real_texts_have_the_ids_of_paddlenlp(
    encoder: PairEncoder, shared_data: Path, tmp_path: Path
) -> None:
    texts = real_texts(shared_data)
    theirs = list(paddlenlp_ids(tmp_path, texts))
    assert list(ids_of(encoder, texts)) == theirs
    assert digest(iter(theirs)) == REAL


def test_unusual_texts_have_the_ids_that_were_recorded(encoder: PairEncoder) -> None:
    """On each set, and so on each Python and each SentencePiece."""
    assert digest(ids_of(encoder, unusual_texts())) == UNUSUAL


def test_real_texts_have_the_ids_that_were_recorded(
    encoder: PairEncoder, shared_data: Path
) -> None:
    assert digest(ids_of(encoder, real_texts(shared_data))) == REAL


def test_a_pair_has_the_tokens_of_both_texts(encoder: PairEncoder) -> None:
    row = encoder.encode(SENTENCES[0], [SENTENCES[1]])[0]
    query, title = ids_of(encoder, list(SENTENCES[:2]))
    cls, sep = 2, 4
    assert encoder.backend == "sentencepiece"
    assert row.input_ids.tolist() == [cls, *query, sep, *title, sep]
    assert row.token_type_ids.tolist() == [0] * (len(query) + 2) + [1] * (len(title) + 1)


@pytest.mark.parametrize("length", [8, 20, 64])
def test_what_is_cut_off_changes_no_token_before_it(encoder: PairEncoder, length: int) -> None:
    """Of a long text no more is read than the row may need."""
    short = PairEncoder.load(TINY_TOKENIZER, length)
    texts = [text * 3 for text in unusual_texts()[-30:]] + list(SENTENCES)
    for whole, part in zip(ids_of(encoder, texts), ids_of(short, texts)):
        assert part == whole[: length - 3]


def test_of_a_long_text_only_what_is_needed_is_read() -> None:
    class Text(str):
        read = 0

        def __getitem__(self, place: Any) -> str:
            Text.read = max(Text.read, place.stop)
            return str.__getitem__(self, place)

    words = DictionaryWords(frozenset({"语言"}), bounded=True)
    assert words.first_words(Text("语言文化" * 100_000), 4) == "语言 文 化 语言"
    assert 0 < Text.read < 5_000


def test_names_of_special_tokens_are_text(encoder: PairEncoder) -> None:
    special = {0, 2, 3, 4}
    for ids in ids_of(encoder, ["[SEP]", "a[CLS] b", "[PAD]感冒[MASK]"]):
        assert ids and not special & set(ids)


def test_half_a_character_is_dropped(encoder: PairEncoder) -> None:
    whole, half = ids_of(encoder, ["感冒灵", "感\ud800冒灵"])
    assert whole == half


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        (PIECES_FILE, b"no model", "cannot read the SentencePiece model"),
        (PIECES_FILE, None, "cannot read the SentencePiece model"),
        (WORDS_FILE, b"{}", "cannot read the words"),
        (WORDS_FILE, b"[1]", "cannot read the words"),
        (WORDS_FILE, None, "cannot read the words"),
        ("tokenizer_config.json", b"[1]", "cannot read the tokenizer config"),
        (
            "tokenizer_config.json",
            json.dumps({"tokenizer_class": TINY_CLASS, "do_lower_case": False}).encode(),
            "do_lower_case must be true",
        ),
    ],
)
def test_a_damaged_file_is_named(name: str, content: Any, message: str, damaged: Path) -> None:
    (damaged / name).unlink()
    if content is not None:
        (damaged / name).write_bytes(content)
    with pytest.raises(BundleError, match=message) as caught:
        PairEncoder.load(damaged, LENGTH)
    assert str(damaged) in str(caught.value)


def test_a_pickle_is_not_read_while_serving(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=f"{PICKLED_WORDS_FILE}.*export_to_serving --bundle"):
        PairEncoder.load(as_paddlenlp(tmp_path), LENGTH)


def test_the_class_says_which_tokenizer_it_is(damaged: Path) -> None:
    """The files, only where the configuration names no class."""
    config = damaged / "tokenizer_config.json"
    config.unlink()
    assert PairEncoder.load(damaged, LENGTH).backend == "sentencepiece"
    config.write_text("{}", encoding="utf-8")
    assert PairEncoder.load(damaged, LENGTH).backend == "sentencepiece"
    config.write_text('{"tokenizer_class": "ErnieTokenizer"}', encoding="utf-8")
    assert PairEncoder.load(damaged, LENGTH).backend != "sentencepiece"


def test_a_model_whose_pieces_go_over_spaces_reads_the_whole_text(tmp_path: Path) -> None:
    """What is cut off might change the pieces before it."""
    words = DictionaryWords(frozenset(), bounded=False)
    assert words.first_words("语言文化", 1) == "语 言 文 化"
    bounded = DictionaryWords(frozenset(), bounded=True)
    assert bounded.first_words("语言文化", 1) == "语"
