# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes records to disk as JSON lines, off the path of requests.

A queue bounded in records and bytes, and one writer thread. What does not fit into the queue is
counted and dropped; a disk that refuses (full, gone) is tried again every second while the queue
holds what comes. Files are append-only, ``<name>-<UTC>-<pid>-<number>.jsonl``, and end when they
have grown.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Callable, Optional, Protocol

from contract.experiments.records import Record, to_line
from pipeline.settings.experiments import ALWAYS, INTERVAL, ExposuresConfig
from pipeline.telemetry.failures import tell_operator

_LOGGER = logging.getLogger(__name__)
_BATCH = 512
_RETRY_S = 1.0
# how long the writer sleeps without records; a stop wakes it
_IDLE_S = 0.2


class RecordCounts(Protocol):
    """Who counts the records of one log."""

    def watch(self, waiting: Callable[[], int], waiting_bytes: Callable[[], int]) -> None:
        """Ask both when it matters: how many records wait, and of how many bytes."""

    def written(self, records: int) -> None:
        """Records went to disk."""

    def lost(self, records: int) -> None:
        """Records will never be on disk."""


class RecordLog:
    """The files of one kind of records; written by one process."""

    def __init__(
        self, name: str, directory: Path, config: ExposuresConfig, metrics: RecordCounts
    ) -> None:
        """Bind the directory, which is made; :meth:`start` starts the writer.

        Args:
            name: first part of the files' names.
            directory: of the files.
            config: sizes and when to sync.
            metrics: told what becomes of these records.

        Raises:
            OSError: the directory cannot be made.
        """
        directory.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._directory = directory
        self._config = config
        self._metrics = metrics
        self._queue: queue.Queue[tuple[Record, int]] = queue.Queue(config.max_queue)
        self._held_lock = threading.Lock()
        self._held = 0
        metrics.watch(self._queue.qsize, lambda: self._held)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"{name}-log", daemon=True)
        self._file: Optional[int] = None
        self._path = directory
        self._size = 0
        self._number = 0
        self._unsynced = False
        self._synced_at = 0.0

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def offer(self, record: Record) -> bool:
        """Queue a record without waiting; whether there was room, and a writer to come."""
        size = _memory_of(record)
        if self._stopping.is_set() or not self._hold(size):
            self._metrics.lost(1)
            return False
        try:
            self._queue.put_nowait((record, size))
        except queue.Full:
            self._hold(-size)
            self._metrics.lost(1)
            return False
        return True

    def _hold(self, size: int) -> bool:
        """Take bytes, or give them back; whether there was room."""
        with self._held_lock:
            if size > 0 and self._held + size > self._config.max_queue_bytes:
                return False
            self._held += size
            return True

    def stop(self, timeout_s: float) -> None:
        """Write and sync what is queued; what is not written in time is counted as lost."""
        self._stopping.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            left = self._queue.qsize()
            self._metrics.lost(left)
            _LOGGER.error("%s: %d records are not on disk", self._name, left)

    def _run(self) -> None:
        """Write until the stop, and then what is left."""
        while True:
            batch = self._take()
            if batch:
                encoded = [to_line(record).encode("utf-8") for record, _ in batch]
                for lines in self._portions(encoded):
                    self._write(b"".join(lines), len(lines))
                self._hold(-sum(size for _, size in batch))
            elif self._stopping.is_set():
                break
            self._sync_if_due()
        self._close()

    def _portions(self, lines: list[bytes]) -> Iterator[list[bytes]]:
        """Lines in groups that fit into a file; a line that alone does not is one."""
        portion: list[bytes] = []
        size = 0
        for line in lines:
            if portion and size + len(line) > self._config.max_file_bytes:
                yield portion
                portion, size = [], 0
            portion.append(line)
            size += len(line)
        yield portion

    def _take(self) -> list[tuple[Record, int]]:
        """What is there, after waiting for the first."""
        batch: list[tuple[Record, int]] = []
        with contextlib.suppress(queue.Empty):
            if self._stopping.is_set():
                batch.append(self._queue.get_nowait())
            else:
                batch.append(self._queue.get(timeout=_IDLE_S))
            while len(batch) < _BATCH:
                batch.append(self._queue.get_nowait())
        return batch

    def _write(self, data: bytes, records: int) -> None:
        """Write whole lines, again and again until the disk takes them; at the stop only once."""
        failed = False
        while True:
            try:
                self._write_once(data)
            except OSError as error:
                if not failed:
                    _LOGGER.error("%s: cannot write (%s); trying again", self._name, error)
                    # the log may lie on the same disk
                    tell_operator(
                        f"{self._name}: cannot write to {self._directory} ({error.strerror}); "
                        "trying again, and counting what is lost (ranking_records_total)"
                    )
                failed = True
                self._close()
                if self._stopping.wait(_RETRY_S):
                    self._metrics.lost(records)
                    return
                continue
            if failed:
                _LOGGER.info("%s: written again", self._name)
                tell_operator(f"{self._name}: written again")
            self._metrics.written(records)
            return

    def _write_once(self, data: bytes) -> None:
        if self._file is not None and not self._in_place():
            _LOGGER.error("%s: %s was removed; beginning another", self._name, self._path)
            self._close()
        if (
            self._file is not None
            and self._size
            and self._size + len(data) > self._config.max_file_bytes
        ):
            self._close()
        if self._file is None:
            self._open()
        assert self._file is not None
        start, view = self._size, memoryview(data)
        try:
            while view:
                count = os.write(self._file, view)
                view = view[count:]
        except OSError:
            # half a line must not stay: what follows would be glued to it
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, start)
            raise
        self._size += len(data)
        self._unsynced = True
        if self._config.fsync == ALWAYS:
            self._sync()

    def _in_place(self) -> bool:
        """Whether the file is still where readers look for it."""
        assert self._file is not None
        try:
            return os.path.samestat(self._path.stat(), os.fstat(self._file))
        except OSError:
            return False

    def _open(self) -> None:
        """A new file; another process, in a container of its own, may have the same number."""
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
        # it may have been removed since the start
        self._directory.mkdir(parents=True, exist_ok=True)
        while self._file is None:
            self._number += 1
            name = f"{self._name}-{now}-{os.getpid()}-{self._number:04d}.jsonl"
            self._path = self._directory / name
            with contextlib.suppress(FileExistsError):
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
                self._file = os.open(self._path, flags, 0o640)
        self._size = 0

    def _sync_if_due(self) -> None:
        due = time.monotonic() - self._synced_at >= self._config.fsync_interval_s
        if self._unsynced and self._config.fsync == INTERVAL and due:
            try:
                self._sync()
            except OSError as error:
                _LOGGER.error("%s: cannot sync (%s)", self._name, error)
                self._close()

    def _sync(self) -> None:
        assert self._file is not None
        os.fsync(self._file)
        self._unsynced = False
        self._synced_at = time.monotonic()

    def _close(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            os.fsync(self._file)
        with contextlib.suppress(OSError):
            os.close(self._file)
        if self._size == 0:
            # a disk that stays full would get one each second
            with contextlib.suppress(OSError):
                self._path.unlink()
        self._file, self._unsynced = None, False


def _memory_of(record: Record) -> int:
    """Bytes that a record takes while it waits, about."""
    size = 0
    for value in vars(record).values():
        size += sys.getsizeof(value)
        if isinstance(value, tuple):
            # a number or a pair of them, or a text
            size += sum(sys.getsizeof(item) for item in value)
    return size
