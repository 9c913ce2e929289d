# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The encoder in C++: the rows of the other backends, threads, and what stands in for it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import EXTENSION_SUFFIXES
from itertools import islice
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from contract.encoding import PairEncoder, Row, save_tokenizer
from contract.errors import BundleError, RequestTooLarge
from contract.text import native
from contract.text.native import MODULE, NAME, REMEDY, load_module, sources_digest, tables_digest
from contract.text.normalization import Normalizer
from contract.text.rules import NORMALIZATIONS, TRUNCATIONS, TextRules
from contract.text.tokens import Tokens
from contract.text.unicode_table import COMPATIBILITY_FILE, TABLE_FILE
from contract.text.vocabulary import SYMBOLS_ALONE
from contract.text.wordpiece import AUTO, BACKENDS, load_wordpiece
from tests.contract.backends import require_backend, require_native
from tests.contract.nasty_texts import nasty_texts
from tests.contract.test_cutting import TOKENS, VOCABULARY
from tests.tensor_service import BUILT_VARIABLE

SPECIAL = ("[PAD]", "[CLS]", "[SEP]", "[UNK]")
_FILE = MODULE + EXTENSION_SUFFIXES[0]


@pytest.fixture
def built() -> None:
    """The module, or the test skips."""
    require_backend(NAME)


@pytest.fixture
def other() -> str:
    """The fastest package that is installed."""
    for name in BACKENDS[1:]:
        try:
            load_wordpiece(name, VOCABULARY)
        except BundleError:
            continue
        return name
    pytest.skip("no package that tokenizes is installed")


