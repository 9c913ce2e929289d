# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Logs unexpected errors by type and place; never their message, which may quote a request."""

from __future__ import annotations

import logging
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
