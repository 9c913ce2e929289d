# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bytes of an HTTP body in, a JSON object out; and an answer's JSON back. Strict both ways."""

from __future__ import annotations

import json
from typing import Any

from contract.errors import MalformedRequest
from contract.exposure import Feedback
from contract.wire_values import first_repeated
from pipeline.door.front_door import FrontDoor
from pipeline.edges import reading
from pipeline.request.exchange import Answer, Reading

_BODY = "body"
_WIRE_FIELDS = ("key", "value", "tensors", "name", "method", "logid", "clientip")
_TENSOR_FIELDS = ("name", "elem_type", "str_data", "shape", "lod")
# longer numbers mean nothing here, and Python takes quadratic time to read them
_MAX_DIGITS = 32


def read_body(body: bytes, front_door: FrontDoor, service: str, method: str) -> Reading:
    """Validate a body of either shape.

    Args:
        body: as received.
        front_door: knows the limits.
        service: of the URL; a body may repeat it.
        method: of the URL; a body may repeat it.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    fields = parse_object(body)
    if not {"key", "value", "tensors"} & set(fields):
        return reading.read_fields(front_door.limits, fields)
    for name in fields:
        if name not in _WIRE_FIELDS:
            raise MalformedRequest("does not go with key and value", field=name)
    for name, expected in (("name", service), ("method", method)):
        if fields.get(name, expected) != expected:
            raise MalformedRequest(f"must be {expected!r}, as in the URL", field=name)
    return reading.read_wire(
        front_door.limits,
        _strings(fields, "key"),
        _strings(fields, "value"),
        _tensors(fields.get("tensors") or []),
        _log_id(fields.get("logid")),
    )


def read_feedback(body: bytes, front_door: FrontDoor) -> Feedback:
    """Validate feedback in either shape.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    fields = parse_object(body)
    if not {"key", "value"} & set(fields):
        return reading.read_feedback(front_door.limits, fields)
    return reading.read_feedback_wire(
        front_door.limits, _strings(fields, "key"), _strings(fields, "value")
    )


def parse_object(body: bytes) -> dict[str, Any]:
    """Decode UTF-8 JSON that is an object, with no key twice and no NaN.

    Raises:
        MalformedRequest: it is not that.
    """
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"not UTF-8 at byte {error.start}", field=_BODY) from error
    except RecursionError as error:
        raise MalformedRequest("nested too deeply", field=_BODY) from error
    except ValueError as error:
        raise MalformedRequest(f"not JSON ({error})", field=_BODY) from error
    if not isinstance(value, dict):
        raise MalformedRequest("must be a JSON object", field=_BODY)
    return value


def dump_answer(answer: Answer) -> bytes:
    """The gateway's JSON: five fields, always all of them, in its order."""
    fields = {
        "err_no": answer.err_no,
        "err_msg": answer.err_msg,
        "key": answer.key,
        "value": answer.value,
        "tensors": [],
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


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


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        repeated = first_repeated(name for name, _ in pairs)
        raise ValueError(f"the key {repeated!r:.80} stands twice")
    return fields


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _parse_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)
