# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The errors that this project raises on purpose, each with its wire code and its HTTP status.

Any code raises them. They are translated once: by the edges of the service into a status and
``err_no``/``err_msg``, by a command into one line on stderr and exit code 2.

    RankingError
    |-- RequestError            the caller can mend it
    |   |-- MalformedRequest        not JSON, not UTF-8, not the agreed shape     400
    |   |-- UnknownService          no such service or model name                 404
    |   |-- Unauthorized            no API key, or one that is not known            401
    |   |-- Forbidden               a page that may not call, or a name not ours   403
    |   |-- UnsupportedMedia        a page's body that is not said to be JSON       415
    |   |-- RequestTooLarge         a size or a count over its limit              413
    |   `-- InvalidField            well-formed, but a value is not acceptable    422
    |-- ServiceError              the service's own state
    |   |-- Overloaded              the queue is full; try again later            429
    |   |   `-- OverLimit           the caller's rate or quota is used up           429
    |   |-- ShuttingDown            draining after SIGTERM                        503
    |   |-- DeadlineExceeded        no answer within the time allowed             504
    |   |-- CallerGone              the caller closed its connection              499
    |   `-- InferenceFailed         the engine refused or failed                  500
    `-- SetUpError              start-up or a command stops with one line
        |-- ConfigError             config_nlp.yml, named by its yaml path
        |-- BundleError             a bundle is missing, damaged or not itself
        `-- DataError               rows of a training or test file
"""

from __future__ import annotations

from typing import ClassVar, Optional


class RankingError(Exception):
    """Base of every error this project raises on purpose.

    Attributes:
        err_no: code on the Paddle Serving wire (``CustomExceptionCode`` values of Paddle Serving).
        http_status: status the HTTP edge answers with.
        code: short stable name for programs.
        field: the request field, yaml path or file the error is about, or ``None``.
    """

    err_no: ClassVar[int] = 10000
    http_status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"

    def __init__(self, message: str, *, field: Optional[str] = None) -> None:
        """Keep the message; ``field`` names what the reader has to look at."""
        super().__init__(message)
        self.message = message
        self.field = field

    def __str__(self) -> str:
        """``field: message``, so that a log line or ``err_msg`` alone names the culprit."""
        return f"{self.field}: {self.message}" if self.field else self.message


class RequestError(RankingError):
    """The caller sent something that cannot be served."""

    err_no = 5000
    http_status = 400
    code = "bad_request"


class MalformedRequest(RequestError):
    """The bytes are not JSON, not UTF-8, or not the agreed shape."""

    code = "malformed_request"


class UnknownService(RequestError):
    """The URL or the RPC request names a service that does not exist."""

    err_no = 3002
    http_status = 404
    code = "unknown_service"


class Unauthorized(RequestError):
    """No API key came with the request, or one that is not known."""

    http_status = 401
    code = "unauthorized"


class Forbidden(RequestError):
    """A page of another origin asks, or the service is asked by a name that is not its own."""

    http_status = 403
    code = "forbidden"


class UnsupportedMedia(RequestError):
    """A page in a browser sends a body that it does not call JSON."""

    http_status = 415
    code = "unsupported_media"


class RequestTooLarge(RequestError):
    """A text, a count or the whole body is over its limit."""

    http_status = 413
    code = "too_large"


class InvalidField(RequestError):
    """The request is well-formed, but the value of one field is not acceptable."""

    http_status = 422
    code = "invalid_field"


class ServiceError(RankingError):
    """The service cannot answer now, through no fault of the request."""


class Overloaded(ServiceError):
    """The queue of the ranker is full. ``51`` is in Paddle Serving's range for product codes."""

    err_no = 51
    http_status = 429
    code = "overloaded"


class OverLimit(Overloaded):
    """The caller has used up its rate or its quota.

    Attributes:
        retry_after_s: when there is room again.
    """

    code = "over_limit"

    def __init__(self, message: str, *, retry_after_s: float = 1.0) -> None:
        """Keep the message and when to come back."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ShuttingDown(ServiceError):
    """The service drains after SIGTERM and takes no new work."""

    err_no = 3001
    http_status = 503
    code = "shutting_down"


class DeadlineExceeded(ServiceError):
    """The answer was not ready within the time allowed."""

    err_no = 6000
    http_status = 504
    code = "deadline_exceeded"


class CallerGone(ServiceError):
    """The caller closed its connection; nobody reads this, but logs and metrics count it."""

    err_no = 6000
    http_status = 499
    code = "caller_gone"


class InferenceFailed(ServiceError):
    """The engine failed on this batch; the service goes on."""

    err_no = 9000
    code = "inference_failed"


class SetUpError(RankingError):
    """A command or the start of the service cannot go on; the message says what to do."""

    err_no = 3003
    code = "set_up"


class ConfigError(SetUpError):
    """A key of ``config_nlp.yml`` is unknown, ill-typed or out of range; ``field`` is its path."""

    err_no = 4000
    code = "config"


class BundleError(SetUpError):
    """A bundle is missing, damaged, or scores its golden pairs differently than when exported."""

    code = "bundle"


class DataError(SetUpError):
    """A row of a training or test file is malformed; ``field`` is ``file:line``."""

    code = "data"
