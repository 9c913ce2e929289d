# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The packages that tokenize: which one is taken, what they agree on, threads and forks."""

from __future__ import annotations

import multiprocessing
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.errors import BundleError
from contract.text import native
from contract.text.native import NAME as NATIVE
from contract.text.native import REMEDY
from contract.text.tokenizer_threads import (
    THREADS_VARIABLE,
    set_tokenizer_threads,
    tokenizer_threads,
)
from contract.text.wordpiece import AUTO, BACKENDS, WordPiece, load_wordpiece
from tests.conftest import REPOSITORY
from tests.contract.backends import require_backend

TOKENS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "ab", "##b", "##ba", "##abab", "я", "##я", "中"]
VOCABULARY = {token: index for index, token in enumerate(TOKENS)}


@pytest.fixture(params=BACKENDS)
def wordpiece(request: pytest.FixtureRequest) -> WordPiece:
    """Each backend that is there; the others skip."""
    require_backend(request.param)
    return load_wordpiece(request.param, VOCABULARY)


def plain(texts: Sequence[str]) -> list[list[int]]:
    """WordPiece in as few words as it takes."""
    return [[piece for word in text.split() for piece in pieces(word)] for text in texts]


def pieces(word: str) -> list[int]:
    found: list[int] = []
    start = 0
    while start < len(word) <= 100:
        head = "##" if start else ""
        ends = range(len(word), start, -1)
        end = next((e for e in ends if head + word[start:e] in VOCABULARY), 0)
        if not end:
            return [VOCABULARY["[UNK]"]]
        found.append(VOCABULARY[head + word[start:end]])
        start = end
    return found or [VOCABULARY["[UNK]"]]


def test_the_longest_piece_is_taken_first(wordpiece: WordPiece) -> None:
    chance = random.Random(0)
    words = ["".join(chance.choices("ab", k=chance.randint(1, 9))) for _ in range(2000)]
    assert wordpiece(words) == plain(words)
    assert wordpiece(["", " ", " a  中 "]) == [[], [], [4, 11]]


@pytest.mark.parametrize("letter", ["a", "я", "中", "\U0001f600"])
@pytest.mark.parametrize("length", [99, 100, 101, 250])
def test_the_longest_word_is_counted_in_characters(
    wordpiece: WordPiece, letter: str, length: int
) -> None:
    texts = ["я" * length, letter + "я" * (length - 1), f"a {letter * length} a"]
    assert wordpiece(texts) == plain(texts)


def test_names_of_special_tokens_are_words_like_others(wordpiece: WordPiece) -> None:
    assert wordpiece(["a[SEP]", "[CLS]a"]) == [[VOCABULARY["[UNK]"]]] * 2


def test_threads_share_one(wordpiece: WordPiece) -> None:
    texts = ["ab я 中 abab " * 50] * 64
    alone = wordpiece(texts)
    with ThreadPoolExecutor(4) as pool:
        assert all(found == alone for found in pool.map(wordpiece, [texts] * 16))


def test_a_forked_process_goes_on_with_it(wordpiece: WordPiece) -> None:
    """Threads of a package's own would be missing there, and the call would wait for them."""
    texts = ["ab я 中 abab " * 50] * 64
    wordpiece(texts)
    fork = multiprocessing.get_context("fork")
    answers = fork.SimpleQueue()
    child = fork.Process(target=lambda: answers.put(wordpiece(texts)))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert answers.get() == wordpiece(texts)


def test_the_first_that_imports_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = [name for name in BACKENDS if _imports(name)]
    for name in installed:
        assert load_wordpiece(AUTO, VOCABULARY).name == name
        _hide(name, monkeypatch)
    with pytest.raises(BundleError, match="make build-tensor-service or pip install 'tokenizers"):
        load_wordpiece(AUTO, VOCABULARY)


@pytest.mark.parametrize("name", BACKENDS)
def test_a_package_that_is_missing_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _hide(name, monkeypatch)
    remedy = REMEDY if name == NATIVE else f"pip install '{name.replace('_', '-')}"
    with pytest.raises(BundleError, match=f"run {remedy}"):
        load_wordpiece(name, VOCABULARY)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(BundleError, match="use auto, native, tokenizers, fast_tokenizer or "):
        load_wordpiece("jieba", VOCABULARY)


def _hide(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where it is not installed; its parts may have been imported by then."""
    if name == NATIVE:
        monkeypatch.setattr(native, "_FOLDERS", ())
        return
    for module in [name, *sys.modules]:
        if module == name or module.startswith(f"{name}."):
            monkeypatch.setitem(sys.modules, module, None)


def _imports(name: str) -> bool:
    try:
        load_wordpiece(name, VOCABULARY)
    except BundleError:
        return False
    return True


# its own process: a package keeps the number that it had at its first call
_IN_A_PROCESS = """
import os, sys
from contract.text.wordpiece import load_wordpiece
name = sys.argv[1]
wordpiece = load_wordpiece(name, {"[UNK]": 3, "a": 4, "##b": 5, "ab": 6, "##a": 7})
before = len(os.listdir("/proc/self/task"))
ids = wordpiece(["ab a abab x " * 200] * 64)
if name == "fast_tokenizer":
    from fast_tokenizer import get_thread_num
    threads = get_thread_num()
else:
    threads = max(1, len(os.listdir("/proc/self/task")) - before)
print(threads, hash(tuple(map(tuple, ids))))
"""


@pytest.mark.parametrize("name", ["tokenizers", "fast_tokenizer"])
def test_a_package_uses_the_threads_that_are_set(name: str) -> None:
    pytest.importorskip(name)
    unset, one, three = (_in_a_process(name, threads) for threads in ("", "1", "3"))
    assert (unset[0], one[0], three[0]) == ("1", "1", "3")
    assert unset[1] == one[1] == three[1], "threads must not change the ids"


def _in_a_process(name: str, threads: str) -> list[str]:
    environment = {**os.environ, THREADS_VARIABLE: threads}
    environment.pop("TOKENIZERS_PARALLELISM", None)
    environment.pop("RAYON_NUM_THREADS", None)
    command = [sys.executable, "-c", _IN_A_PROCESS, name]
    done = subprocess.run(command, env=environment, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("stated", ["0", "-1", "two", "1.5", "２"])
def test_a_number_of_threads_that_is_none_is_named(
    stated: str, wordpiece: WordPiece, monkeypatch: pytest.MonkeyPatch
) -> None:
    if wordpiece.name == "paddlenlp":
        pytest.skip("it has no threads")
    monkeypatch.setenv(THREADS_VARIABLE, stated)
    with pytest.raises(BundleError, match=f"{THREADS_VARIABLE}: must be a number of threads"):
        load_wordpiece(wordpiece.name, VOCABULARY)


def test_the_number_is_set_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "2")
    set_tokenizer_threads(None)
    assert tokenizer_threads() == 2
    set_tokenizer_threads(5)
    assert tokenizer_threads() == 5
    monkeypatch.delenv(THREADS_VARIABLE)
    assert tokenizer_threads() is None
