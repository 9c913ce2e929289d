# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Has the C library give the memory of large requests back to the system when they are answered."""

from __future__ import annotations

import contextlib
import ctypes

# of mallopt in glibc's malloc.h
_M_MMAP_THRESHOLD = -3
_LARGE_BYTES = 4 * 1024 * 1024


def give_back_large_blocks() -> None:
    """Take blocks of 4 MiB and more from the system one by one, and give each back at once.

    glibc does so at first, and raises its bound with each such block that is freed, up to 32 MiB.
    From then on bodies of that size lie in heaps, which keep their highest use: after 24 messages
    of 27 MB at once 1.1 GB in place of 0.7.
    """
    with contextlib.suppress(OSError, AttributeError):
        # another C library may have no such function, and no such habit
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
