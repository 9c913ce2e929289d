# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How long a call may take: the default, the longest, and the check of what a caller asks for."""

from __future__ import annotations

from contract.errors import InvalidField

DEFAULT_TIMEOUT_S = 10.0
# a day: what the service takes for x-timeout-ms at most
LONGEST_TIMEOUT_S = 86_400


def checked_timeout(timeout_s: float) -> float:
    """The time itself.

    Raises:
        InvalidField: not above 0, or longer than a day.
    """
    if not 0 < timeout_s <= LONGEST_TIMEOUT_S:
        raise InvalidField(
            f"must be seconds above 0 and at most {LONGEST_TIMEOUT_S}, got {timeout_s!r}",
            field="timeout_s",
        )
    return timeout_s
