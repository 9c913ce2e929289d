# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Prepares a file of rows: its texts by number, and its rows as columns of numbers.

One pass checks all rows, and holds no more of them than a bounded number. A small file is prepared
in memory; a large one on disk, in a directory that the next run finds where it is told one.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
from numpy.typing import NDArray

from contract.columns import LABEL, LIST_ID
from contract.errors import DataError
from train.data.cache import kept_directory
from train.data.faults import BadRows, CheckedRow, Fault, Wanted, checked
from train.data.formats.files import Rows, open_rows
from train.data.list_numbers import ListNumbers
from train.data.storage import Directory, Nameless, NumberWriter, Storage, numbers, written
from train.data.texts import Texts, TextWriter

# in bytes; a larger file is prepared on disk
SMALL_FILE = 16 << 20
# changes whenever a file would be prepared otherwise
_FORMAT = 1
_NOTES = "notes.json"
# what is written for each byte that is read, about
_WRITTEN_BYTES = 1.0
_ROWS_BETWEEN_WRITES = 1 << 15


class Table:
    """A file that was prepared.

    Attributes:
        texts: of all its rows.
    """

    def __init__(self, storage: Storage) -> None:
        """Open it."""
        self._storage = storage
        with storage.open(_NOTES) as file:
            file.seek(0)
            self._about: dict[str, Any] = json.loads(file.read())
        self.texts = Texts(storage)

    @property
    def said(self) -> Sequence[str]:
        """Lines that were written to stderr when it was prepared."""
        return tuple(self._about["said"])

    def column(self, name: str) -> NDArray[Any]:
        """Numbers of all rows: of a text's column the numbers of its texts."""
        return numbers(self._storage, name, "q")

    def scores(self, name: str) -> Optional[NDArray[np.float32]]:
        """A column of numbers that the file may have; ``None`` where it has not."""
        if name not in self._about["scores"]:
            return None
        found: NDArray[np.float32] = numbers(self._storage, name, "f")
        return found


# files that a command has read ahead, until it ends
_ready: dict[tuple[object, ...], Table] = {}


def prepare(
    path: Union[str, Path], wanted: Wanted, max_bad_rows: int, cache_dir: Optional[Path]
) -> Table:
    """Read and check a whole file, unless it is ready.

    Args:
        path: of a file of any kind that :mod:`train.data.formats` reads.
        wanted: what each row has to have.
        max_bad_rows: rows that may be skipped.
        cache_dir: where a large file is prepared for later runs too; ``None``: for this one only.

    Raises:
        DataError: the file is missing or empty, lacks a column, or holds too many malformed rows.
        SetUpError: there is no room on the disk.
    """
    path = Path(path)
    size = file_size(path)
    ready = _ready.get(_state(path, wanted, max_bad_rows))
    if ready is not None:
        return ready
    if size <= SMALL_FILE or cache_dir is None:
        storage = Nameless(in_memory=size <= SMALL_FILE)
        _build(path, wanted, max_bad_rows, storage, size)
        return Table(storage)
    return _kept(path, wanted, max_bad_rows, cache_dir, size)


def make_ready(path: Path, wanted: Wanted, max_bad_rows: int, cache_dir: Optional[Path]) -> None:
    """Prepare a file that is read again later, as it is now; see :func:`prepare`."""
    state = _state(path, wanted, max_bad_rows)
    _ready[state] = prepare(path, wanted, max_bad_rows, cache_dir)


def forget_ready() -> None:
    """Let go of all files that were made ready."""
    _ready.clear()


def _state(path: Path, wanted: Wanted, max_bad_rows: int) -> tuple[object, ...]:
    """Tells a file from what it was before somebody wrote to it."""
    about = path.stat()
    return str(path), about.st_ino, about.st_size, about.st_mtime_ns, wanted, max_bad_rows


