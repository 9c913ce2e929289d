# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAPI descriptions of the routes of the Open Inference Protocol."""

from __future__ import annotations

from typing import Any

from contract.rankers import CASCADE, RANKERS
from pipeline.edges.http.openapi.parts import (
    ID_HEADER,
    RANKING_HEADERS,
    RANKING_REFUSALS,
    Schema,
    array,
    field,
    operation,
    optional,
    path_value,
    refusals,
    response,
    schema,
)

_TAG = "open inference"
_TEXT = field("string")
_PARAMETERS: Schema = {"type": ["object", "null"], "description": "As the protocol has them."}
_PROBLEM: Schema = {"$ref": "#/components/schemas/InferenceProblem"}
_DESCRIPTION = schema(
    {"name": _TEXT, "datatype": _TEXT, "shape": array(field("integer"))},
    ["name", "datatype", "shape"],
)
TENSOR_FIELDS: dict[str, Schema] = {
    "name": field("string", "query and title (or documents), or input_ids and token_type_ids."),
    "shape": array(field("integer", minimum=1), "One or two sizes.", minItems=1, maxItems=2),
    "datatype": field("string", enum=["BYTES", "INT64"]),
    "parameters": _PARAMETERS,
    "data": array({"type": ["string", "integer", "array"]}, "Flat, or a list for each row."),
}
INFERENCE_FIELDS: dict[str, Schema] = {
    "id": optional("string", "Of the request; comes back.", pattern="^[!-~]{0,128}$"),
    "parameters": _PARAMETERS,
    "inputs": array(schema(TENSOR_FIELDS, ["name", "shape", "datatype"]), minItems=2, maxItems=2),
    "outputs": array(
        {
            **schema({"name": field("string", enum=["score", "predict", "logit"])}, ["name"]),
            "additionalProperties": True,
        },
        "Left out: score. Bundles whose graph returns scores alone have no logit.",
    ),
}


def inference_schemas() -> dict[str, Schema]:
    """The bodies, by name."""
    return {
        "Inference": schema(INFERENCE_FIELDS, ["inputs"]),
        "InferenceProblem": schema(
            {"error": _TEXT, "name": _TEXT, "ready": field("boolean")}, ["error"]
        ),
    }


def _path(path: str) -> list[dict[str, Any]]:
    made = (
        [path_value("name", "A ranker, or an alias.", (*RANKERS, CASCADE))]
        if "{name}" in path
        else []
    )
    if "{version}" in path:
        about, text = "Of a bundle; GET /v2/models/{name} lists them.", {"type": "string"}
        made.append(
            {
                "name": "version",
                "in": "path",
                "required": True,
                "description": about,
                "schema": text,
            }
        )
    return made


def _name(path: str, what: str) -> str:
    return f"v2_{what}_of_version" if "{version}" in path else f"v2_{what}"


def _look(path: str, what: str, summary: str, answer: Schema, *statuses: int) -> dict[str, Any]:
    return operation(
        _name(path, what),
        summary,
        {"200": response("Yes.", answer), **refusals((400, 405, *statuses), _PROBLEM)},
        tag=_TAG,
        parameters=_path(path),
    )


def infer(path: str) -> dict[str, Any]:
    """POST of an infer path."""
    output = schema(
        {
            "name": _TEXT,
            "datatype": field("string", enum=["FP32"]),
            "shape": array(field("integer")),
            "data": array(field("number")),
            "parameters": {"type": "object"},
        },
        ["name", "datatype", "shape"],
    )
    answer = schema(
        {
            "model_name": _TEXT,
            "model_version": _TEXT,
            "id": _TEXT,
            "parameters": {
                "type": "object",
                "description": "Plain values; stages, of a cascade, is the JSON of a list.",
            },
            "outputs": array(output),
        },
        ["model_name", "model_version", "outputs"],
    )
    return operation(
        _name(path, "infer"),
        "Score texts or token rows",
        {
            "200": response("A score for each row, in input order.", answer, ID_HEADER),
            **refusals(RANKING_REFUSALS, _PROBLEM),
        },
        tag=_TAG,
        about="Binary tensors may follow the JSON; Inference-Header-Content-Length says where.",
        body={"$ref": "#/components/schemas/Inference"},
        parameters=[*_path(path), *RANKING_HEADERS],
        keyed=True,
    )


def metadata(path: str) -> dict[str, Any]:
    """GET of a model."""
    answer = schema(
        {
            "name": _TEXT,
            "versions": array(_TEXT),
            "platform": _TEXT,
            "inputs": array(_DESCRIPTION),
            "outputs": array(_DESCRIPTION),
        },
        ["name", "inputs", "outputs"],
    )
    return _look(path, "model", "Inputs and outputs of a ranker", answer, 404)


def model_ready(path: str) -> dict[str, Any]:
    """GET of a model's readiness."""
    answer = _flags("ready", "name")
    return _look(path, "model_ready", "Whether a ranker takes requests", answer, 404, 503)


def server() -> dict[str, Any]:
    """GET /v2."""
    answer = schema(
        {"name": _TEXT, "version": _TEXT, "extensions": array(_TEXT)}, ["name", "version"]
    )
    return _look("", "server", "Name, version and extensions", answer)


def live() -> dict[str, Any]:
    """GET /v2/health/live."""
    return _look("", "live", "Whether the process runs", _flags("live"), 503)


def ready() -> dict[str, Any]:
    """GET /v2/health/ready."""
    return _look("", "ready", "Whether requests are taken", _flags("ready"), 503)


def _flags(flag: str, *texts: str) -> Schema:
    properties = {flag: field("boolean"), **dict.fromkeys(texts, _TEXT)}
    return schema(properties, list(properties))
