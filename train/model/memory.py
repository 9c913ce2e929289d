# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Has the C library keep the memory that a model frees, instead of giving it back.

Paddle frees the outputs of operators in every batch and asks for as much in the next one. glibc
takes large blocks one by one from the kernel, which clears each page that is touched again.
Another C library than glibc may lack the function, and the habit.
"""

from __future__ import annotations

import contextlib
import ctypes
import os

# of mallopt in glibc's malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_NEVER = 2**31 - 1
_GROWS_BY = 256 * 1024 * 1024
_OWN_SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_", "MALLOC_MMAP_MAX_")


def keep_freed_memory() -> None:
    """Take no block one by one, and give none back; what the user has set stays."""
    if any(name in os.environ for name in _OWN_SETTINGS):
        return
    with contextlib.suppress(OSError, AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)
        mallopt(_M_TOP_PAD, _GROWS_BY)
