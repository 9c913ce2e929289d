# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Pieces of OpenAPI operations, for the routes to describe themselves with.

A route's description is ``operation(...)``, and .document puts the pieces together. Nothing here
takes part in a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional

from contract.wire.request import RANKER_CHOICES
from pipeline.door.services import RANKER_HEADER
from pipeline.edges.http.headers import DRY_RUN_HEADER, REQUEST_ID_HEADER, TIMEOUT_HEADER

Schema = dict[str, Any]

FIVE_FIELDS: Schema = {"$ref": "#/components/schemas/FiveFields"}
PROBLEM: Schema = {"$ref": "#/components/schemas/Problem"}
_MEANINGS = {
    400: "The body or a header is no well-formed request.",
    401: "A key is needed and none that is known was sent.",
    403: "A page of another origin, or a name of the service that is not allowed.",
    404: "No such path, service, model or experiment.",
    405: "The path has no such method.",
    408: "The body did not arrive within limits.body_timeout_s; the connection is closed.",
    413: "More bytes, documents or characters than the limits allow.",
    415: "A page sent a body that it does not call application/json.",
    422: "A field is missing, unknown, of the wrong type or out of bounds; the message names it.",
    429: "Too many requests, rows or bytes are in work, or the key has used its share.",
    500: "The service failed; its log says why.",
    503: "The service is starting, stopping or has failed.",
    504: "The deadline passed before the answer.",
}
_RETRY = {
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    }
}
_ID = {
    REQUEST_ID_HEADER: {
        "description": "The request's id, the caller's or the service's.",
        "schema": {"type": "string"},
    }
}
# answered before any route is asked, in the gateway's shape
_BEFORE_ROUTES = (403, 405, 415)
RANKING_REFUSALS = (400, 401, 404, 405, 408, 413, 422, 429, 500, 503, 504)


def schema(
    properties: Mapping[str, Schema], required: Sequence[str] = (), about: str = ""
) -> Schema:
    """An object that has these properties and no others."""
    made: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": False}
    if required:
        made["required"] = list(required)
    if about:
        made["description"] = about
    return made


def array(items: Schema, about: str = "", **bounds: int) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **({"description": about} if about else {}), **bounds}


def field(kind: Any, about: str = "", **rest: Any) -> Schema:
    """A scalar; a list of kinds allows each."""
    return {"type": kind, **({"description": about} if about else {}), **rest}


def optional(kind: str, about: str = "", **rest: Any) -> Schema:
    """A scalar or null, which means the same as leaving it out."""
    return field([kind, "null"], about, **rest)


def response(
    about: str, content: Optional[Schema] = None, headers: Optional[Mapping[str, Any]] = None
) -> dict[str, Any]:
    """One status of an operation; its body is JSON."""
    made: dict[str, Any] = {"description": about}
    if content is not None:
        made["content"] = {"application/json": {"schema": content}}
    if headers:
        made["headers"] = dict(headers)
    return made


def refusals(statuses: Sequence[int], shape: Schema) -> dict[str, Any]:
    """Errors in one shape; what is no HTTP at all, or a wrong method, has a shape of its own."""
    made = {}
    for status in statuses:
        headers = dict(_RETRY) if status in (429, 503) else {}
        shown = FIVE_FIELDS if status in _BEFORE_ROUTES else shape
        one = response(_MEANINGS[status], shown, headers)
        if status == 400:
            one["content"]["text/plain"] = {"schema": {"type": "string"}}
        made[str(status)] = one
    return made


def operation(
    name: str,
    summary: str,
    answers: Mapping[str, Any],
    *,
    tag: str,
    about: str = "",
    body: Optional[Schema] = None,
    parameters: Sequence[Mapping[str, Any]] = (),
    keyed: bool = False,
) -> dict[str, Any]:
    """What a route says of itself.

    Args:
        name: operationId, unique.
        summary: one line.
        answers: by status, of :func:`response` and :func:`refusals`.
        tag: group on the page.
        about: more than a line.
        body: schema of the JSON body.
        parameters: of path, query and headers.
        keyed: whether a key is asked for when the configuration has any.
    """
    layers = refusals((403,) if body is None else (403, 415), FIVE_FIELDS)
    made: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "tags": [tag],
        "responses": {**layers, **answers},
    }
    if about:
        made["description"] = about
    if body is not None:
        made["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    if parameters:
        made["parameters"] = [dict(one) for one in parameters]
    if keyed:
        made["security"] = [{}, {"bearer": []}, {"apiKey": []}]
    return made


def header(name: str, about: str, schema: Schema) -> dict[str, Any]:
    """A header that may be left out."""
    return {"name": name, "in": "header", "required": False, "description": about, "schema": schema}


def path_value(name: str, about: str, values: Sequence[str]) -> dict[str, Any]:
    """A part of the path."""
    choice = {"type": "string", "enum": list(values)}
    return {"name": name, "in": "path", "required": True, "description": about, "schema": choice}


RANKING_HEADERS = (
    header(
        REQUEST_ID_HEADER,
        "Stands for request_id of a body without; comes back in the answer. Empty is none.",
        {"type": "string", "pattern": "^[!-~]{0,128}$"},
    ),
    header(
        TIMEOUT_HEADER,
        "Milliseconds after which the caller stops waiting: 504, and nothing more is computed.",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 86400000},
    ),
    header(
        RANKER_HEADER,
        "Stands for ranker of a body without. Empty is none.",
        {"type": "string", "enum": [*RANKER_CHOICES, ""]},
    ),
    header(
        DRY_RUN_HEADER,
        "true: answer as ever, and leave no record in experiments; or false.",
        # no schema: of a header, a boolean is the same bytes as the text that is meant
        {"example": "true"},
    ),
)
ID_HEADER = _ID


def five_fields() -> dict[str, Schema]:
    """Those of the gateway's answers."""
    return {
        "err_no": field("integer", "0 for a good answer."),
        "err_msg": field("string", "What is wrong, with the field; empty when nothing is."),
        "key": array(field("string"), "Names of the values."),
        "value": array(field("string"), "As many as keys; lists and objects as JSON."),
        "tensors": array({}, "Always empty.", maxItems=0),
    }


def shared_schemas() -> dict[str, Schema]:
    """The two shapes of errors."""
    return {
        "FiveFields": schema(
            five_fields(), list(five_fields()), "The answer of Paddle Serving's gateway."
        ),
        "Problem": schema(
            {
                "error": schema(
                    {
                        "code": field("string", "A word for programs.", pattern="^[a-z_]+$"),
                        "message": field("string", "What is wrong, and what to do."),
                        "field": optional("string", "Where in the request."),
                    },
                    ["code", "message", "field"],
                )
            },
            ["error"],
        ),
    }
