# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Waits for what another thread or process does, for as long as it takes but not for ever."""

from __future__ import annotations

import time
from typing import Callable, TypeVar

_POLL_S = 0.01

_Value = TypeVar("_Value")


def wait_until(condition: Callable[[], _Value], what: str, limit_s: float = 60.0) -> _Value:
    """The first true value of ``condition``.

    Args:
        condition: asked again and again.
        what: the condition in words, for the failure.
        limit_s: after so many seconds the test fails; far more than is needed.
    """
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"not in {limit_s:g} s: {what}"
        time.sleep(_POLL_S)
