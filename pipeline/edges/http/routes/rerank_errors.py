# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How an error is answered so that each client of another re-ranker finds its reason.

All but the clients of Text Embeddings Inference and Voyage share one body: ``error`` as on other
paths, ``message`` for Cohere's, and ``detail`` for those of Jina and Infinity. Of a 422, FastAPI's
list is what Infinity's client parses; of other statuses ``detail`` is a text.
"""

from __future__ import annotations

import re
from typing import Any, Optional, Union

from starlette.responses import Response

from contract.errors import (
    DeadlineExceeded,
    Overloaded,
    RankingError,
    RequestError,
    ShuttingDown,
)
from pipeline.edges.http.errors import problem, problem_response
from pipeline.edges.http.routes.rerank_shapes import Rerank

_UNPROCESSABLE = 422
_PARTS = re.compile(r"[^.\[\]]+")
_TEI_TYPES: tuple[tuple[type[RankingError], str], ...] = (
    (RequestError, "Validation"),
    (Overloaded, "Overloaded"),
    (ShuttingDown, "Unhealthy"),
    (DeadlineExceeded, "Overloaded"),
)


def rerank_error(
    error: RankingError, request_id: str = "", *, asked: Optional[Rerank] = None
) -> Response:
    """The whole response.

    Args:
        error: what went wrong.
        request_id: of the request, when it has one by now.
        asked: the request, as far as it was read.
    """
    shared = problem(error)["error"]
    text = f"{shared['field']}: {shared['message']}" if shared["field"] else shared["message"]
    if asked is not None and asked.list_name == "data":
        # Voyage's SDK fails on an error that is an object
        body = {"error": text, "detail": text, **_without_none(shared)}
    elif asked is not None and asked.bare:
        body = {"error": text, "error_type": _tei_type(error), **_without_none(shared)}
    else:
        body = {"error": shared, "message": text, "detail": _detail(error, text, shared)}
    return problem_response(error, request_id, body)


def _without_none(shared: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in shared.items() if value is not None}


def _tei_type(error: RankingError) -> str:
    return next((name for kind, name in _TEI_TYPES if isinstance(error, kind)), "Backend")


def _detail(
    error: RankingError, text: str, shared: dict[str, Any]
) -> Union[str, list[dict[str, Any]]]:
    if error.http_status != _UNPROCESSABLE:
        return text
    parts = _PARTS.findall(shared["field"] or "")
    where = [int(part) if part.isdecimal() else part for part in parts]
    return [{"loc": ["body", *where], "msg": shared["message"], "type": shared["code"]}]
