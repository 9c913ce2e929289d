# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the service's HTTP answers: typed values, or the error that an answer holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Optional

from clients.ranker.errors import rebuild
from clients.ranker.key_values import joined
from clients.ranker.result import RankedDocument, RankResult, ServedModel
from clients.transport.http_exchange import Answer
from contract.errors import OverLimit, RankingError, RequestError, ServiceError
from contract.wire.caller_errors import UnreadableAnswer

_OK = 200
_UNAVAILABLE = 503
_NOT_OURS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


def read_fields(answer: Answer) -> dict[str, str]:
    """The fields of an answer in the gateway's shape.

    Raises:
        RankingError: the error that it holds, or it is no such answer.
    """
    try:
        content: Any = json.loads(answer.body)
        if "err_no" not in content:
            # of what stands before the routes, such as a bound on connections
            _object(answer)
        err_no = content["err_no"]
        keys, values = content["key"], content["value"]
    except _NOT_OURS as error:
        raise _unreadable(answer) from error
    if err_no != 0:
        raise rebuild(err_no, str(content.get("err_msg", "")), http_status=answer.status)
    return joined(keys, values)


def read_kept(answer: Answer) -> None:
    """Nothing: feedback that was kept has no value.

    Raises:
        RankingError: the error that it holds, or it is no such answer.
    """
    read_fields(answer)


def read_ready(answer: Answer) -> bool:
    """Whether the service takes requests.

    Raises:
        RankingError: another error than a refusal for now, or it is no such answer.
    """
    if answer.status == _UNAVAILABLE:
        return False
    read_fields(answer)
    return True


def read_ranked(answer: Answer, count: int, top_n: Optional[int]) -> RankResult:
    """The result that ``POST /v1/rerank`` answers with.

    Args:
        answer: of the service.
        count: how many documents were sent.
        top_n: keep only the best in ``results``; ``None`` keeps all.

    Raises:
        RankingError: the error that it holds, or it is no such answer.
    """
    content = _object(answer)
    try:
        results = tuple(_document(result) for result in content["results"])
        # an interleaved answer has scores of its own; those of its teams stand beside them
        scores = {result.index: result.score for result in results}
        usage = content["usage"]
        return RankResult(
            results=results[:top_n],
            scores=tuple(scores[index] for index in range(count)),
            ranker=str(content["ranker"]),
            bundle=str(content["bundle"]),
            request_id=str(content["id"]),
            tokens=int(usage["total_tokens"]),
            truncated=tuple(int(index) for index in usage["truncated"]),
            timings_ms={name: float(ms) for name, ms in content["timings_ms"].items()},
            variant=str(content["variant"]),
            experiment=str(content["experiment"]),
            warnings=tuple(str(text) for text in content.get("warnings", ())),
        )
    except _NOT_OURS as error:
        raise UnreadableAnswer(
            f"the answer is not as agreed ({type(error).__name__}: {error})", field="results"
        ) from error


def _document(result: Mapping[str, Any]) -> RankedDocument:
    document, number = result.get("document"), result.get("stage_index")
    return RankedDocument(
        int(result["index"]),
        float(result["relevance_score"]),
        None if document is None else str(document["text"]),
        str(result.get("team", "")),
        str(result.get("stage", "")),
        None if number is None else int(number),
    )


def read_models(answer: Answer) -> tuple[ServedModel, ...]:
    """What ``GET /v1/models`` lists.

    Raises:
        RankingError: the error that it holds, or it is no such answer.
    """
    content = _object(answer)
    try:
        return tuple(
            ServedModel(
                str(one["id"]),
                str(one["object"]),
                str(one.get("bundle", "")),
                str(one.get("precision", "")),
                int(one.get("max_model_len", 0)),
            )
            for one in content["data"]
        )
    except _NOT_OURS as error:
        raise UnreadableAnswer(
            f"the answer is not as agreed ({type(error).__name__}: {error})", field="data"
        ) from error


def _object(answer: Answer) -> dict[str, Any]:
    """The body of the paths that have shapes of their own."""
    try:
        content: Any = json.loads(answer.body)
        if answer.status == _OK and isinstance(content, dict):
            return content
        error = content["error"]
        code, message, field = error["code"], error["message"], error.get("field")
    except _NOT_OURS as problem:
        raise _unreadable(answer) from problem
    raise _of_code(str(code), str(message), field, answer)


def _of_code(code: str, message: str, field: Optional[str], answer: Answer) -> RankingError:
    if code == OverLimit.code:
        wait = float(answer.retry_after) if answer.retry_after.isdecimal() else 1.0
        return OverLimit(message, retry_after_s=wait)
    roots: tuple[type[RankingError], ...] = (RequestError, ServiceError)
    for root in roots:
        for kind in (root, *root.__subclasses__()):
            if kind.code == code:
                return kind(message, field=field)
    return ServiceError(f"{code}: {message}", field=field)


def _unreadable(answer: Answer) -> UnreadableAnswer:
    start = answer.body[:80].decode("utf-8", errors="replace")
    return UnreadableAnswer(
        f"HTTP {answer.status} with a body that is not this service's JSON ({start!r}...); "
        "is this its http_port?"
    )
