# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The service's key-value form: requests as string fields, and results read from string fields.

HTTP and RPC both use it, so that they cannot differ in what they send or read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional, TypeVar

from clients.ranker.result import RankedDocument, RankerScores, RankResult
from contract.wire.caller_errors import UnreadableAnswer

_T = TypeVar("_T")


def rank_fields(query: str, documents: Sequence[str]) -> dict[str, str]:
    """The fuller shape: one query, many documents."""
    if isinstance(documents, str):
        raise TypeError("documents must be a sequence of strings, got one string")
    return {"query": query, "documents": json.dumps(list(documents), ensure_ascii=False)}


def pair_fields(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Upstream's shape: numbered (query, title) pairs."""
    return {
        str(i): json.dumps({"query": query, "title": title}, ensure_ascii=False)
        for i, (query, title) in enumerate(pairs)
    }


def option_fields(
    ranker: Optional[str],
    top_n: Optional[int],
    return_documents: bool,
    request_id: str,
    unit_id: str = "",
    user_id: str = "",
) -> dict[str, str]:
    """Only what differs from the service's defaults."""
    fields: dict[str, str] = {}
    if ranker is not None:
        fields["ranker"] = ranker
    if top_n is not None:
        fields["top_n"] = json.dumps(top_n)
    if return_documents:
        fields["return_documents"] = json.dumps(return_documents)
    ids = {"request_id": request_id, "unit_id": unit_id, "user_id": user_id}
    return {**fields, **{name: value for name, value in ids.items() if value}}


def feedback_fields(
    request_id: str, clicks: Sequence[int], grades: Mapping[int, float]
) -> dict[str, str]:
    """What a reader did with the answer of that id."""
    return {
        "request_id": request_id,
        "clicks": json.dumps(list(clicks)),
        "grades": json.dumps(list(grades.items())),
    }


def read_result(fields: Mapping[str, str]) -> RankResult:
    """Build the result from the answer's fields.

    Raises:
        UnreadableAnswer: a field is missing or not what this service sends.
    """
    usage = _read(fields, "usage", _usage)
    return RankResult(
        results=_read(fields, "results", lambda v: tuple(_document(item) for item in v)),
        scores=_read(fields, "predict", _scores),
        ranker=_text(fields, "ranker"),
        bundle=_text(fields, "bundle"),
        request_id=_text(fields, "request_id"),
        tokens=usage[0],
        truncated=usage[1],
        timings_ms=_read(fields, "timings_ms", lambda v: {k: float(ms) for k, ms in v.items()}),
        rankings=_read(fields, "rankings", _rankings) if "rankings" in fields else {},
        variant=fields.get("variant", ""),
        experiment=fields.get("experiment", ""),
        warnings=_read(fields, "warnings", _texts) if "warnings" in fields else (),
    )


def _text(fields: Mapping[str, str], name: str) -> str:
    if name not in fields:
        raise UnreadableAnswer(
            f"the answer has no such key, only {', '.join(fields) or 'none'}; "
            "is this the ranking service?",
            field=name,
        )
    return fields[name]


def _read(fields: Mapping[str, str], name: str, build: Callable[[Any], _T]) -> _T:
    text = _text(fields, name)
    try:
        return build(json.loads(text))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise UnreadableAnswer(
            f"the answer's value is not as agreed ({type(error).__name__}: {error})", field=name
        ) from error


def _scores(value: Any) -> tuple[float, ...]:
    """Upstream nests the pair-wise ranker's scores one by one."""
    return tuple(float(score[0] if isinstance(score, list) else score) for score in value)


def _document(value: Any) -> RankedDocument:
    number = value.get("stage_index")
    return RankedDocument(
        int(value["index"]),
        float(value["score"]),
        value.get("document"),
        value.get("team", ""),
        value.get("stage", ""),
        None if number is None else int(number),
    )


def _usage(value: Any) -> tuple[int, tuple[int, ...]]:
    return int(value["tokens"]), tuple(int(index) for index in value["truncated"])


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(text) for text in value)


def _rankings(value: Any) -> dict[str, RankerScores]:
    return {
        ranker: RankerScores(
            str(ranking["bundle"]),
            _scores(ranking["scores"]),
            tuple(int(index) for index in ranking["order"]),
        )
        for ranker, ranking in value.items()
    }


def joined(keys: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """The response's two parallel lists as one mapping.

    Raises:
        UnreadableAnswer: the lists differ in length or a key stands twice.
    """
    fields = dict(zip(keys, values))
    if not len(fields) == len(keys) == len(values):
        raise UnreadableAnswer(
            f"{len(keys)} keys, {len(fields)} of them distinct, but {len(values)} values"
        )
    return fields