@pytest.fixture(params=[True, False], ids=["lower", "cased"])
def lower_case(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[True, False], ids=["alone", "within"])
def symbols_alone(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def same_rows(one: list[Row], other: list[Row]) -> bool:
    return len(one) == len(other) and all(
        a[2:] == b[2:] and np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
        for a, b in zip(one, other)
    )


def same_tokens(one: list[Tokens], other: list[Tokens]) -> bool:
    return len(one) == len(other) and all(
        a.more == b.more and np.array_equal(a.ids, b.ids) for a, b in zip(one, other)
    )


def tokenizer_dir(folder: Path, lower_case: bool, symbols_alone: bool) -> Path:
    save_tokenizer(TOKENS, folder, lower_case)
    fields = {"do_lower_case": lower_case, SYMBOLS_ALONE: symbols_alone}
    (folder / "tokenizer_config.json").write_text(json.dumps(fields))
    return folder


def listed() -> list[int]:
    """All code points of which a table says something, and some of the others."""
    found = set(range(0, sys.maxunicode + 1, 37))
    for file in (TABLE_FILE, COMPATIBILITY_FILE):
        for line in file.read_text(encoding="ascii").splitlines():
            if not line.startswith("#"):
                first, last = line.split(" ")[:2]
                found.update(range(int(first, 16), int(last, 16) + 1))
    return sorted(found)


LISTED = listed()


@pytest.mark.parametrize("compatible", [False, True], ids=NORMALIZATIONS)
def test_every_code_point_becomes_what_the_tables_say(
    built: None, lower_case: bool, compatible: bool, symbols_alone: bool
) -> None:
    """Each within a word of others, by a vocabulary in which each character has a token."""
    normalize = Normalizer(lower_case, compatible, symbols_alone)
    becomes = {c: normalize[c] for c in LISTED}
    letters = sorted({letter for made in becomes.values() for letter in made if letter != " "})
    tokens = [*SPECIAL, *letters, *(f"##{letter}" for letter in letters)]
    ids = {token: i for i, token in enumerate(tokens)}
    encoder = PairEncoder(normalize, load_wordpiece(NAME, ids), ids, 8192)
    dropped = (ids["a"], ids["##b"])

    def expected(code_point: int) -> tuple[int, ...]:
        made = becomes.get(code_point, "")
        if not made:
            return dropped
        words = f"a{made}b".split(" ")
        return tuple(
            ids[("##" if i else "") + letter] for word in words for i, letter in enumerate(word)
        )

    at_once = 256
    blocks = range(0, sys.maxunicode + 1, at_once)
    texts = [" ".join(f"a{chr(c)}b" for c in range(start, start + at_once)) for start in blocks]
    for start, found in zip(blocks, encoder.first_tokens(texts)):
        wanted = [token for c in range(start, start + at_once) for token in expected(c)]
        assert found.ids.tolist() == wanted, hex(start)


def test_every_code_point_near_a_sigma(built: None, other: str, tmp_path: Path) -> None:
    save_tokenizer([*SPECIAL, "σ", "ς", "a", "b", "##σ", "##ς", "##a", "##σb"], tmp_path, True)
    encoders = [PairEncoder.load(tmp_path, 2048, backend=name) for name in (NAME, other)]
    texts = [
        " ".join(f"aΣ{chr(c)} a{chr(c)}Σ a{chr(c)}Σ{chr(c)}b" for c in LISTED[i : i + 64])
        for i in range(0, len(LISTED), 640)
    ]
    assert same_tokens(*(encoder.first_tokens(texts) for encoder in encoders))


@pytest.mark.parametrize("rule", TRUNCATIONS)
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
def test_rows_are_those_of_the_packages(
    built: None,
    other: str,
    tmp_path: Path,
    lower_case: bool,
    symbols_alone: bool,
    normalization: str,
    rule: str,
) -> None:
    folder = tokenizer_dir(tmp_path, lower_case, symbols_alone)
    texts = list(nasty_texts(seed=17, count=60))
    pairs = list(zip(texts, texts[1:])) + [(texts[0], text) for text in texts]
    for length in (5, 12, 128, 700):
        rules = TextRules(rule, normalization)
        ours, theirs = (
            PairEncoder.load(folder, length, rules, backend=name) for name in (NAME, other)
        )
        assert same_rows(ours.encode_pairs(pairs), theirs.encode_pairs(pairs))
        assert same_tokens(ours.first_tokens(texts), theirs.first_tokens(texts))
        for most, count in ((None, 2), (1, 1), (3, 7), (50, 64)):
            one, two = (e.encode_chunks(pairs, most, count) for e in (ours, theirs))
            assert one.owners == two.owners
            assert one.truncated == two.truncated
            assert same_rows(list(one.rows), list(two.rows))


@pytest.mark.parametrize("limit", [1, 60, 200, 2_000])
def test_a_limit_refuses_what_the_packages_refuse(
    built: None, other: str, tmp_path: Path, limit: int
) -> None:
    save_tokenizer(TOKENS, tmp_path, True)
    encoders = [PairEncoder.load(tmp_path, 40, backend=name) for name in (NAME, other)]
    for titles in (["中" * 60] * 3, ["中" * 63, "a中" * 31], ["中" * 300, "文"], ["a " * 900]):
        refused = []
        for encoder in encoders:
            try:
                encoder.encode_chunks([("中", title) for title in titles], None, 64, limit)
                refused.append("")
            except RequestTooLarge as error:
                refused.append(str(error))
        assert refused[0] == refused[1], titles


def real_pairs(shared_data: Path) -> Iterator[tuple[str, str]]:
    """Questions and titles, laws, questions and questions, abstracts and titles."""
    for name in ("cmedir.jsonl", "stard.jsonl"):
        with (shared_data / name).open(encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                yield from ((entry["query"], doc["text"]) for doc in entry["docs"])
    for path in (shared_data / "cmedqq" / "train.tsv", *sorted((shared_data / "csl").iterdir())):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                fields = line.rstrip("\n").split("\t")
                yield fields[-2], fields[-1]
                yield fields[-1], fields[-2]


def test_100000_real_pairs_have_the_rows_of_the_packages(
    built: None, other: str, shared_data: Path, tmp_path: Path
) -> None:
    shutil.copy(shared_data / "vocab" / "ernie_zh_vocab.txt", tmp_path / "vocab.txt")
    rules = TextRules("longest_first", "nfkc")
    ours, theirs = (PairEncoder.load(tmp_path, 128, rules, backend=n) for n in (NAME, other))
    pairs = real_pairs(shared_data)
    count = 0
    while part := list(islice(pairs, min(4_000, 100_000 - count))):
        assert same_rows(ours.encode_pairs(part), theirs.encode_pairs(part))
        count += len(part)
    assert count == 100_000


def test_rows_of_one_call_share_memory_and_not_their_meaning(built: None, tmp_path: Path) -> None:
    save_tokenizer(TOKENS, tmp_path, True)
    encoder = PairEncoder.load(tmp_path, 12, backend=NAME)
    assert encoder.backend == NAME
    rows = encoder.encode("中", ["a", "中中"])
    assert [row.input_ids.tolist() for row in rows] == [[1, 4, 2, 12, 2], [1, 4, 2, 4, 4, 2]]
    assert [row.token_type_ids.tolist() for row in rows] == [[0, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1]]
    assert {array.dtype.name for row in rows for array in row[:2]} == {"int64"}
    assert all(array.flags.c_contiguous for row in rows for array in row[:2])
    kept = rows[1]
    del rows
    assert encoder.pad([kept], 8)["input_ids"].tolist() == [[1, 4, 2, 4, 4, 2, 0, 0]]
    assert encoder.encode_pairs([]) == []
    assert encoder.first_tokens([]) == []


def test_what_is_no_pair_of_texts_is_refused(built: None, tmp_path: Path) -> None:
    save_tokenizer(TOKENS, tmp_path, True)
    encoder = PairEncoder.load(tmp_path, 12, backend=NAME)
    for pairs in ([("a", None)], [("a", b"b")], [("a",)], [7], 7, [("a", "b", "c")]):
        with pytest.raises((TypeError, ValueError)):
            encoder.encode_pairs(pairs)  # type: ignore[arg-type]


def test_other_threads_run_while_texts_are_read(built: None, tmp_path: Path) -> None:
    """A thread that waits for Python's lock is let in by nothing but the call itself."""
    save_tokenizer(TOKENS, tmp_path, True)
    encoder = PairEncoder.load(tmp_path, 512, backend=NAME)
    assert encoder._native is not None
    native_encoder = encoder._native._encoder
    pairs = [("中", f"{i} {'ab中' * 2_000}") for i in range(500)]
    reading, seen = threading.Event(), threading.Event()

    def look() -> None:
        while not seen.is_set():
            time.sleep(0)
            if reading.is_set():
                seen.set()

    before = sys.getswitchinterval()
    thread = threading.Thread(target=look)
    thread.start()
    try:
        sys.setswitchinterval(1_000)
        for _ in range(2_000):
            # set by none but this thread, and only while the call is under way
            reading.set()
            native_encoder.encode_pairs(pairs)
            reading.clear()
            if seen.is_set():
                break
        assert seen.is_set()
    finally:
        sys.setswitchinterval(before)
        seen.set()
        thread.join()


def test_threads_share_one_encoder(built: None, tmp_path: Path) -> None:
    save_tokenizer(TOKENS, tmp_path, True)
    encoder = PairEncoder.load(tmp_path, 64, backend=NAME)
    texts = list(nasty_texts(seed=5, count=80))
    pairs = list(zip(texts, reversed(texts)))
    alone = encoder.encode_pairs(pairs)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(encoder.encode_pairs, [pairs] * 40):
            assert same_rows(found, alone)


def test_without_a_module_the_packages_tokenize(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_FOLDERS", (tmp_path, tmp_path / "absent"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_wordpiece(AUTO, VOCABULARY).name == other
    with pytest.raises(BundleError, match=f"backend: run {REMEDY} .there is no {_FILE}"):
        load_wordpiece(NAME, VOCABULARY)


def test_a_damaged_module_is_passed_over_and_told(
    other: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / _FILE).write_bytes(b"no module")
    monkeypatch.setattr(native, "_FOLDERS", (tmp_path,))
    with pytest.warns(RuntimeWarning, match=f"does not load .*; run {REMEDY}"):
        assert load_wordpiece(AUTO, VOCABULARY).name == other
    with pytest.raises(BundleError, match=f"run {REMEDY} .*does not load"):
        load_wordpiece(NAME, VOCABULARY)


def test_a_module_of_another_interface_is_passed_over_and_told(
    built: None, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "INTERFACE", native.INTERFACE + 1)
    with pytest.warns(RuntimeWarning, match="another release"):
        assert load_wordpiece(AUTO, VOCABULARY).name == other
    with pytest.raises(BundleError, match="another release"):
        load_wordpiece(NAME, VOCABULARY)


# its own process: the same module from two files meets itself
_OF_OTHER_FILES = """
import sys
from pathlib import Path
from contract.text.native import UnusableModule, load_module
try:
    load_module([Path(sys.argv[1])])
except UnusableModule as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        (tables_digest, "was built from other Unicode tables"),
        (sources_digest, "was built before its sources changed"),
    ],
)
def test_a_module_of_other_files_is_refused(
    built: None, tmp_path: Path, repository: Path, stated: Callable[[], str], reason: str
) -> None:
    path = Path(load_module().__file__ or "")
    content = path.read_bytes()
    digest = stated().encode()
    assert content.count(digest) == 1
    (tmp_path / _FILE).write_bytes(content.replace(digest, b"0" * len(digest)))
    done = subprocess.run(
        [sys.executable, "-c", _OF_OTHER_FILES, tmp_path],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    assert done.stdout.endswith(f"{reason}\n"), done.stderr


def test_an_image_has_no_sources_to_compare(
    built: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(native, "_SOURCES", tmp_path)
    sources_digest.cache_clear()
    try:
        assert sources_digest() == ""
        assert load_module()
    finally:
        sources_digest.cache_clear()


def test_where_it_is_said_to_be_built_its_tests_do_not_skip(tmp_path: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=REMEDY):
        require_native({}, (tmp_path,))
    with pytest.raises(pytest.fail.Exception, match=REMEDY):
        require_native({BUILT_VARIABLE: "1"}, (tmp_path,))
    (tmp_path / _FILE).write_bytes(b"no module")
    with pytest.raises(pytest.fail.Exception, match=REMEDY):
        require_native({}, (tmp_path,))
