# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns an error that the ranking service answered with into the class that it raised."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Optional

from contract.errors import RankingError, RequestError, ServiceError
from contract.wire.caller_errors import with_field


def rebuild(err_no: int, message: str, *, http_status: Optional[int] = None) -> RankingError:
    """The error that the service raised, as far as the wire tells.

    Args:
        err_no: the answer's code, not 0.
        message: the answer's text, ``field: message`` where the error names a field.
        http_status: status of the HTTP answer; tells apart errors that share one ``err_no``.

    Returns:
        An instance of the most specific class that fits; of ``ServiceError`` for codes that only
        Paddle Serving itself uses.
    """
    kind = _kind(err_no, http_status)
    if kind is ServiceError and err_no != ServiceError.err_no:
        message = f"err_no {err_no}: {message}"
    return with_field(kind, message)


def _kind(err_no: int, http_status: Optional[int]) -> type[RankingError]:
    kinds = [kind for kind in _wire_errors() if kind.err_no == err_no]
    specific = [kind for kind in kinds if kind.http_status == http_status]
    # the last is the most derived: RequestError and MalformedRequest share 5000 and 400
    return (specific[-1:] or kinds[:1] or [ServiceError])[0]


def _wire_errors() -> Iterator[type[RankingError]]:
    """The contract's classes that a service answers with, each base before its subclasses."""
    roots: tuple[type[RankingError], ...] = (RequestError, ServiceError)
    for root in roots:
        yield root
        for kind in root.__subclasses__():
            if kind.__module__ == root.__module__:
                yield kind
