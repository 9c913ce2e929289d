# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Keep what a teacher has computed on disk, so that no pair and no text is computed twice.

One SQLite file for each teacher, named by its digest: whatever changes its scores gets another
file. A write is whole or not there, also when the writer is killed, and several processes may use
one file at a time.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from contract.errors import SetUpError
from train.teachers.teacher import BiEncoder, FloatArray, Pair, Teacher

_DIGEST_BYTES = 16
_LOOKED_UP_AT_ONCE = 500
# for another process that writes
_WAIT_SECONDS = 60.0
_TABLE = "CREATE TABLE IF NOT EXISTS known (key BLOB PRIMARY KEY, value BLOB NOT NULL)"


def key_of(*texts: str) -> bytes:
    """A hash of texts in their order; the length before each keeps ``ab, c`` from ``a, bc``."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little") + raw)
    return digest.digest()


class Known:
    """Values by key in one file: float32 vectors of one width."""

    def __init__(self, file: Path, width: int) -> None:
        """Name the file, which is made when something is kept."""
        self._file = file
        self._width = width

    def find(self, keys: Sequence[bytes]) -> dict[bytes, FloatArray]:
        """Those of the keys that are known, each ``[width]``.

        Raises:
            SetUpError: the file is damaged, or not one of these.
        """
        found: dict[bytes, FloatArray] = {}
        if not self._file.is_file():
            return found
        with self._open() as connection:
            for start in range(0, len(keys), _LOOKED_UP_AT_ONCE):
                part = keys[start : start + _LOOKED_UP_AT_ONCE]
                marks = ",".join("?" * len(part))
                rows = connection.execute(
                    f"SELECT key, value FROM known WHERE key IN ({marks})", part
                )
                found.update((key, np.frombuffer(value, "<f4")) for key, value in rows)
        if any(len(value) != self._width for value in found.values()):
            raise self._damaged(f"a value that is not {self._width} numbers wide")
        return found

    def keep(self, keys: Sequence[bytes], values: FloatArray) -> None:
        """Add values ``[len(keys), width]``, all or none."""
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._damaged(error.strerror) from error
        rows = [(key, value.astype("<f4").tobytes()) for key, value in zip(keys, values)]
        with self._open() as connection, connection:
            connection.execute(_TABLE)
            connection.executemany("INSERT OR REPLACE INTO known VALUES (?, ?)", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(str(self._file), timeout=_WAIT_SECONDS)
            try:
                yield connection
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, reason: Any) -> SetUpError:
        return SetUpError(
            f"cannot be used as a cache of a teacher ({reason}); delete it, or name another "
            "--cache_dir",
            field=str(self._file),
        )


class CachedTeacher(Teacher):
    """A teacher that is asked only for pairs it has not scored yet."""

    def __init__(self, teacher: Teacher, directory: Path) -> None:
        """Keep the teacher's scores in a file of ``directory``."""
        self._teacher = teacher
        self._known = Known(_file(directory, teacher, "scores"), 1)
        self.name, self.digest, self.at_once = teacher.name, teacher.digest, teacher.at_once

    def scores(self, pairs: Sequence[Pair]) -> FloatArray:
        """From disk where they are known; what is new is kept as soon as it is computed."""
        result = np.empty(len(pairs), dtype=np.float32)
        for start in range(0, len(pairs), self.at_once):
            part = pairs[start : start + self.at_once]
            result[start : start + len(part)] = self._scores(part)
        return result

    def _scores(self, pairs: Sequence[Pair]) -> FloatArray:
        keys = [key_of(*pair) for pair in pairs]
        of_key = dict(zip(keys, pairs))
        known = self._known.find(list(of_key))
        missing = [key for key in of_key if key not in known]
        if missing:
            values = self._teacher.scores([of_key[key] for key in missing])[:, None]
            self._known.keep(missing, values)
            known.update(zip(missing, values))
        return np.array([known[key][0] for key in keys], dtype=np.float32)

    def relevance(self, scores: FloatArray) -> FloatArray:
        """The teacher's own."""
        return self._teacher.relevance(scores)


class CachedBiEncoder(BiEncoder):
    """A bi-encoder that is asked only for texts it has not embedded yet."""

    def __init__(self, encoder: BiEncoder, directory: Path) -> None:
        """Keep the vectors in a file of ``directory``; scores follow from them."""
        self._encoder = encoder
        self.name, self.digest, self.at_once = encoder.name, encoder.digest, encoder.at_once
        self.width, self.temperature = encoder.width, encoder.temperature
        self._known = Known(_file(directory, encoder, "vectors"), encoder.width)

    def embed(self, texts: Sequence[str], role: str) -> FloatArray:
        """From disk where they are known; what is new is kept as soon as it is computed."""
        result = np.empty((len(texts), self.width), dtype=np.float32)
        for start in range(0, len(texts), self.at_once):
            part = texts[start : start + self.at_once]
            result[start : start + len(part)] = self._embed(part, role)
        return result

    def _embed(self, texts: Sequence[str], role: str) -> FloatArray:
        keys = [key_of(role, text) for text in texts]
        of_key = dict(zip(keys, texts))
        known = self._known.find(list(of_key))
        missing = [key for key in of_key if key not in known]
        if missing:
            vectors = self._encoder.embed([of_key[key] for key in missing], role)
            self._known.keep(missing, vectors)
            known.update(zip(missing, vectors))
        return np.stack([known[key] for key in keys])


def cached(teacher: Teacher, directory: Path) -> Teacher:
    """The teacher behind a cache in ``directory``; a bi-encoder stays one."""
    if isinstance(teacher, BiEncoder):
        return CachedBiEncoder(teacher, directory)
    return CachedTeacher(teacher, directory)


def _file(directory: Path, teacher: Teacher, what: str) -> Path:
    return directory / f"{teacher.digest[:24]}.{what}.sqlite"
