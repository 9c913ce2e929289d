# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One line of the log for each request, as text or as JSON. Called by the front door."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

TEXT, JSON = "text", "json"
# the logger of these lines
REQUESTS = "pipeline.requests"
_LOGGER = logging.getLogger(REQUESTS)
_FACTS = "facts"


def log_request(facts: Mapping[str, Any]) -> None:
    """Log a request.

    Args:
        facts: of it; ``service``, ``documents``, ``err_no``, ``ms`` and ``request_id`` at least.
    """
    _LOGGER.info(
        "%(service)s documents=%(documents)d err_no=%(err_no)d %(ms).1f ms "
        "request_id=%(request_id)s log_id=%(log_id)d",
        facts,
        extra={_FACTS: facts},
    )


class JsonFormatter(logging.Formatter):
    """A record as one JSON object; a request's facts stand in it by their names."""

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        facts = getattr(record, _FACTS, None)
        if facts is None:
            line["message"] = record.getMessage()
        else:
            line.update(facts)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)
