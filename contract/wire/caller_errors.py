# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Errors that only a caller of a service meets, and the way to rebuild an error from its text."""

from __future__ import annotations

import re

from contract.errors import RankingError, RequestError, ServiceError

_FIELD_AND_MESSAGE = re.compile(r"([\w.\[\]]+): (.+)", re.DOTALL)


class Unreachable(ServiceError):
    """No connection to the service could be made or kept."""

    http_status = 503
    code = "unreachable"


class ConnectionLost(Unreachable):
    """The connection broke during the call, so the service may have begun to work on it."""


class UnreadableAnswer(ServiceError):
    """Something answered, but not as this service does."""

    http_status = 502
    code = "unreadable_answer"


def with_field(kind: type[RankingError], message: str) -> RankingError:
    """An error whose text is ``field: message`` where it is the request's fault and names one."""
    named = _FIELD_AND_MESSAGE.fullmatch(message)
    if named and issubclass(kind, RequestError):
        return kind(named.group(2), field=named.group(1))
    return kind(message or "the service gave no reason")
