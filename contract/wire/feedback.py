# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks what a caller says of an answer it got: clicks and grades, by request id.

It comes as the fields of a JSON body, or as the string keys and values of RPC, and becomes a
:class:`contract.experiments.records.Feedback`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from contract.errors import InvalidField, RequestTooLarge
from contract.experiments.records import Feedback
from contract.wire.values import check_request_id, decode, plain

_FIELDS = ("request_id", "clicks", "grades")


def feedback_from_wire(fields: Mapping[str, str], time: float, limit: int) -> Feedback:
    """Decode string keys and values; see :func:`feedback_from_fields`."""
    decoded = {k: (decode if k in ("clicks", "grades") else plain)(v, k) for k, v in fields.items()}
    return feedback_from_fields(decoded, time, limit)


def feedback_from_fields(fields: Mapping[str, Any], time: float, limit: int) -> Feedback:
    """Check decoded fields.

    Args:
        fields: ``request_id`` of the answer; ``clicks``, indices of documents as in the request;
            ``grades``, pairs of an index and a relevance of 0 or more. One of the two at least.
        time: of its arrival, seconds since 1970.
        limit: documents a request may hold.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    unknown = [key for key in fields if key not in _FIELDS]
    if unknown:
        raise InvalidField(f"unknown; known are {', '.join(_FIELDS)}", field=unknown[0])
    request_id = check_request_id(fields.get("request_id"))
    if not request_id:
        raise InvalidField("missing; the answer names it", field="request_id")
    if fields.get("clicks") is None and fields.get("grades") is None:
        raise InvalidField("missing; send clicks, grades or both", field="clicks")
    clicks = _items(fields.get("clicks"), "clicks", limit)
    grades = _items(fields.get("grades"), "grades", limit)
    return Feedback(
        time,
        request_id,
        tuple(_index(c, f"clicks[{i}]", limit) for i, c in enumerate(clicks)),
        tuple(_grade(g, f"grades[{i}]", limit) for i, g in enumerate(grades)),
    )


def _items(value: Any, name: str, limit: int) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise InvalidField("must be a list", field=name)
    if len(value) > limit:
        raise RequestTooLarge(f"{len(value)} entries, at most {limit} allowed", field=name)
    return value


def _index(value: Any, name: str, limit: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < limit:
        raise InvalidField(
            f"must be a document's index from 0 to {limit - 1}, got {value!r:.40}", field=name
        )
    return int(value)


def _grade(value: Any, name: str, limit: int) -> tuple[int, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidField("must be a pair of a document's index and its grade", field=name)
    grade = value[1]
    number = isinstance(grade, (int, float)) and not isinstance(grade, bool)
    if not number or not 0 <= grade <= 1e6 or not math.isfinite(grade):
        raise InvalidField(f"must grade from 0 to 1000000, got {grade!r:.40}", field=name)
    return _index(value[0], name, limit), float(grade)
