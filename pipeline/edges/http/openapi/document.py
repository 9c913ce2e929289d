# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""GET /openapi.json and GET /docs: what the routes say of themselves, and a page that shows it.

The document is put together once; no request is read or checked by it.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Callable, Optional

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pipeline.edges.http.described_route import DescribedRoute, get
from pipeline.edges.http.errors import dump
from pipeline.edges.http.openapi import state
from pipeline.edges.http.openapi.experiments import experiment_schemas
from pipeline.edges.http.openapi.inference import inference_schemas
from pipeline.edges.http.openapi.parts import shared_schemas
from pipeline.edges.http.openapi.ranking import ranking_schemas

_ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
_ASSET_PATH = "/docs/assets/"
# the page's links are relative, so that a proxy may put a prefix before it
DOCS_WITH_SLASH = "/docs/"
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
    "Two rankers of (query, title) pairs. Requests are read strictly: an unknown field is refused, "
    "but for /rerank and its sisters, whose answers name it in warnings. "
    "What is no HTTP/1.1 is answered with 400 and text/plain."
)


def build_document(routes: Iterable[BaseRoute], version: str) -> dict[str, Any]:
    """The OpenAPI document of all routes that describe themselves."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if isinstance(route, DescribedRoute) and route.description is not None and route.methods:
            # HEAD is GET without the body
            for method in route.methods - {"HEAD"}:
                paths.setdefault(route.path, {})[method.lower()] = route.description
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


def documentation_routes(
    routes: Callable[[], Iterable[BaseRoute]], version: str
) -> list[BaseRoute]:
    """The routes.

    Args:
        routes: of the whole app, asked at the first request for the document.
        version: of the service.
    """
    made: Optional[bytes] = None

    async def document(_: Request) -> Response:
        nonlocal made
        if made is None:
            made = dump(build_document(routes(), version))
        return Response(made, media_type="application/json")

    async def page(_: Request) -> Response:
        return Response(_PAGE, headers=_HEADERS, media_type="text/html")

    async def to_page(_: Request) -> Response:
        return Response(status_code=307, headers={"Location": "../docs"})

    return [
        get("/openapi.json", document, state.document_json()),
        get("/docs", page, state.docs()),
        get(DOCS_WITH_SLASH, to_page),
        *(_asset_route(name, media_type) for name, media_type in _ASSETS.items()),
    ]


def _asset_route(name: str, media_type: str) -> BaseRoute:
    path = _asset_directory() / name
    headers = {"Cache-Control": "max-age=3600", "X-Content-Type-Options": "nosniff"}

    async def asset(_: Request) -> Response:
        content = await asyncio.get_running_loop().run_in_executor(None, path.read_bytes)
        return Response(content, headers=headers, media_type=media_type)

    return get(_ASSET_PATH + name, asset)


def _asset_directory() -> Path:
    """Of Swagger UI's files; the package is not imported: it changes FastAPI's own pages."""
    spec = find_spec("fastapi_offline")
    assert spec is not None and spec.origin is not None, "requirements/*.lock holds it"
    return Path(spec.origin).parent / "static"
