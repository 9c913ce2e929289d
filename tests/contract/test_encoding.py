# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""PairEncoder: the same ids from every tokenizer, rows, truncation, padding, damaged files."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest

from contract.encoding import PairEncoder, Row, save_tokenizer
from contract.errors import BundleError
from contract.text.rules import OF_OLDER_FILES, TITLE_FIRST, TextRules
from contract.text.unicode_table import UNICODE_VERSION
from contract.text.wordpiece import BACKENDS
from tests.bundles import SENTENCES
from tests.contract.backends import require_backend

TOKENS = [
    "[PAD]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "[UNK]",
    *"中文语言差异的ab0123[]",
    "##b",
    "sep",
    "°",
]
# of what PaddleNLP's ErnieTokenizer made of 12,000 pairs on Python 3.9: bundles keep their ids
REAL_ROWS = "780abba09e2210a1c1b83d5f7cc4074092b44ae2cf39c6e1f43ef0bfed5f0aeb"
UNUSUAL_ROWS = "6cef1a2f8f767d89421d92d93389f3433b6ff9cfc039631e5aa4baac372aafcc"


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each backend that is there; the others skip."""
    require_backend(request.param)
    return request.param


@pytest.fixture()
def tokenizer_dir(tmp_path: Path) -> Path:
    save_tokenizer(TOKENS, tmp_path / "tokenizer", lower_case=True)
    return tmp_path / "tokenizer"


@pytest.fixture(scope="module")
def ernie_dir(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ernie")
    shutil.copy(shared_data / "vocab" / "ernie_zh_vocab.txt", directory / "vocab.txt")
    return directory


def real_pairs(shared_data: Path, count: int) -> list[tuple[str, str]]:
    pairs = []
    for name in ("cmedir.jsonl", "stard.jsonl"):
        with (shared_data / name).open(encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                pairs += [(entry["query"], doc["text"]) for doc in entry["docs"]]
    random.Random(0).shuffle(pairs)
    return pairs[:count]


def test_the_documented_pair_has_the_documented_ids(ernie_dir: Path, backend: str) -> None:
    encoder = PairEncoder.load(ernie_dir, 128, backend=backend)
    row = encoder.encode("中西方语言与文化的差异", ["第二语言习得的一大障碍就是文化差异。"])[0]
    assert encoder.backend == backend
    assert row.input_ids.tolist() == [
        *[1, 12, 213, 58, 405, 545, 54, 68, 73, 5, 859, 712, 2, 131, 177, 405, 545, 489, 116],
        *[5, 7, 19, 843, 1767, 113, 10, 68, 73, 859, 712, 12043, 2],
    ]
    assert row.token_type_ids.tolist() == [0] * 13 + [1] * 19
    assert not row.truncated


def test_12000_real_pairs_have_the_ids_that_bundles_were_exported_with(
    ernie_dir: Path, shared_data: Path, backend: str
) -> None:
    pairs = real_pairs(shared_data, 12_000)
    encoder = PairEncoder.load(ernie_dir, 128, OF_OLDER_FILES, backend=backend)
    rows = encoder.encode_pairs(pairs)
    assert len(rows) == 12_000
    digest = hashlib.sha256()
    for row in rows:
        ids, types = row.input_ids.tolist(), row.token_type_ids.tolist()
        digest.update(f"{ids} {types} {row.truncated}\n".encode())
    assert digest.hexdigest() == REAL_ROWS


def test_unusual_code_points_have_the_ids_of_the_whole_ernie_tokenizer_on_python_3_9(
    repository: Path, backend: str
) -> None:
    """By a digest, so that each set's tokenizer is held to the same reference.

    All of the first planes' letters, marks, signs and emoji, and a sample of the rest.
    """
    tokenizer = repository / "tests" / "fixtures" / "wordpiece"
    ranges = (
        range(0x3100),
        range(0xF900, 0x10000),
        range(0x1F000, 0x20000),
        range(0, 0x110000, 101),
    )
    points = sorted({c for part in ranges for c in part if not 0xD800 <= c < 0xE000})
    texts = [text for c in points for text in (f"a{chr(c)}b", f"中{chr(c)}")]
    rows = PairEncoder.load(tokenizer, 128, backend=backend).encode("", texts)
    digest = hashlib.sha256()
    for row in rows:
        digest.update(f"{row.input_ids.tolist()}\n".encode())
    assert digest.hexdigest() == UNUSUAL_ROWS


def unusual_texts() -> Iterator[str]:
    """Every assigned code point but ideographs and Hangul syllables, which are sampled."""
    points = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    rare = [c for c in points if unicodedata.category(c) not in ("Cn", "Co", "Lo")]
    for char in [*rare, *points[::101], "\u023a", "\u023e", "\U0010023a", "\U0010023e"]:
        yield f"a{char}b"
        yield f"中{char}"


@pytest.mark.skipif(
    unicodedata.unidata_version != UNICODE_VERSION,
    reason=f"ErnieTokenizer reads this Python's Unicode {unicodedata.unidata_version}, the table "
    f"is of {UNICODE_VERSION}",
)
def test_the_ids_are_those_of_the_whole_ernie_tokenizer(ernie_dir: Path, backend: str) -> None:
    """On unusual code points; a run over all 1,112,064 takes minutes and agrees as well.

    On real texts, ``REAL_ROWS`` says so.
    """
    transformers = pytest.importorskip("paddlenlp.transformers")
    ernie = transformers.ErnieTokenizer(str(ernie_dir / "vocab.txt"))
    texts = list(unusual_texts())
    rows = PairEncoder.load(ernie_dir, 128, backend=backend).encode("", texts)
    for text, row in zip(texts, rows):
        wanted = ernie.convert_tokens_to_ids(ernie._tokenize(text))
        assert row.input_ids.tolist()[2:-1] == wanted, ascii(text)


def test_special_tokens_in_a_text_are_text(tokenizer_dir: Path, backend: str) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 32, backend=backend)
    row = encoder.encode("中[SEP]", ["[CLS]a"])[0]
    assert row.input_ids.tolist().count(TOKENS.index("[SEP]")) == 2
    assert row.input_ids.tolist().count(TOKENS.index("[CLS]")) == 1
    assert TOKENS.index("sep") in row.input_ids


def test_rows_of_one_call_do_not_depend_on_their_neighbours(tokenizer_dir: Path) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 32)
    titles = ["中", "", "中文语言差异的ab0123" * 9]
    together = encoder.encode("文", titles)
    alone = [encoder.encode("文", [title])[0] for title in titles]
    assert [r.input_ids.tolist() for r in together] == [r.input_ids.tolist() for r in alone]


@pytest.mark.parametrize(
    ("query", "title", "query_tokens", "title_tokens", "truncated"),
    [
        ("中" * 3, "文" * 4, 3, 4, False),
        ("中" * 3, "文" * 5, 3, 4, True),
        ("中" * 7, "文" * 5, 7, 0, True),
        ("中" * 9, "文" * 5, 7, 0, True),
        ("中" * 7, "", 7, 0, False),
    ],
)
def test_title_first_cuts_the_query_only_when_it_is_too_long_alone(
    tokenizer_dir: Path,
    query: str,
    title: str,
    query_tokens: int,
    title_tokens: int,
    truncated: bool,
) -> None:
    row = PairEncoder.load(tokenizer_dir, 10, TextRules(TITLE_FIRST)).encode(query, [title])[0]
    assert row.token_type_ids.tolist() == [0] * (query_tokens + 2) + [1] * (title_tokens + 1)
    assert row.truncated is truncated


def test_padding_is_the_pad_token_and_type_zero(tokenizer_dir: Path) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 32)
    feed = encoder.pad(encoder.encode("中", ["文", "文文文"]))
    assert feed["input_ids"].shape == feed["token_type_ids"].shape == (2, 7)
    assert feed["input_ids"][0, 5:].tolist() == [encoder.pad_id, encoder.pad_id]
    assert feed["token_type_ids"][0, 5:].tolist() == [0, 0]
    assert {array.dtype.name for array in feed.values()} == {"int64"}


def test_what_is_no_character_is_dropped(tokenizer_dir: Path, backend: str) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 32, backend=backend)
    plain, hostile = encoder.encode("中", ["ab", "a\ud800\x00\ufffd\u200bb"])
    assert plain.input_ids.tolist() == hostile.input_ids.tolist()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda d: (d / "vocab.txt").unlink(), "cannot read the vocabulary"),
        (lambda d: (d / "vocab.txt").write_bytes(b"\xff\xfe"), "cannot read the vocabulary"),
        (lambda d: (d / "vocab.txt").write_text("a\nb\n"), "lacks"),
        (lambda d: (d / "tokenizer_config.json").write_text("{"), "tokenizer config"),
        (lambda d: (d / "tokenizer_config.json").write_text("[]"), "tokenizer config"),
    ],
)
def test_a_damaged_tokenizer_is_named(tokenizer_dir: Path, damage: object, message: str) -> None:
    damage(tokenizer_dir)  # type: ignore[operator]
    with pytest.raises(BundleError, match=message):
        PairEncoder.load(tokenizer_dir, 32)


def test_bad_arguments_are_named(tokenizer_dir: Path) -> None:
    with pytest.raises(BundleError, match="max_seq_length"):
        PairEncoder.load(tokenizer_dir, 4)
    with pytest.raises(BundleError, match="backend"):
        PairEncoder.load(tokenizer_dir, 32, backend="jieba")


def test_a_list_longer_than_one_call_of_the_tokenizer_keeps_its_order(tokenizer_dir: Path) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 64)
    titles = [SENTENCES[i % len(SENTENCES)][: 1 + i % 11] + str(i) for i in range(200)]
    together = encoder.encode(SENTENCES[0], titles)
    for title, row in zip(titles, together):
        assert row.input_ids.tolist() == encoder.encode(SENTENCES[0], [title])[0].input_ids.tolist()


def test_a_padded_length_is_rounded_up_but_not_beyond_the_longest_row(tokenizer_dir: Path) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 64)
    rows = encoder.encode("感冒", ["感冒灵", "感冒"])
    longest = max(len(row.input_ids) for row in rows)
    assert encoder.pad(rows, 8)["input_ids"].shape == (2, -(-longest // 8) * 8)
    plain, rounded = encoder.pad(rows), encoder.pad(rows, 8)
    for name, values in plain.items():
        assert rounded[name][:, :longest].tolist() == values.tolist()
        assert not rounded[name][:, longest:].any()
    assert encoder.pad(rows, 1000)["input_ids"].shape == (2, encoder.max_seq_length)


def titles_of(encoder: PairEncoder, rows: list[Row]) -> list[list[int]]:
    """The tokens of each row's title."""
    return [row.input_ids[row.token_type_ids == 1][:-1].tolist() for row in rows]


