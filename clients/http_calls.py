# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Arguments of a call in, the HTTP request out; the answer's bytes in, typed values out.

No network here: the blocking and the asynchronous client send the same calls.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Callable, Generic, Optional, TypeVar
from urllib.parse import quote

from clients.errors import UnreadableAnswer, rebuild
from clients.http_post import Answer
from clients.result import RankedDocument, RankResult, joined, read_result
from contract.errors import InvalidField, OverLimit, RankingError, RequestError, ServiceError

T = TypeVar("T")
_OK = 200
_UNAVAILABLE = 503
_NOT_OURS = (ValueError, TypeError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read.

    Attributes:
        path: below the base URL.
        read: the value of an answer; raises the error that it holds.
        body: JSON; ``None`` makes it a GET.
        repeatable: whether it may be sent again when the connection broke during it, so that the
            service may have served it already. A call that the service refused may always be.
        retried: whether it is tried again at all.
    """

    path: str
    read: Callable[[Answer], T]
    body: Optional[bytes] = None
    repeatable: bool = True
    retried: bool = True


@dataclass(frozen=True)
class ServedModel:
    """What can be asked by name.

    Attributes:
        name: goes into ``model``.
        kind: ``model``, one ranker, or ``experiment``.
        bundle: version that scores; empty for an experiment.
        precision: of its graph, or empty.
        max_tokens: of a row, query and special tokens included; 0 for an experiment.
    """

    name: str
    kind: str
    bundle: str = ""
    precision: str = ""
    max_tokens: int = 0


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


def wire_call(fields: Mapping[str, str], log_id: int, service: str) -> Call[dict[str, str]]:
    """String keys and values, as Paddle Serving's gateway has them."""
    body = {"key": list(fields), "value": list(fields.values()), "logid": log_id}
    return Call(f"/{quote(service, safe='')}/prediction", read_wire, encoded(body))


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
        return Call("/ranker/prediction", lambda a: read_result(read_wire(a)), encoded(fields))
    if "ranker" in fields:
        raise InvalidField("name a model or a ranker, not both", field="model")
    # all scores are wanted, so the answer is cut here
    top_n = fields.pop("top_n", None)
    if top_n is not None and (isinstance(top_n, bool) or not isinstance(top_n, int) or top_n < 1):
        raise InvalidField(f"must be a whole number of at least 1, got {top_n!r}", field="top_n")
    body = encoded({"model": model, **fields})
    return Call("/v1/rerank", lambda answer: _ranked(_object(answer), len(documents), top_n), body)


def feedback_call(
    request_id: str, clicks: Sequence[int], grades: Mapping[int, float]
) -> Call[None]:
    """Feedback: kept once for each time that it is sent, so never repeated after a broken call."""
    fields = {
        "request_id": request_id,
        "clicks": list(clicks),
        "grades": [list(grade) for grade in grades.items()],
    }
    return Call("/feedback", _read_kept, encoded(fields), repeatable=False)


def models_call() -> Call[tuple[ServedModel, ...]]:
    """What is served."""
    return Call("/v1/models", lambda answer: _models(_object(answer)))


def ready_call() -> Call[bool]:
    """Whether requests are taken; a refusal is the answer, so it is not tried again."""
    return Call("/ready", _is_ready, retried=False)


def _read_kept(answer: Answer) -> None:
    read_wire(answer)


def _is_ready(answer: Answer) -> bool:
    if answer.status == _UNAVAILABLE:
        return False
    read_wire(answer)
    return True


def read_wire(answer: Answer) -> dict[str, str]:
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


def _ranked(content: Mapping[str, Any], count: int, top_n: Optional[int]) -> RankResult:
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
        )
    except _NOT_OURS as error:
        raise UnreadableAnswer(
            f"the answer is not as agreed ({type(error).__name__}: {error})", field="results"
        ) from error


def _document(result: Mapping[str, Any]) -> RankedDocument:
    document = result.get("document")
    return RankedDocument(
        int(result["index"]),
        float(result["relevance_score"]),
        None if document is None else str(document["text"]),
        str(result.get("team", "")),
    )


def _models(content: Mapping[str, Any]) -> tuple[ServedModel, ...]:
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
