# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How answers in JSON are written, and errors: ``{"error": {"code", "message", "field"}}``.

For the paths that are not upstream's; those answer in the gateway's five fields.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any, Optional

from starlette.responses import Response

from contract.errors import OverLimit, RankingError, Unauthorized
from pipeline.edges.http.headers import REQUEST_ID_HEADER
from pipeline.edges.http.layers.body_budget import BodyTimeout, BodyTooLarge

_RETRY_STATUSES = (429, 503)


def problem(error: RankingError) -> dict[str, Any]:
    """The body."""
    # a text of the request may stand in the message; a lone surrogate has no UTF-8
    message = error.message.encode("utf-8", "backslashreplace").decode("utf-8")
    field = error.field and error.field.encode("utf-8", "backslashreplace").decode("utf-8")[:200]
    return {"error": {"code": error.code, "message": message, "field": field}}


def problem_response(
    error: RankingError, request_id: str = "", body: Optional[Mapping[str, Any]] = None
) -> Response:
    """The whole response.

    Args:
        error: what went wrong.
        request_id: of the request, when it has one by now.
        body: stands for :func:`problem`.
    """
    return error_response(error, dump(body or problem(error)), request_id)


def error_response(error: RankingError, content: bytes, request_id: str = "") -> Response:
    """A body that tells of an error, with the status and the headers that go with it.

    Args:
        error: what went wrong.
        content: JSON, in the shape of the path.
        request_id: of the request, when it has one by now.
    """
    response = respond(content, error.http_status, request_id)
    if isinstance(error, OverLimit):
        response.headers["Retry-After"] = str(math.ceil(error.retry_after_s))
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, (BodyTimeout, BodyTooLarge)):
        response.headers["Connection"] = "close"
    return response


def json_response(body: Any, status: int = 200, request_id: str = "") -> Response:
    """JSON with its status, the request's id in a header."""
    return respond(dump(body), status, request_id)


def respond(content: bytes, status: int = 200, request_id: str = "") -> Response:
    """JSON that is encoded already; who is refused for now is told when to come back."""
    response = Response(content, status, media_type="application/json")
    if status in _RETRY_STATUSES:
        response.headers["Retry-After"] = "1"
    if request_id:
        response.headers[REQUEST_ID_HEADER] = request_id
    return response


def dump(body: Any) -> bytes:
    """Compact UTF-8."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
