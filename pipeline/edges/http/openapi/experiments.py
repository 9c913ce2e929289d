# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAPI descriptions of the routes that tell of traffic and experiments, behind the page."""

from __future__ import annotations

from typing import Any

from contract.wire.values import MAX_ID_CHARS
from pipeline.edges.http.openapi.parts import (
    PROBLEM,
    Schema,
    array,
    field,
    operation,
    optional,
    refusals,
    response,
    schema,
)

_TAG = "experiments"
_TEXT = field("string")
_READ_REFUSALS = (400, 401, 405, 413, 422)
_SENT_REFUSALS = (*_READ_REFUSALS, 408, 429, 500, 503)
_WHO = schema({"variant": _TEXT, "ranker": _TEXT, "bundle": _TEXT}, ["variant", "ranker", "bundle"])
ASSIGNMENT_FIELDS: dict[str, Schema] = {
    "unit_id": optional("string", "Such as a session.", maxLength=MAX_ID_CHARS),
    "user_id": optional("string", "Stands for unit_id.", maxLength=MAX_ID_CHARS),
    "query": optional("string", "Stands for both."),
    "experiment": optional("string", "Asks of one alone.", maxLength=MAX_ID_CHARS),
}
DRAFT_FIELDS: dict[str, Schema] = {
    "orders": array(
        array(field("integer", minimum=0), minItems=1),
        "Two orders of the same documents, each number from 0 on once.",
        minItems=2,
        maxItems=2,
    ),
    "seed": field("string", "Same seed, same draft.", maxLength=1024),
}
_ASSIGNMENT = schema(
    {
        "unit": _TEXT,
        "experiment": field("string", "Empty: none."),
        "mode": _TEXT,
        "variant": _TEXT,
        "reason": _TEXT,
        "answers": array(_WHO, "Two when they are interleaved."),
        "shadow": {"anyOf": [_WHO, {"type": "null"}]},
        "fallback": optional("string"),
        "held_out": field("boolean"),
    },
    ["unit", "experiment", "variant", "answers", "held_out"],
)


def experiment_schemas() -> dict[str, Schema]:
    """The bodies, by name."""
    return {
        "AssignmentRequest": schema(ASSIGNMENT_FIELDS, (), "One of unit_id, user_id and query."),
        "Draft": schema(DRAFT_FIELDS, ["orders"]),
    }


def assignment_of_query() -> dict[str, Any]:
    """GET /v1/assignments."""
    parameters = [
        {"name": name, "in": "query", "required": False, "schema": {**one, "type": "string"}}
        for name, one in ASSIGNMENT_FIELDS.items()
    ]
    return operation(
        "assignment",
        "The variant of a unit; nothing is recorded",
        {"200": response("Who would answer.", _ASSIGNMENT), **refusals(_READ_REFUSALS, PROBLEM)},
        tag=_TAG,
        parameters=parameters,
        keyed=True,
    )


def assignment_of_body() -> dict[str, Any]:
    """POST /v1/assignments."""
    return operation(
        "assignment_by_body",
        "The same, of fields that no proxy logs",
        {"200": response("Who would answer.", _ASSIGNMENT), **refusals(_SENT_REFUSALS, PROBLEM)},
        tag=_TAG,
        body={"$ref": "#/components/schemas/AssignmentRequest"},
        keyed=True,
    )


def interleave() -> dict[str, Any]:
    """POST /v1/interleave."""
    answer = schema(
        {
            "order": array(field("integer")),
            "pickers": array(field("integer", "0 or 1: whose pick it is.")),
        },
        ["order", "pickers"],
    )
    return operation(
        "interleave",
        "Two orders, drafted into one as an experiment does",
        {"200": response("Best first.", answer), **refusals(_SENT_REFUSALS, PROBLEM)},
        tag=_TAG,
        body={"$ref": "#/components/schemas/Draft"},
        keyed=True,
    )


def traffic() -> dict[str, Any]:
    """GET /v1/traffic."""
    required = ["time", "window_s", "total", "lines", "timeline", "rankers", "experiments"]
    answer: Schema = {"type": "object", "required": required}
    return operation(
        "traffic",
        "The last five minutes by experiment, variant and ranker",
        {"200": response("Counts and quantiles.", answer), **refusals((400, 401, 405), PROBLEM)},
        tag=_TAG,
        keyed=True,
    )
