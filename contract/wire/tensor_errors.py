# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Translates the error codes of the tensor service, on each protocol, into contract.errors."""

from __future__ import annotations

from typing import NamedTuple, Optional

from contract.errors import (
    DeadlineExceeded,
    Forbidden,
    InferenceFailed,
    InvalidField,
    MalformedRequest,
    Overloaded,
    RankingError,
    RequestTooLarge,
    ServiceError,
    ShuttingDown,
    Unauthorized,
    UnknownService,
)
from contract.wire.caller_errors import with_field


class _Codes(NamedTuple):
    """A kind of error as each protocol numbers it, as in general_model_service/src/report/error.cc.

    ``brpc`` is 0 where the error stands inside a good response.
    """

    http: int
    grpc: int
    brpc: int
    err_no: int
    kind: type[RankingError]


CODES = (
    _Codes(400, 3, 0, -5100, InvalidField),
    _Codes(400, 3, 1003, -5000, MalformedRequest),
    _Codes(400, 3, 0, -5002, InvalidField),
    _Codes(413, 8, 1003, -5002, RequestTooLarge),
    _Codes(404, 12, 1002, -5000, UnknownService),
    _Codes(405, 12, 1002, -5000, UnknownService),
    _Codes(415, 12, 1003, -5000, MalformedRequest),
    _Codes(429, 8, 1011, -5000, Overloaded),
    # by what waits, and by the memory that requests hold
    _Codes(429, 8, 1011, -5000, Overloaded),
    _Codes(504, 4, 1008, -5000, DeadlineExceeded),
    _Codes(499, 1, 125, -5000, ServiceError),
    _Codes(503, 14, 2003, -5000, ShuttingDown),
    _Codes(500, 13, 0, -5001, InferenceFailed),
    _Codes(401, 16, 1004, -5000, Unauthorized),
    _Codes(403, 7, 1003, -5000, Forbidden),
    _Codes(500, 13, 0, -5100, InferenceFailed),
)


def from_http(status: int, err_no: int, message: str) -> RankingError:
    """The error of an HTTP answer that is not 200."""
    return _rebuilt([c for c in CODES if c.http == status], err_no, message, f"HTTP {status}")


def from_grpc(code: int, err_no: Optional[int], message: str) -> RankingError:
    """The error of a gRPC status; ``err_no`` is the service's own number beside it, if any."""
    return _rebuilt([c for c in CODES if c.grpc == code], err_no, message, f"gRPC status {code}")


def from_brpc(code: int, message: str) -> RankingError:
    """The error of a baidu_std answer."""
    return _rebuilt([c for c in CODES if c.brpc == code], None, message, f"brpc error {code}")


def from_response(err_no: int, message: str) -> RankingError:
    """The error inside a response that arrived well, as upstream's server sends it.

    -5100 is the caller's mistake and the engine's failure alike; a message about the former names
    a field.
    """
    fitting = [c for c in CODES if c.err_no == err_no and c.brpc == 0]
    if len(fitting) > 1 and with_field(InvalidField, message).field is None:
        fitting = fitting[1:]
    return _rebuilt(fitting, err_no, message, f"err_no {err_no}")


def _rebuilt(fitting: list[_Codes], err_no: Optional[int], message: str, code: str) -> RankingError:
    exact = [codes for codes in fitting if codes.err_no == err_no]
    if not fitting:
        return ServiceError(f"{code}: {message}")
    return with_field((exact or fitting)[0].kind, message)
