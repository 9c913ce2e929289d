# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps compiled graphs and choices of engines on disk, so that a restart is fast.

An entry is named by the facts that it depends on, of a bundle the hashes of its files, and is given
back only when its file is whole. Nothing here stops a start: what cannot be read is made again,
what cannot be written is logged.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Optional

_LOGGER = logging.getLogger(__name__)

_DIGEST_BYTES = hashlib.sha256().digest_size
_LOCK_FILE = "lock"
_SUFFIX = ".entry"
# entries of bundles and machines that are gone are the least recently used ones
_KEPT = 32


class EngineCache:
    """A directory of entries, each sealed by its SHA-256; shared by any number of processes."""

    def __init__(self, directory: Optional[Path]) -> None:
        """Bind a directory that can be written to; ``None`` keeps nothing."""
        self._directory = directory

    @classmethod
    def open(cls, directory: Path) -> EngineCache:
        """Make the directory; when it cannot be written to, that is logged and nothing is kept."""
        try:
            directory.mkdir(parents=True, exist_ok=True)
            (directory / _LOCK_FILE).open("a").close()
        except OSError as error:
            _LOGGER.warning("engine_cache: %s (%s); nothing is kept", directory, error.strerror)
            return cls(None)
        return cls(directory)

    def read(self, kind: str, facts: Mapping[str, Any]) -> Optional[bytes]:
        """The entry's bytes, or ``None`` when there is none; a damaged one is deleted."""
        path = self._path(kind, facts)
        if path is None or not path.is_file():
            return None
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError as error:
            _LOGGER.warning("engine_cache: cannot read %s (%s)", path, error.strerror)
            return None
        content = memoryview(data)[_DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != data[:_DIGEST_BYTES]:
            _LOGGER.warning("engine_cache: %s is damaged; it is made again", path)
            self.discard(kind, facts)
            return None
        return bytes(content)

    def write(self, kind: str, facts: Mapping[str, Any], content: bytes) -> None:
        """Keep an entry, whole or not at all."""
        path = self._path(kind, facts)
        if path is None:
            return
        temporary = None
        try:
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                temporary = Path(file.name)
                file.write(hashlib.sha256(content).digest())
                file.write(content)
            temporary.replace(path)
            self._prune()
        except OSError as error:
            _LOGGER.warning("engine_cache: cannot write %s (%s)", path, error.strerror)
            if temporary is not None:
                temporary.unlink(missing_ok=True)

    def discard(self, kind: str, facts: Mapping[str, Any]) -> None:
        """Forget an entry."""
        path = self._path(kind, facts)
        if path is not None:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Alone among the processes that use this directory; they would disturb a measurement."""
        if self._directory is None:
            yield
            return
        with (self._directory / _LOCK_FILE).open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _path(self, kind: str, facts: Mapping[str, Any]) -> Optional[Path]:
        if self._directory is None:
            return None
        text = json.dumps(facts, sort_keys=True)
        return self._directory / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:24]}{_SUFFIX}"

    def _prune(self) -> None:
        assert self._directory is not None
        entries = sorted(self._directory.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime)
        for path in entries[:-_KEPT]:
            path.unlink(missing_ok=True)
