# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Threads that are there before the first request. Used by both edges."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor


def started_pool(threads: int, name: str) -> ThreadPoolExecutor:
    """A pool whose threads all run already.

    The usual one starts a thread when it is handed work and waits until it runs: while others
    compute, that holds up the event loop once for every request of a sudden load.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    together = threading.Barrier(threads)
    for waiting in [pool.submit(together.wait) for _ in range(threads)]:
        waiting.result()
    return pool
