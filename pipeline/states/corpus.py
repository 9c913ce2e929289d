# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Encoded documents of a corpus on disk: one SQLite file for each bundle.

``pipeline.encode_corpus`` fills it ahead, services read it. A transaction that a kill cuts off is
rolled back by SQLite; each entry has a digest besides, and one that is damaged is as if it were not
there. Keys are those of the store in memory: neither texts nor ids are in the file.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Optional

import numpy as np

from contract.bundle import Bundle
from contract.bundle.split import Split
from contract.errors import SetUpError
from pipeline.states.parts import DTYPES, Kept

_LOGGER = logging.getLogger(__name__)

_DIGEST_BYTES = 16
# of a page; the limit of a file is a number of pages
_PAGE_BYTES = 4096
# what one query asks for at once; SQLite takes 999 in every version
_MOST_KEYS = 500
_TABLE = "CREATE TABLE IF NOT EXISTS parts (key BLOB PRIMARY KEY, digest BLOB, body BLOB)"


def corpus_file(directory: Path, bundle: Bundle, precision: str) -> Path:
    """Where a bundle's documents lie: no other bundle, and no other precision, has this name."""
    return directory / f"{bundle.manifest.ranker}-{bundle.manifest.version}-{precision}.sqlite"


class _Form:
    """Entries as bytes: the states, then the phrases."""

    def __init__(self, split: Split) -> None:
        self._dtype = np.dtype(DTYPES[split.state_type])
        self._row_bytes = split.state_size * self._dtype.itemsize
        self._split = split
        self._phrase_bytes = split.phrase_size * np.dtype(np.float32).itemsize

    def body(self, kept: Kept) -> bytes:
        phrases = b"" if kept.phrases is None else kept.phrases.tobytes()
        return kept.states.tobytes() + phrases

    def kept(self, body: bytes) -> Optional[Kept]:
        """The entry; ``None`` when it has not the size of one."""
        states_bytes = len(body) - self._phrase_bytes
        if states_bytes <= 0 or states_bytes % self._row_bytes:
            return None
        states = np.frombuffer(body[:states_bytes], self._dtype).reshape(-1, self._split.state_size)
        phrases = np.frombuffer(body[states_bytes:], np.float32) if self._phrase_bytes else None
        return Kept(states, phrases).owned(self._split.state_type)


def _digest(key: bytes, body: bytes) -> bytes:
    return blake2b(key + body, digest_size=_DIGEST_BYTES).digest()


class CorpusReader:
    """Reads the documents of one bundle; any thread may call it.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: Path, split: Split) -> None:
        """Bind a file that is there."""
        self.path = path
        self._form = _Form(split)
        self._of_thread = threading.local()

    def get(self, asked: Sequence[bytes]) -> tuple[dict[bytes, Kept], int]:
        """Those of the documents that are there and whole, and how many could not be read."""
        found: dict[bytes, Kept] = {}
        damaged = 0
        try:
            for key, digest, body in self._rows(asked):
                kept = self._form.kept(body) if digest == _digest(key, body) else None
                if kept is None:
                    damaged += 1
                else:
                    found[key] = kept
        except (sqlite3.Error, TypeError) as error:
            # pages of the file are damaged; which entries were on them is not known
            damaged = len(asked) - len(found)
            self._of_thread.connection = None
            _LOGGER.warning("%s: %s; %d documents are encoded again", self.path, error, damaged)
        else:
            if damaged:
                _LOGGER.warning(
                    "%s: %d documents are damaged, and encoded again", self.path, damaged
                )
        return found, damaged

    def _rows(self, keys: Sequence[bytes]) -> Iterable[tuple[bytes, bytes, bytes]]:
        connection = getattr(self._of_thread, "connection", None)
        if connection is None:
            # where it may, it undoes what a killed writer left; it never writes otherwise
            connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=rw", uri=True)
            self._of_thread.connection = connection
        for start in range(0, len(keys), _MOST_KEYS):
            some = keys[start : start + _MOST_KEYS]
            places = ",".join("?" * len(some))
            yield from connection.execute(
                f"SELECT key, digest, body FROM parts WHERE key IN ({places})", some
            )


class CorpusWriter:
    """Fills the file of one bundle; a context manager."""

    def __init__(self, path: Path, split: Split, limit: int) -> None:
        """Open it, or make it.

        Args:
            path: of :func:`corpus_file`.
            split: of the bundle.
            limit: bytes that it may have.

        Raises:
            SetUpError: it cannot be written, is no such file, or is larger already.
        """
        self._path = path
        self._form = _Form(split)
        try:
            self._connection = sqlite3.connect(str(path), isolation_level=None)
            self._connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            # the journal is undone after a kill, and takes no room beside the file otherwise
            self._connection.execute("PRAGMA journal_mode = DELETE")
            self._connection.execute(_TABLE)
            size = self._pragma("page_size")
            pages = self._pragma(f"max_page_count = {max(1, limit // size)}")
        except sqlite3.Error as error:
            raise SetUpError(f"cannot be written ({error})", field=str(path)) from error
        if pages * size > limit:
            self._connection.close()
            raise SetUpError(
                f"has {pages * size} bytes already, and {limit} are allowed; allow more, or delete "
                "it",
                field=str(path),
            )

    def _pragma(self, text: str) -> int:
        (value,) = self._connection.execute(f"PRAGMA {text}").fetchone()
        return int(value)

    def missing(self, keys: Iterable[bytes]) -> list[bytes]:
        """Which of the keys it has no entry of."""
        execute = self._connection.execute
        return [
            key
            for key in keys
            if execute("SELECT 1 FROM parts WHERE key = ?", (key,)).fetchone() is None
        ]

    def put(self, parts: Mapping[bytes, Kept]) -> None:
        """Write documents, all of them or none.

        Raises:
            SetUpError: the file would grow over its limit, or the disk is full.
        """
        rows = []
        for key, kept in parts.items():
            body = self._form.body(kept)
            rows.append((key, _digest(key, body), body))
        execute = self._connection.execute
        try:
            execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO parts VALUES (?, ?, ?)", rows)
            execute("COMMIT")
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise SetUpError(
                f"takes no more ({error}); allow more bytes, or free the disk",
                field=str(self._path),
            ) from error

    def __len__(self) -> int:
        """Documents in it."""
        (count,) = self._connection.execute("SELECT COUNT(*) FROM parts").fetchone()
        return int(count)

    def __enter__(self) -> CorpusWriter:
        """Itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._connection.close()
