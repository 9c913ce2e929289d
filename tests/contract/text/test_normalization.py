# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The frozen Unicode table: the words of Python 3.9's data on every Python, and nothing else's."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.errors import SetUpError
from contract.text.make_unicode_table import replacement
from contract.text.normalization import LONGEST_WORD, Normalizer, WordReader
from contract.text.unicode_table import (
    COMPATIBILITY_FILE,
    SYMBOL_FILE,
    TABLE_FILE,
    UNICODE_VERSION,
    CompatibilityTable,
    UnicodeTable,
)
from tests.contract.nasty_texts import nasty_texts

# of what str.lower and unicodedata of Python 3.9 made of them, before there was a table
EVERY_CODE_POINT = {
    True: "6d6de542297586094503df95a311e757bda42316b6bad84d9ad47c8895539a49",
    False: "5976b9dbabead8a774242b28bb79be0c01a8f11f05606bf8c5730be8b443324c",
}
BESIDE_SIGMAS = "f0468ddd16147a93a646c6d1ec33f1c907f11661dce8d95f8ab5533838d00294"
REAL_TEXTS = {
    True: "0a11fe47c12800b6725f9c848df28996c43006ac881774b3f7889165424e1637",
    False: "93a1a4eda06fb12642f753d21eb0c0f75bb687b45738ab92626774b7be1c6a65",
}

has_the_data = pytest.mark.skipif(
    unicodedata.unidata_version != UNICODE_VERSION,
    reason=f"this Python has the data of Unicode {unicodedata.unidata_version}, the table is of "
    f"{UNICODE_VERSION}",
)
both_modes = pytest.mark.parametrize("lower_case", [True, False])


def digest(texts: Iterator[str]) -> str:
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode("utf-8") + b"\n")
    return found.hexdigest()


@both_modes
def test_every_code_point_is_normalized_as_by_python_3_9(lower_case: bool) -> None:
    normalize = Normalizer(lower_case)
    words = (normalize(chr(code_point)) for code_point in range(sys.maxunicode + 1))
    assert digest(words) == EVERY_CODE_POINT[lower_case]


def test_a_sigma_beside_every_code_point_is_as_by_python_3_9() -> None:
    def texts() -> Iterator[str]:
        for start in range(0, sys.maxunicode + 1, 0x1000):
            chars = [chr(code_point) for code_point in range(start, start + 0x1000)]
            contexts = ("a{}\u03a3", "{}\u03a3", "a\u03a3{}a", "a\u03a3{}")
            yield "\n".join(context.format(char) for char in chars for context in contexts)

    normalize = Normalizer(lower_case=True)
    assert digest(normalize(text) for text in texts()) == BESIDE_SIGMAS


@both_modes
def test_real_texts_are_normalized_as_by_python_3_9(shared_data: Path, lower_case: bool) -> None:
    normalize = Normalizer(lower_case)
    words = []
    for name in ("cmedir.jsonl", "stard.jsonl"):
        with (shared_data / name).open(encoding="utf-8") as lines:
            for entry in map(json.loads, lines):
                words += [normalize(entry["query"]), *(normalize(d["text"]) for d in entry["docs"])]
    assert digest(iter(words)) == REAL_TEXTS[lower_case]


def make_table(repository: Path, output: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "contract.text.make_unicode_table", "--output", str(output)],
        cwd=repository,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )


@has_the_data
def test_the_table_is_what_its_command_writes(tmp_path: Path, repository: Path) -> None:
    output = tmp_path / "table.txt"
    assert make_table(repository, output).returncode == 0
    assert output.read_bytes() == TABLE_FILE.read_bytes()
    beside = output.with_name(COMPATIBILITY_FILE.name)
    assert beside.read_bytes() == COMPATIBILITY_FILE.read_bytes()
    assert output.with_name(SYMBOL_FILE.name).read_bytes() == SYMBOL_FILE.read_bytes()


@pytest.mark.skipif(
    unicodedata.unidata_version == UNICODE_VERSION, reason="this Python has the table's data"
)
def test_a_python_with_other_data_is_refused(tmp_path: Path, repository: Path) -> None:
    output = tmp_path / "table.txt"
    done = make_table(repository, output)
    assert done.returncode == 2
    assert UNICODE_VERSION in done.stderr
    assert not output.exists()


