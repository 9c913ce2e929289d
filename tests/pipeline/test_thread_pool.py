# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A pool's threads are there before it is handed work, and they do it."""

from __future__ import annotations

import threading

from pipeline.thread_pool import started_pool


def test_all_threads_run_before_the_first_work_and_no_more_come() -> None:
    pool = started_pool(7, "early")
    mine = {thread for thread in threading.enumerate() if thread.name.startswith("early")}
    assert len(mine) == 7
    names = {pool.submit(lambda: threading.current_thread().name).result() for _ in range(50)}
    assert names <= {thread.name for thread in mine}
    pool.shutdown()
    assert not any(thread.is_alive() for thread in mine)
