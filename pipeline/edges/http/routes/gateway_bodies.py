# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the bodies of the gateway's paths, in Paddle Serving's shape or in the fuller one."""

from __future__ import annotations

from typing import Any

from contract.errors import MalformedRequest
from contract.experiments.records import Feedback
from contract.wire.request import Limits, RankRequest
from pipeline.edges.http.json_body import parse_object
from pipeline.edges.paddle_wire import read_feedback, read_feedback_wire, read_wire
from pipeline.request.call import Arrival, Call

_WIRE_FIELDS = ("key", "value", "tensors", "name", "method", "logid", "clientip")
_TENSOR_FIELDS = ("name", "elem_type", "str_data", "shape", "lod")


def read_call(body: bytes, arrival: Arrival, limits: Limits, method: str, ranker: str) -> Call:
    """Validate a ranking request.

    Args:
        body: as received.
        arrival: with the service of the URL, which the body may repeat.
        limits: of a request.
        method: of the URL; a body may repeat it.
        ranker: named by a header.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    fields = parse_object(body)
    if not {"key", "value", "tensors"} & set(fields):
        request = RankRequest.from_fields(fields, limits).identified(arrival.request_id)
        return Call(request, arrival, ranker)
    for name in fields:
        if name not in _WIRE_FIELDS:
            raise MalformedRequest("does not go with key and value", field=name)
    for name, expected in (("name", arrival.service), ("method", method)):
        if fields.get(name, expected) != expected:
            raise MalformedRequest(f"must be {expected!r}, as in the URL", field=name)
    return read_wire(
        arrival,
        limits,
        _strings(fields, "key"),
        _strings(fields, "value"),
        _tensors(fields.get("tensors") or []),
        ranker=ranker,
        log_id=_log_id(fields.get("logid")),
    )


def read_feedback_body(body: bytes, limits: Limits) -> Feedback:
    """Validate feedback.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    fields = parse_object(body)
    if not {"key", "value"} & set(fields):
        return read_feedback(limits, fields)
    return read_feedback_wire(limits, _strings(fields, "key"), _strings(fields, "value"))


def _log_id(value: Any) -> int:
    """Paddle Serving's number of the call; what is no number is taken for none, as before."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _strings(fields: dict[str, Any], name: str) -> list[str]:
    value = fields.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise MalformedRequest("must be a list of strings", field=name)
    return value


def _tensors(tensors: Any) -> list[tuple[str, int, list[str]]]:
    if not isinstance(tensors, list):
        raise MalformedRequest("must be a list", field="tensors")
    triples = []
    for index, tensor in enumerate(tensors):
        where = f"tensors[{index}]"
        if not isinstance(tensor, dict) or not set(tensor) <= set(_TENSOR_FIELDS):
            raise MalformedRequest(f"must hold some of {', '.join(_TENSOR_FIELDS)}", field=where)
        name, elem_type = tensor.get("name", ""), tensor.get("elem_type", 0)
        if (
            not isinstance(name, str)
            or isinstance(elem_type, bool)
            or not isinstance(elem_type, int)
        ):
            raise MalformedRequest("name must be a string, elem_type a number", field=where)
        triples.append((name or where, elem_type, _strings(tensor, "str_data")))
    return triples
