# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A pool of threads that are there before the first request."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from contract.errors import SetUpError


def started_pool(threads: int, name: str) -> ThreadPoolExecutor:
    """A pool whose threads all run already.

    The usual one starts a thread when it is handed work and waits until it runs: while others
    compute, that holds up the event loop once for every request of a sudden load.

    Raises:
        SetUpError: the system does not allow so many threads.
    """
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    together = threading.Barrier(threads)
    try:
        started = [pool.submit(together.wait) for _ in range(threads)]
    except RuntimeError as error:
        # or those that did start would wait for the others for ever
        together.abort()
        pool.shutdown(wait=False)
        raise SetUpError(
            f"cannot start {threads} threads ({error}); allow more, or lower "
            "limits.max_in_flight or worker_num"
        ) from error
    for waiting in started:
        waiting.result()
    return pool
