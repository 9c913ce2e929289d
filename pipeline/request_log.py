# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the lines of requests in a thread of its own, so that no request waits for a file.

A file's lock is held while the disk is written to, without Python's lock; under load, threads
that had their answer queued for it for 200 ms. Called by pipeline.web_service.
"""

from __future__ import annotations

import logging
from logging.handlers import QueueHandler, QueueListener
from queue import SimpleQueue

from pipeline.log_lines import REQUESTS

# so many lines may wait; beyond, a request's own thread writes its line
_MOST_WAITING = 10_000


class _HandOver(QueueHandler):
    """Takes records without a lock: the queue needs none."""

    def __init__(self, lines: SimpleQueue[logging.LogRecord], writer: QueueListener) -> None:
        super().__init__(lines)  # type: ignore[arg-type]
        self._lines = lines
        self._writer = writer

    def createLock(self) -> None:  # noqa: N802  logging's name
        self.lock = None

    def emit(self, record: logging.LogRecord) -> None:
        if self._lines.qsize() < _MOST_WAITING:
            self._lines.put(record)
        else:
            self._writer.handle(record)


def write_apart() -> QueueListener:
    """From here on; the logs are set up.

    Returns:
        Its ``stop`` writes what still waits.
    """
    lines: SimpleQueue[logging.LogRecord] = SimpleQueue()
    writer = QueueListener(lines, *logging.root.handlers, respect_handler_level=True)  # type: ignore[arg-type]
    logger = logging.getLogger(REQUESTS)
    logger.addHandler(_HandOver(lines, writer))
    logger.propagate = False
    writer.start()
    return writer
