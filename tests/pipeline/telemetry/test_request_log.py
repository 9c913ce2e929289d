# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The request log: no request waits for the file, and each line is written once, in order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.telemetry import request_log
from pipeline.telemetry.request_log import REQUESTS, RequestLog, log_request

FACTS = {"service": "ranker", "documents": 1, "err_no": 0, "ms": 1.0, "log_id": 0}


@pytest.fixture
def file(tmp_path: Path) -> Iterator[logging.FileHandler]:
    """The root's only handler, as set up by the service."""
    handler = logging.FileHandler(tmp_path / "log")
    root, requests = logging.root, logging.getLogger(REQUESTS)
    kept, level = root.handlers[:], requests.level
    root.handlers[:] = [handler]
    requests.setLevel(logging.INFO)
    yield handler
    root.handlers[:] = kept
    requests.handlers.clear()
    requests.setLevel(level)
    requests.propagate = True
    handler.close()


def ids(file: logging.FileHandler) -> list[str]:
    lines = Path(file.baseFilename).read_text(encoding="utf-8").splitlines()
    return [line.split("request_id=")[1].split()[0] for line in lines]


def test_a_stuck_file_holds_up_no_request(file: logging.FileHandler) -> None:
    writer = RequestLog()
    file.acquire()  # as while a disk hangs
    try:
        asking = threading.Thread(
            target=lambda: [log_request({**FACTS, "request_id": str(n)}) for n in range(50)]
        )
        asking.start()
        asking.join(10.0)
        assert not asking.is_alive()
        assert ids(file) == []
    finally:
        file.release()
    writer.stop()
    assert ids(file) == [str(n) for n in range(50)]
    log_request({**FACTS, "request_id": "late"})
    assert ids(file)[-1] == "late"


def test_when_too_many_lines_wait_a_request_writes_its_own(
    file: logging.FileHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_log, "_MOST_WAITING", 0)
    writer = RequestLog()
    log_request({**FACTS, "request_id": "own"})
    assert ids(file) == ["own"]
    writer.stop()
    assert ids(file) == ["own"]