@has_the_data
@both_modes
def test_nasty_texts_are_normalized_by_the_rules(lower_case: bool) -> None:
    class Rules(dict[int, str]):
        def __missing__(self, code_point: int) -> str:
            return replacement(chr(code_point), lower_case)

    normalize, rules = Normalizer(lower_case), Rules()
    for text in nasty_texts(seed=1, count=300):
        assert normalize(text) == (text.lower() if lower_case else text).translate(rules)


@both_modes
def test_only_spaces_separate_words(lower_case: bool) -> None:
    """Words are split by ``str.split``, and by what each tokenizer takes for a space."""
    normalize = Normalizer(lower_case)
    words = "".join(normalize(chr(code_point)) for code_point in range(sys.maxunicode + 1))
    assert {char for char in set(words) if char.isspace()} == {" "}


def read_in_parts(normalize: Normalizer, text: str, part: int, most: int) -> str:
    reader = WordReader(normalize, text, most)
    words = []
    while reader.left:
        words.append(reader.read(part))
    return "".join(words)


@both_modes
@pytest.mark.parametrize("part", [1, 7, 100, 1024, 5000])
def test_parts_have_the_words_of_the_whole_text(lower_case: bool, part: int) -> None:
    def shown(words: str) -> list[str]:
        return [word[: LONGEST_WORD + 1] for word in words.split()]

    normalize = Normalizer(lower_case)
    for text in nasty_texts(seed=part, count=100):
        words = shown(read_in_parts(normalize, text, part, len(text)))
        assert words == shown(normalize(text)), ascii(text)
        # and of one that is bounded, those of what may be read
        words = shown(read_in_parts(normalize, text, part, 500))
        assert words == shown(normalize(text[:500])), ascii(text)


def test_a_sigma_sees_what_stands_beyond_the_part_in_which_it_is_read() -> None:
    normalize = Normalizer(lower_case=True)
    words = "a\u03a3 a\u03a3.\u03a3a a''\u03a3'' \u03a3 a\u03a3' a \u03a3."
    for spaces in range(64 - len(words) - 2, 64 + 2):
        text = " " * spaces + words + " a" * 100
        found = read_in_parts(normalize, text, 64, len(text))
        assert found.split() == normalize(text).split()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot read"), (b"\xff", "cannot read"), (b"# Unicode version: 1.0\n", "13.0.0")],
)
def test_a_damaged_table_is_named(tmp_path: Path, content: object, message: str) -> None:
    path = tmp_path / "table.txt"
    if isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(SetUpError, match=message) as caught:
        UnicodeTable(path)
    assert str(path) in str(caught.value)


# of NFKC by Python 3.9's data, and of the radicals' map
COMPATIBILITY = "0cb2c06deac456fad31c02db31f1a5749a441e070d35a12b7b99102ed7e960c2"


def test_every_code_point_stands_for_the_same_on_every_python() -> None:
    table = CompatibilityTable()
    points = (c for c in range(sys.maxunicode + 1) if not 0xD800 <= c < 0xE000)
    assert digest(table.stands_for(code_point) for code_point in points) == COMPATIBILITY


@has_the_data
def test_it_is_nfkc_of_each_character_but_for_radicals() -> None:
    table = CompatibilityTable()
    for code_point in range(sys.maxunicode + 1):
        if not (0xD800 <= code_point < 0xE000 or 0x2E80 <= code_point < 0x2F00):
            plain = unicodedata.normalize("NFKC", chr(code_point))
            assert table.stands_for(code_point) == plain, hex(code_point)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("\uff21\uff22\uff23\uff11\uff12", "abc12"),
        ("\u2f00\u2f24\u2f08\u2f47", "\u4e00\u5927\u4eba\u65e5"),
        ("\u2ea0\u2ed3\u2ee2\u2e9f", "\u6c11\u957f\u9a6c\u6bcd"),
        ("\u3231\u33a1\u2460", "(\u682a)m21"),
        ("\uff76\uff9e", "\u30ab"),
        ("\ufb01\u017f\u2103\u2026", "fis\u00b0c..."),
        ("\U0001d400\U0001d7ce", "a0"),
    ],
)
def test_look_alikes_have_the_words_of_what_they_stand_for(text: str, same: str) -> None:
    compatible, plain = (Normalizer(lower_case=True, compatible=yes) for yes in (True, False))
    assert compatible(text) == plain(same)
    assert plain(text) != plain(same)
