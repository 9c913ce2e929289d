# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Files of numbers and of bytes that a table is made of, written once and read at any place.

They lie in a directory, to be read again by later runs, or have no name and go with the process:
on disk, or in memory where they are small.
"""

from __future__ import annotations

import os
import tempfile
from array import array
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Optional, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.errors import SetUpError

_BUFFERED_BYTES = 1 << 20


class Storage(Protocol):
    """A place for files that are told apart by their names."""

    def create(self, name: str) -> BinaryIO:
        """A new file, to be written."""

    def open(self, name: str) -> BinaryIO:
        """A file that was written."""

    def beside(self) -> Storage:
        """Another place of the same kind that goes with the process."""


class Directory:
    """Files in a directory."""

    def __init__(self, path: Path) -> None:
        """Of a directory that is there."""
        self.path = path

    def create(self, name: str) -> BinaryIO:
        """See :class:`Storage`."""
        return (self.path / name).open("wb")

    def open(self, name: str) -> BinaryIO:
        """See :class:`Storage`."""
        return (self.path / name).open("rb")

    def beside(self) -> Storage:
        """See :class:`Storage`."""
        return Nameless(in_memory=False)


class Nameless:
    """Files that nobody else sees, and that are gone with the last who holds them."""

    def __init__(self, *, in_memory: bool) -> None:
        """In memory, or in the directory of temporary files."""
        self._in_memory = in_memory
        self._files: dict[str, BinaryIO] = {}

    def create(self, name: str) -> BinaryIO:
        """See :class:`Storage`."""
        if self._in_memory:
            file: Any = os.fdopen(os.memfd_create(name), "w+b")
        else:
            file = tempfile.TemporaryFile()  # noqa: SIM115 - it is kept
        self._files[name] = file
        # the writer closes its own
        copy: BinaryIO = os.fdopen(os.dup(file.fileno()), "wb")
        return copy

    def open(self, name: str) -> BinaryIO:
        """See :class:`Storage`."""
        return self._files[name]

    def beside(self) -> Storage:
        """See :class:`Storage`."""
        return Nameless(in_memory=self._in_memory)


class written:  # noqa: N801 - read as the verb of a with statement
    """Turns what goes wrong while a file is prepared on disk into one line that says what to do."""

    def __init__(self, what: str, needed: int) -> None:
        """``what`` is prepared, and takes about ``needed`` bytes."""
        self._what = what
        self._needed = needed

    def __enter__(self) -> None:
        """Nothing to be done."""

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Raise :class:`SetUpError` instead of what a full or missing disk raises."""
        if isinstance(error, OSError):
            place = f" in {Path(error.filename).parent}" if error.filename else ""
            raise SetUpError(
                f"cannot be prepared on disk{place} ({error.strerror}); it needs about "
                f"{max(1, self._needed >> 20)} MB: make room, or name another directory by "
                "--cache_dir, or by TMPDIR where a command has none",
                field=self._what,
            ) from error


class NumberWriter:
    """Appends numbers to a file."""

    def __init__(self, storage: Storage, name: str, typecode: str) -> None:
        """``typecode`` is that of :mod:`array`."""
        self._file = storage.create(name)
        self._typecode = typecode
        self._held: array[Any] = array(typecode)
        self.append = self._held.append

    def flush(self) -> None:
        """Write what waits."""
        self._file.write(self._held)
        del self._held[:]

    def extend(self, values: NDArray[Any]) -> None:
        """Append an array."""
        self.flush()
        self._file.write(np.ascontiguousarray(values, dtype=self._typecode))

    def close(self) -> None:
        """Write what waits, and be done."""
        self.flush()
        self._file.close()


class BytesWriter:
    """Appends pieces of bytes to a file, and notes where each ends in another one."""

    def __init__(self, storage: Storage, name: str) -> None:
        """Two files of this name."""
        self._file = storage.create(f"{name}.bytes")
        self._ends = NumberWriter(storage, f"{name}.ends", "q")
        self._held = bytearray()
        self._end = 0

    def append(self, piece: bytes) -> None:
        """Append a piece."""
        self._held += piece
        self._end += len(piece)
        self._ends.append(self._end)
        if len(self._held) >= _BUFFERED_BYTES:
            self._file.write(self._held)
            self._held.clear()
            self._ends.flush()

    def close(self) -> None:
        """Write what waits, and be done."""
        self._file.write(self._held)
        self._file.close()
        self._ends.close()


class Pieces:
    """What :class:`BytesWriter` wrote.

    Attributes:
        ends: where each piece ends, in bytes.
    """

    def __init__(self, storage: Storage, name: str) -> None:
        """Open the two files."""
        self._file = storage.open(f"{name}.bytes")
        self.ends = numbers(storage, f"{name}.ends", "q")

    def __len__(self) -> int:
        """Number of pieces."""
        return len(self.ends)

    def read(self, index: int) -> bytes:
        """One piece."""
        start = int(self.ends[index - 1]) if index else 0
        return _read(self._file.fileno(), start, int(self.ends[index]))

    def read_many(self, first: int, last: int) -> list[bytes]:
        """Pieces ``first`` to ``last - 1``, which lie side by side."""
        start = int(self.ends[first - 1]) if first else 0
        ends = (self.ends[first:last] - start).tolist()
        block = _read(self._file.fileno(), start, start + (ends[-1] if ends else 0))
        return [block[a:b] for a, b in zip([0, *ends], ends)]


def numbers(storage: Storage, name: str, typecode: str) -> NDArray[Any]:
    """What :class:`NumberWriter` wrote, read from the file where it is looked at."""
    file = storage.open(name)
    if os.fstat(file.fileno()).st_size == 0:
        return np.empty(0, dtype=typecode)
    return np.asarray(np.memmap(file, dtype=np.dtype(typecode), mode="r"))


def _read(descriptor: int, start: int, end: int) -> bytes:
    """Bytes of a file; the place at which others read it stays."""
    found = os.pread(descriptor, end - start, start)
    while len(found) < end - start:
        more = os.pread(descriptor, end - start - len(found), start + len(found))
        if not more:
            raise OSError("a file of prepared rows is shorter than it was")
        found += more
    return found
