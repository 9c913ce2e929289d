# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells of what went wrong: unexpected errors by type and place, and what no log can say.

Never by their message, which may quote a request.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from traceback import format_tb

_LOGGER = logging.getLogger(__name__)


def log_failure(what: str, error: BaseException) -> None:
    """Log an error that is none of ours.

    Args:
        what: has failed, such as ``a request``.
        error: as it was caught.
    """
    place = "".join(format_tb(error.__traceback__))
    _LOGGER.error("%s failed with %s at\n%s", what, type(error).__name__, place)


def tell_operator(line: str) -> None:
    """Say on standard error what the logs may not be able to say."""
    with contextlib.suppress(OSError, ValueError):
        print(f"web_service: {line}", file=sys.stderr, flush=True)
