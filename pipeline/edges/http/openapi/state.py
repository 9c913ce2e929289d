# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""OpenAPI descriptions of the routes that tell of the service."""

from __future__ import annotations

from typing import Any

from pipeline.edges.http.openapi.parts import (
    FIVE_FIELDS,
    Schema,
    array,
    field,
    five_fields,
    operation,
    refusals,
    response,
    schema,
)

_TEXT = field("string")
_COUNT = field("integer", minimum=0)
_MODEL: Schema = {
    **schema(
        {
            "id": field("string", "To be given as model."),
            "object": field("string", enum=["model", "experiment"]),
            "created": _COUNT,
            "owned_by": _TEXT,
            "bundle": _TEXT,
            "precision": _TEXT,
            "max_model_len": field("integer", "Tokens of a row."),
        },
        ["id", "object", "created", "owned_by"],
    ),
    "additionalProperties": True,
}


def _state(name: str, summary: str, answers: dict[str, Any], tag: str = "state") -> dict[str, Any]:
    return operation(name, summary, {**answers, **refusals((400, 405), FIVE_FIELDS)}, tag=tag)


def health() -> dict[str, Any]:
    """GET /health."""
    answers = {"200": response("Yes.", FIVE_FIELDS), **refusals((503,), FIVE_FIELDS)}
    return _state("health", "Whether the process runs, and no batch hangs", answers)


def ready() -> dict[str, Any]:
    """GET /ready."""
    details = {"service": {"type": "object"}, "rankers": array({"type": "object"})}
    shape = schema({**five_fields(), **details}, [*five_fields(), *details])
    answers = {"200": response("Yes.", shape), **refusals((503,), shape)}
    return _state("ready", "Whether requests are taken", answers)


def metrics() -> dict[str, Any]:
    """GET /metrics."""
    answer = response("Prometheus' text format.")
    answer["content"] = {"text/plain": {"schema": {"type": "string"}}}
    return _state("metrics", "Counts and times", {"200": answer})


def document_json() -> dict[str, Any]:
    """GET /openapi.json."""
    answer = response("OpenAPI 3.1.", {"type": "object", "required": ["openapi", "paths"]})
    return _state("openapi", "This document", {"200": answer}, "pages")


def docs() -> dict[str, Any]:
    """GET /docs."""
    return _page("docs", "This document, to read and to try")


def page() -> dict[str, Any]:
    """GET /."""
    return _page("page", "Both rankers side by side, and the live traffic")


def _page(name: str, summary: str) -> dict[str, Any]:
    answer = response("HTML.")
    answer["content"] = {"text/html": {"schema": {"type": "string"}}}
    return _state(name, summary, {"200": answer}, "pages")


def models() -> dict[str, Any]:
    """GET /v1/models."""
    body = schema(
        {"object": field("string", enum=["list"]), "data": array(_MODEL)}, ["object", "data"]
    )
    return _state("models", "Rankers and experiments", {"200": response("All.", body)}, "models")


def info() -> dict[str, Any]:
    """GET /info."""
    body: Schema = {
        **schema(
            {
                "model_id": _TEXT,
                "model_sha": _TEXT,
                "model_dtype": _TEXT,
                "model_type": {"type": "object"},
                "max_concurrent_requests": _COUNT,
                "max_input_length": _COUNT,
                "max_client_batch_size": _COUNT,
                "version": _TEXT,
                "bundles": array({"type": "object"}),
                "cascade": field("object", "Its version and stages, where there is one."),
                "experiments": array(_TEXT),
                "limits": {"type": "object"},
            },
            ["model_id", "max_client_batch_size", "version", "bundles", "experiments", "limits"],
        ),
        "additionalProperties": True,
    }
    return _state("info", "Bundles and limits", {"200": response("All.", body)}, "models")
