# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The routes of an app in, GET /openapi.json and GET /docs out.

The document is put together once, when the app is built, from what each route says of itself; no
request is read or checked by it.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Optional

from fastapi import FastAPI, Response
from fastapi.routing import APIRoute

from pipeline.edges.http.errors import dump
from pipeline.edges.http.openapi import state
from pipeline.edges.http.openapi.experiments import experiment_schemas
from pipeline.edges.http.openapi.inference import inference_schemas
from pipeline.edges.http.openapi.parts import shared_schemas
from pipeline.edges.http.openapi.ranking import ranking_schemas

_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_ASSET_PATH = "/docs/assets/"
_SCRIPT = (
    "SwaggerUIBundle({url:'openapi.json',dom_id:'#docs',deepLinking:true,"
    "validatorUrl:null,presets:[SwaggerUIBundle.presets.apis]})"
)
_PAGE = f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ranking Stack API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/assets/swagger-ui.css"></head>
<body><div id="docs"></div><script src="docs/assets/swagger-ui-bundle.js"></script>
<script>{_SCRIPT}</script></body></html>"""
_SCRIPT_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_HEADERS = {
    # Swagger UI sets styles by itself, and shows pictures that it holds as data
    "Content-Security-Policy": (
        f"default-src 'none'; script-src 'self' 'sha256-{_SCRIPT_HASH}'; connect-src 'self'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_ABOUT = (
    "Two rankers of (query, title) pairs. Requests are read strictly: an unknown field is refused. "
    "What is no HTTP/1.1 is answered with 400 and text/plain."
)


def build_document(app: FastAPI, version: str) -> dict[str, Any]:
    """The OpenAPI document of all routes that describe themselves."""
    paths: dict[str, dict[str, Any]] = {}
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema and route.openapi_extra:
            # HEAD is GET without the body
            for method in route.methods - {"HEAD"}:
                paths.setdefault(route.path, {})[method.lower()] = route.openapi_extra
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ranking Stack", "version": version, "description": _ABOUT},
        "paths": paths,
        "components": {
            "schemas": {
                **shared_schemas(),
                **ranking_schemas(),
                **inference_schemas(),
                **experiment_schemas(),
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
            },
        },
    }


def add_documentation(app: FastAPI, version: str) -> None:
    """Bind the routes; what is bound later is in the document too, made at the first request."""
    made: Optional[bytes] = None

    @app.get("/openapi.json", openapi_extra=state.document_json())
    async def document() -> Response:
        nonlocal made
        if made is None:
            made = dump(build_document(app, version))
        return Response(made, media_type="application/json")

    @app.get("/docs", openapi_extra=state.docs())
    async def page() -> Response:
        return Response(_PAGE, headers=_HEADERS, media_type="text/html")

    for name, media_type in _ASSETS.items():
        _add_asset(app, name, media_type)


def _add_asset(app: FastAPI, name: str, media_type: str) -> None:
    path = _asset_directory() / name

    @app.get(_ASSET_PATH + name, include_in_schema=False)
    def asset() -> Response:
        headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}
        return Response(path.read_bytes(), headers=headers, media_type=media_type)


def _asset_directory() -> Path:
    """Of Swagger UI's files; the package is not imported: it changes FastAPI's own pages."""
    spec = find_spec("fastapi_offline")
    assert spec is not None and spec.origin is not None, "requirements/*.lock holds it"
    return Path(spec.origin).parent / "static"
