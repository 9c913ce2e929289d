# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Has the C library give the memory of large requests back to the system when they are answered.

The service calls :func:`prepare_memory` before its threads start, and its supervisor looks after
what was freed. Another C library than glibc may lack these functions, and their habits.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from pathlib import Path

# of mallopt in glibc's malloc.h
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_LARGE_BYTES = 4 * 1024 * 1024
_FEWEST_HEAPS = 2
# since the last time: about what one large request leaves
_GROWN_BYTES = 32 * 1024 * 1024
_STATM = Path("/proc/self/statm")


def prepare_memory() -> None:
    """Take large blocks one by one from the system, and all others from few heaps.

    Blocks of 4 MiB and more are then given back when they are freed. glibc does so at first, and
    raises its bound with each such block, up to 32 MiB. It would also make eight heaps a core,
    one for each of as many threads, and each keeps what its largest request needed.
    """
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
        mallopt(_M_ARENA_MAX, max(_FEWEST_HEAPS, len(os.sched_getaffinity(0))))


class FreedMemory:
    """Gives back what lies free in the heaps, when the process has grown."""

    def __init__(self) -> None:
        """Nothing has grown yet."""
        self._resident = _resident()

    def look(self) -> None:
        """Give back what can be, if there may be much; takes some milliseconds then."""
        if _resident() < self._resident + _GROWN_BYTES:
            return
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
        self._resident = _resident()


def _resident() -> int:
    """Bytes in memory; 0 where the system does not tell."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0
