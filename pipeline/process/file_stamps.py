# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells by a look whether a file has changed: its time, size and number; nothing is read."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

Stamp = Optional[tuple[int, int, int]]


def stamp_of(path: Path) -> Stamp:
    """What differs when the file does; an editor may replace it, or be writing it just now."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