def test_chunks_hold_the_whole_title_in_its_order(tokenizer_dir: Path) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 12)
    pairs = [("中文", "语言差异的ab" * 3), ("中文", "语"), ("中文", "")]
    whole = PairEncoder.load(tokenizer_dir, 512)
    encoded = encoder.encode_chunks(pairs, None, 64)
    assert encoded.owners is not None
    for index, row in enumerate(whole.encode_pairs(pairs)):
        own = [r for r, owner in zip(encoded.rows, encoded.owners) if owner == index]
        together = [token for title in titles_of(encoder, own) for token in title]
        assert together == titles_of(whole, [row])[0]
        assert all(len(r.input_ids) <= 12 for r in own)
        assert len(own) == max(1, -(-len(titles_of(whole, [row])[0]) // 7))
    assert encoded.truncated == ()


@pytest.mark.parametrize(("most", "chunks", "rows", "cut"), [
    (None, 1, 1, (0,)), (3, 1, 1, (0,)), (3, 4, 4, (0,)), (None, 3, 3, ()), (30, 64, 3, ()),
])  # fmt: skip
def test_chunks_are_bounded_and_what_is_cut_is_told(
    tokenizer_dir: Path, most: Optional[int], chunks: int, rows: int, cut: tuple[int, ...]
) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 12)
    encoded = encoder.encode_chunks([("中文", "语言差异的" * 3)], most, chunks)
    assert len(encoded.rows) == rows
    assert encoded.truncated == cut
    if most == 3:
        assert all(len(title) == 3 for title in titles_of(encoder, list(encoded.rows)))


def test_without_limits_chunks_are_plain_rows(tokenizer_dir: Path) -> None:
    encoder = PairEncoder.load(tokenizer_dir, 12)
    pairs = [("中文", "语言" * 9), ("语", "a")]
    encoded = encoder.encode_chunks(pairs, None, 1)
    assert encoded.owners is None
    assert encoded.truncated == (0,)
    plain = encoder.encode_pairs(pairs)
    assert [r.input_ids.tolist() for r in encoded.rows] == [r.input_ids.tolist() for r in plain]
