# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the HTTP requests of every call. Nothing is sent from here.

The blocking and the asynchronous client send the same calls.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Optional
from urllib.parse import quote

from clients.ranker.http_answers import (
    read_fields,
    read_kept,
    read_models,
    read_ranked,
    read_ready,
)
from clients.ranker.key_values import read_result
from clients.ranker.result import RankResult, ServedModel
from clients.transport.http_sender import Call
from contract.errors import InvalidField


def encoded(fields: Mapping[str, Any]) -> bytes:
    """JSON of a request.

    Raises:
        InvalidField: a text is not well-formed Unicode.
    """
    try:
        return json.dumps(fields, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidField(
            "a text holds a lone surrogate; send well-formed Unicode", field="query or documents"
        ) from error


def key_value_call(fields: Mapping[str, str], log_id: int, service: str) -> Call[dict[str, str]]:
    """Fields of strings, as Paddle Serving's gateway takes them."""
    body = {"key": list(fields), "value": list(fields.values()), "logid": log_id}
    return Call(f"/{quote(service, safe='')}/prediction", read_fields, encoded(body))


def rank_call(
    query: str, documents: Sequence[str], model: Optional[str], options: Mapping[str, Any]
) -> Call[RankResult]:
    """Rank: by the names of models, or by the service's own fields.

    Args:
        query: of all documents.
        documents: texts.
        model: name of a ranker, an alias or an experiment; ``None`` leaves it to ``options``.
        options: further fields; those that are ``None``, empty or false are left out.
    """
    if isinstance(documents, str):
        raise TypeError("documents must be a sequence of strings, got one string")
    given = {
        name: value
        for name, value in options.items()
        if value is not None and value is not False and value != ""
    }
    # all attempts have one id: a repeated one is no second answer in the service's records
    fields = {
        "query": query,
        "documents": list(documents),
        **given,
        "request_id": options.get("request_id") or uuid.uuid4().hex,
    }
    if model is None:
        return Call(
            "/ranker/prediction", lambda answer: read_result(read_fields(answer)), encoded(fields)
        )
    if "ranker" in fields:
        raise InvalidField("name a model or a ranker, not both", field="model")
    # all scores are wanted, so the answer is cut here
    top_n = fields.pop("top_n", None)
    if top_n is not None and (isinstance(top_n, bool) or not isinstance(top_n, int) or top_n < 1):
        raise InvalidField(f"must be a whole number of at least 1, got {top_n!r}", field="top_n")
    body = encoded({"model": model, **fields})
    return Call("/v1/rerank", lambda answer: read_ranked(answer, len(documents), top_n), body)


def feedback_call(
    request_id: str, clicks: Sequence[int], grades: Mapping[int, float]
) -> Call[None]:
    """Feedback: kept once for each time that it is sent, so never repeated after a broken call."""
    fields = {
        "request_id": request_id,
        "clicks": list(clicks),
        "grades": [list(grade) for grade in grades.items()],
    }
    return Call("/feedback", read_kept, encoded(fields), repeatable=False)


def models_call() -> Call[tuple[ServedModel, ...]]:
    """What is served."""
    return Call("/v1/models", read_models)


def ready_call() -> Call[bool]:
    """Whether requests are taken; a refusal is the answer, so it is not tried again."""
    return Call("/ready", read_ready, retried=False)
