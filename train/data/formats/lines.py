# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the lines of a file, compressed by gzip or not."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from contract.errors import DataError
from train.data.faults import BadRows

# of a list with hundreds of long documents; a file that is no text may have no line at all
LONGEST_LINE = 64 << 20


def numbered_lines(path: Path, bad: BadRows) -> Iterator[tuple[int, str]]:
    """Lines that are not empty, from 1; only a line feed ends one, whatever a text holds.

    Raises:
        DataError: the file is missing or cannot be read.
    """
    try:
        # bytes, because reading text would end lines at a lone carriage return too
        with _opened(path) as stream:
            line = 0
            while raw := stream.readline(LONGEST_LINE):
                line += 1
                if len(raw) == LONGEST_LINE and not raw.endswith(b"\n"):
                    bad.add(line, f"the line is longer than {LONGEST_LINE >> 20} MB")
                    _finish_line(stream)
                    continue
                try:
                    text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    bad.add(line, f"invalid UTF-8 at byte {error.start}")
                    continue
                if not text.isspace():
                    yield line, text.rstrip("\r\n")
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"is not a whole file of gzip ({error})", field=str(path)) from error
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", field=str(path)) from error


def _opened(path: Path) -> BinaryIO:
    if path.name.lower().endswith(".gz"):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def _finish_line(stream: BinaryIO) -> None:
    while raw := stream.readline(LONGEST_LINE):
        if raw.endswith(b"\n"):
            return
