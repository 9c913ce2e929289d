# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a teacher has computed is on disk: found again, whole or not there, and never mixed up."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from contract.errors import SetUpError
from tests.conftest import REPOSITORY
from train.teachers.score_cache import CachedTeacher, Known, cached, key_of
from train.teachers.teacher import QUERY, TITLE, BiEncoder, FloatArray, Pair, Teacher


class Counting(Teacher):
    """Scores a pair by its lengths, and counts what it was asked."""

    def __init__(self, digest: str = "a" * 64, at_once: int = 3) -> None:
        self.name, self.digest, self.at_once = "counting", digest, at_once
        self.asked: list[Pair] = []

    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        self.asked += pairs
        return np.array([len(q) - len(t) / 7 for q, t in pairs], dtype=np.float32)


class CountingEncoder(BiEncoder):
    width = 3

    def __init__(self) -> None:
        self.name, self.digest, self.at_once = "encoder", "b" * 64, 2
        self.asked: list[tuple[str, str]] = []

    def embed(self, texts: Sequence[str], role: str) -> FloatArray:
        self.asked += [(role, text) for text in texts]
        vectors = np.array([[len(text), role == QUERY, 1] for text in texts], dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


PAIRS = [
    ("问", "题"),
    ("问", "题目"),
    ("a\tb", "c"),
    ("问", "题"),
    ("长一点的问题", "题"),
    ("", "x"),
]


def test_a_second_run_computes_nothing_and_gives_the_same_bits(tmp_path: Path) -> None:
    first, second = Counting(), Counting()
    wanted = Counting().scores(PAIRS)
    np.testing.assert_array_equal(cached(first, tmp_path).scores(PAIRS), wanted)
    assert len(first.asked) == len(set(PAIRS)), "equal pairs are computed once"
    np.testing.assert_array_equal(cached(second, tmp_path).scores(PAIRS), wanted)
    assert second.asked == []


def test_only_what_is_new_is_computed(tmp_path: Path) -> None:
    cached(Counting(), tmp_path).scores(PAIRS)
    teacher = Counting()
    cached(teacher, tmp_path).scores([*PAIRS, ("新", "的")])
    assert teacher.asked == [("新", "的")]


def test_teachers_of_other_digests_share_nothing(tmp_path: Path) -> None:
    cached(Counting("a" * 64), tmp_path).scores(PAIRS)
    other = Counting("c" * 64)
    cached(other, tmp_path).scores(PAIRS)
    assert len(other.asked) == len(set(PAIRS))


def test_the_key_knows_where_a_text_ends() -> None:
    assert key_of("ab", "c") != key_of("a", "bc")
    assert key_of("", "ab") != key_of("ab", "")


def test_vectors_are_kept_by_role(tmp_path: Path) -> None:
    texts = ["一", "二二", "三三三", "一"]
    wanted = CountingEncoder().embed(texts, TITLE)
    encoder = cached(CountingEncoder(), tmp_path)
    assert isinstance(encoder, BiEncoder)
    np.testing.assert_array_equal(encoder.embed(texts, TITLE), wanted)
    again = CountingEncoder()
    kept = cached(again, tmp_path)
    assert isinstance(kept, BiEncoder)
    np.testing.assert_array_equal(kept.embed(texts, TITLE), wanted)
    assert again.asked == []
    kept.embed(texts[:1], QUERY)
    assert again.asked == [(QUERY, "一")]
    assert kept.embed([], TITLE).shape == (0, 3)


def test_scores_of_a_bi_encoder_are_cosines_by_temperature(tmp_path: Path) -> None:
    encoder = cached(CountingEncoder(), tmp_path)
    scores = encoder.scores([("一", "二二"), ("一", "一一一")])
    left = np.array([1, 1, 1]) / np.sqrt(3)
    right = np.array([2, 0, 1]) / np.sqrt(5)
    assert scores[0] == pytest.approx(left @ right / 0.05, rel=1e-6)
    np.testing.assert_allclose(encoder.relevance(scores)[0], left @ right, rtol=1e-6)


_WRITER = """
import os, sys, time
import numpy as np
from pathlib import Path
from train.teachers.score_cache import CachedTeacher
from train.teachers.teacher import Teacher

class Slow(Teacher):
    name, digest, at_once = "counting", "a" * 64, 500
    def scores(self, pairs):
        print(len(pairs), flush=True)
        return np.array([len(q) for q, t in pairs], dtype=np.float32)

CachedTeacher(Slow(), Path(sys.argv[1])).scores([("q" * (i % 50), str(i)) for i in range(10**6)])
"""


def test_a_killed_writer_leaves_whole_values_that_the_next_one_adds_to(tmp_path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tmp_path)],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert writer.stdout is not None
    for _ in range(4):
        assert writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    writer.communicate()
    pairs = [("q" * (i % 50), str(i)) for i in range(3000)]
    teacher = Counting(at_once=500)
    scores = CachedTeacher(teacher, tmp_path).scores(pairs)
    done = len(pairs) - len(teacher.asked)
    # three parts at least were written before the fourth was begun
    assert done >= 1500
    assert done % 500 == 0
    np.testing.assert_array_equal(scores[:done], [i % 50 for i in range(done)])


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    teacher = Counting()
    file = tmp_path / f"{teacher.digest[:24]}.scores.sqlite"
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(SetUpError, match="delete it") as raised:
        cached(teacher, tmp_path).scores(PAIRS)
    assert raised.value.field == str(file)


def test_values_of_another_width_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    Known(file, 2).keep([b"k"], np.zeros((1, 2), dtype=np.float32))
    with pytest.raises(SetUpError, match="3 numbers"):
        Known(file, 3).find([b"k"])


def test_a_directory_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetUpError, match="cache_dir"):
        cached(Counting(), tmp_path / "file" / "cache").scores(PAIRS)


def test_a_part_that_fails_is_not_kept(tmp_path: Path) -> None:
    file = tmp_path / "x.sqlite"
    known = Known(file, 1)
    known.keep([b"a"], np.ones((1, 1), dtype=np.float32))
    with pytest.raises(SetUpError), known._open() as connection, connection:
        connection.execute("INSERT INTO known VALUES (?, ?)", (b"b", b"1234"))
        raise sqlite3.OperationalError("disk is full")
    assert list(known.find([b"a", b"b"])) == [b"a"]
