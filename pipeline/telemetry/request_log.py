# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One line of the log for each request, written in a thread of its own.

A file's lock is held while the disk is written to, without Python's lock; under load, threads
that had their answer queued for it for 200 ms.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue
from typing import Any

from pipeline.telemetry.log_lines import FACTS

REQUESTS = "pipeline.requests"
_LOGGER = logging.getLogger(REQUESTS)

# so many lines may wait; beyond, a request's own thread writes its line
_MOST_WAITING = 10_000


def log_request(facts: Mapping[str, Any]) -> None:
    """Log a request.

    Args:
        facts: of it; ``service``, ``documents``, ``err_no``, ``ms`` and ``request_id`` at least.
    """
    _LOGGER.info(
        "%(service)s documents=%(documents)d err_no=%(err_no)d %(ms).1f ms "
        "request_id=%(request_id)s log_id=%(log_id)d",
        facts,
        extra={FACTS: facts},
    )


class _HandOver(QueueHandler):
    """Takes records without a lock: the queue needs none."""

    def __init__(self, lines: SimpleQueue[logging.LogRecord], writer: QueueListener) -> None:
        super().__init__(lines)
        self._lines = lines
        self._writer = writer

    def createLock(self) -> None:  # noqa: N802  logging's name
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._lines.qsize() < _MOST_WAITING:
            self._lines.put(record)
        else:
            self._writer.handle(record)


class RequestLog:
    """The writer's thread; one of it in a process."""

    def __init__(self) -> None:
        """Write apart from here on; the logs are set up."""
        lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
        files = logging.root.handlers
        self._writer = QueueListener(lines, *files, respect_handler_level=True)
        self._hand_over = _HandOver(lines, self._writer)
        self._logger = logging.getLogger(REQUESTS)
        self._logger.addHandler(self._hand_over)
        self._logger.propagate = False
        self._writer.start()

    def stop(self) -> None:
        """Write what still waits; later lines are written by the threads that have them."""
        self._logger.propagate = True
        self._logger.removeHandler(self._hand_over)
        self._writer.stop()