def _kept(path: Path, wanted: Wanted, max_bad_rows: int, cache_dir: Path, size: int) -> Table:
    """The table of a large file in a directory, made now or by an earlier run."""
    name = f"rows-{_fingerprint(path, wanted, max_bad_rows)}"

    def build(directory: Path) -> None:
        print(f"{path}: preparing its rows in {cache_dir}, once", file=sys.stderr, flush=True)
        _build(path, wanted, max_bad_rows, Directory(directory), size)

    with written(str(path), int(size * _WRITTEN_BYTES)):
        directory, is_new = kept_directory(cache_dir, name, build)
    table = Table(Directory(directory))
    if not is_new and os.environ.get("PADDLE_TRAINER_ID", "0") == "0":
        for line in (*table.said, f"{path}: its rows are ready in {directory}"):
            print(line, file=sys.stderr)
    return table


def file_size(path: Path) -> int:
    """In bytes.

    Raises:
        DataError: there is no such file.
    """
    try:
        if path.is_dir():
            raise DataError("is a directory; name a file", field=str(path))
        return path.stat().st_size
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", field=str(path)) from error


def _fingerprint(path: Path, wanted: Wanted, max_bad_rows: int) -> str:
    """Of the file's contents and of how it is read."""
    digest = blake2b(repr((_FORMAT, path.suffixes, wanted, max_bad_rows)).encode(), digest_size=12)
    try:
        with path.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                digest.update(block)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", field=str(path)) from error
    return digest.hexdigest()


def _build(path: Path, wanted: Wanted, max_bad_rows: int, storage: Storage, size: int) -> None:
    bad = BadRows(path, max_bad_rows)
    rows = open_rows(path, wanted, bad)
    with written(str(path), int(size * _WRITTEN_BYTES)):
        scores = [name for name, has in zip(wanted.scores, rows.has_scores) if has]
        writer = _TableWriter(path, storage, wanted, scores)
        _write_rows(rows, wanted._replace(scores=tuple(scores)), bad, writer)
        bad.check()
        if not writer.rows:
            raise DataError("has no rows", field=str(path))
        writer.close(bad.said)


def _write_rows(rows: Rows, wanted: Wanted, bad: BadRows, writer: _TableWriter) -> None:
    """Write the rows in which nothing is wrong, and count the others."""
    has_list_id, name = rows.has_list_id, rows.name
    for row in rows.rows():
        try:
            writer.add(checked(row, wanted, has_list_id, name))
        except Fault as fault:
            bad.add(row.line, str(fault))
        except UnicodeEncodeError as error:
            bad.add(row.line, f"half a character, {error.object[error.start]!a}, is in a text")


class _TableWriter:
    """Writes checked rows column by column.

    Attributes:
        rows: how many there were.
    """

    def __init__(self, path: Path, storage: Storage, wanted: Wanted, scores: list[str]) -> None:
        self.rows = 0
        self._storage = storage
        self._texts = TextWriter(storage)
        self._number = self._texts.number
        self._columns = [NumberWriter(storage, name, "q") for name in wanted.texts]
        self._appends = [column.append for column in self._columns]
        self._labels = NumberWriter(storage, LABEL, "q") if wanted.label else None
        self._lists = ListNumbers(path) if wanted.label else None
        self._names = scores
        self._scores = [NumberWriter(storage, name, "f") for name in scores]

    def add(self, row: CheckedRow) -> None:
        """Write a row, or nothing of it.

        Raises:
            UnicodeEncodeError: a text has half a character, which JSON can name.
        """
        line, texts, label, list_id, scores = row
        found = [self._number(text) for text in texts]
        for append, number in zip(self._appends, found):
            append(number)
        if self._labels is not None and self._lists is not None:
            self._labels.append(label)
            self._lists.add(list_id, texts[0], line)
        for writer, score in zip(self._scores, scores):
            writer.append(score)
        self.rows += 1
        if self.rows % _ROWS_BETWEEN_WRITES == 0:
            for writer in self._writers():
                writer.flush()

    def close(self, said: list[str]) -> None:
        for writer in self._writers():
            writer.close()
        self._texts.close()
        if self._lists is not None:
            lists = NumberWriter(self._storage, LIST_ID, "q")
            lists.extend(self._lists.numbers())
            lists.close()
        with self._storage.create(_NOTES) as file:
            file.write(json.dumps({"said": said, "scores": self._names}).encode())

    def _writers(self) -> list[NumberWriter]:
        return [*self._columns, *([self._labels] if self._labels else []), *self._scores]
