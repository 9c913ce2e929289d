# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens the input and the output of ``python -m clients rank``.

An output that an earlier run began is added to, behind its last whole line.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Optional, TextIO

from clients.formats.queries import JSONL, STDIN, TSV
from contract.errors import DataError, InvalidField

_BLOCK_BYTES = 65_536


class InputLines:
    """Lines of a stream, and how many bytes they had."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read nothing yet."""
        self._stream = stream
        self._blank: list[bytes] = []
        self._first: Optional[bytes] = None
        self.read_bytes = 0

    def form(self) -> str:
        """What the first line looks like that is not blank."""
        self._first = self._stream.readline()
        while self._first and not self._first.strip(b"\xef\xbb\xbf \r\n"):
            self._blank.append(self._first)
            self._first = self._stream.readline()
        return JSONL if self._first.lstrip(b"\xef\xbb\xbf \t").startswith(b"{") else TSV

    def __iter__(self) -> Iterator[bytes]:
        for line in self._blank:
            yield self._count(line)
        if self._first:
            yield self._count(self._first)
        for line in self._stream:
            yield self._count(line)

    def _count(self, line: bytes) -> bytes:
        self.read_bytes += len(line)
        return line


def open_input(path: str, files: contextlib.ExitStack) -> BinaryIO:
    """The input's bytes; ``files`` closes it.

    Raises:
        DataError: it cannot be read.
    """
    if path == STDIN:
        return sys.stdin.buffer
    try:
        return files.enter_context(Path(path).open("rb"))
    except OSError as error:
        raise DataError(f"cannot read it ({error.strerror})", field=path) from error


def open_output(args: argparse.Namespace, files: contextlib.ExitStack) -> TextIO:
    """The output, behind what an earlier run wrote if ``args.after`` says so; ``files`` closes it.

    Raises:
        InvalidField: it cannot be written, or it is the input.
    """
    if args.output == STDIN:
        assert isinstance(sys.stdout, TextIOWrapper)
        encoding = sys.stdout.encoding if sys.stdout.isatty() else "utf-8"
        sys.stdout.reconfigure(encoding=encoding, errors="backslashreplace")
        return sys.stdout
    path = Path(args.output)
    if args.input != STDIN and path.exists() and path.samefile(args.input):
        raise InvalidField("is the input; write to another file", field="--output")
    try:
        if args.after:
            _cut_to_whole_lines(path)
        opened = path.open(
            "a" if args.after else "w", encoding="utf-8", errors="backslashreplace", newline="\n"
        )
    except OSError as error:
        raise InvalidField(
            f"cannot write {args.output} ({error.strerror})", field="--output"
        ) from error
    files.callback(_closed, opened)
    assert isinstance(opened, TextIOWrapper)
    return opened


def _closed(stream: TextIO) -> None:
    # what a full disk refused has been said
    with contextlib.suppress(OSError):
        stream.close()


def _cut_to_whole_lines(path: Path) -> None:
    """Drop what a killed run left of a line, so that the next does not stand behind it."""
    if not path.is_file():
        return
    with path.open("rb+") as stream:
        end = stream.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _BLOCK_BYTES)
            stream.seek(start)
            newline = stream.read(end - start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        stream.truncate(end)


def size(stream: BinaryIO) -> int:
    """Bytes of a file; 0 of a pipe or a terminal."""
    try:
        return os.fstat(stream.fileno()).st_size
    except OSError:
        return 0


def is_new(args: argparse.Namespace) -> bool:
    """Whether the output has nothing yet."""
    if args.output == STDIN:
        return not args.after
    path = Path(args.output)
    return not path.is_file() or path.stat().st_size == 0
