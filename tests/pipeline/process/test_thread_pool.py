# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A pool starts all its threads before it is handed work, and fails the start without them."""

from __future__ import annotations

import threading
import time

import pytest

from contract.errors import SetUpError
from pipeline.process.thread_pool import started_pool


def test_all_threads_run_before_the_first_work_and_no_more_come() -> None:
    pool = started_pool(7, "early")
    mine = {thread for thread in threading.enumerate() if thread.name.startswith("early")}
    assert len(mine) == 7
    names = {pool.submit(lambda: threading.current_thread().name).result() for _ in range(50)}
    assert names <= {thread.name for thread in mine}
    pool.shutdown()
    assert not any(thread.is_alive() for thread in mine)


def test_too_many_threads_fail_the_start_and_leave_none(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def start_some(thread: threading.Thread) -> None:
        if sum(other.name.startswith("many") for other in threading.enumerate()) >= 5:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_some)
    with pytest.raises(SetUpError, match=r"cannot start 9 threads.*max_in_flight"):
        started_pool(9, "many")
    deadline = time.monotonic() + 10
    while any(thread.name.startswith("many") for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
