# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The page at / and its files; they are the service's own and need no key.

What the page shows comes from the other routes, which ask for one where keys are configured.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.errors import UnknownService
from pipeline.edges.http.described_route import get
from pipeline.edges.http.errors import problem_response
from pipeline.edges.http.openapi import state

_FOLDER = Path(__file__).parent.parent / "page"
_INDEX = "index.html"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}
# nothing but files of this service: no inline script or style, no other host, no frame around it
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _File:
    """One file, read once."""

    def __init__(self, path: Path) -> None:
        self._content = path.read_bytes()
        self._type = _TYPES[path.suffix]
        self._tag = f'"{hashlib.sha256(self._content).hexdigest()[:32]}"'

    def response(self, request: Request) -> Response:
        """The file, or 304 to a browser that has it."""
        headers = {**_HEADERS, "ETag": self._tag}
        known = request.headers.get("if-none-match", "")
        if self._tag in (tag.strip().removeprefix("W/") for tag in known.split(",")):
            return Response(status_code=304, headers=headers)
        return Response(self._content, headers=headers, media_type=self._type)


def page_routes() -> list[BaseRoute]:
    """The routes: / and /page/<name> of the files that are there now, and no other."""
    files = {p.name: _File(p) for p in sorted(_FOLDER.iterdir()) if p.suffix in _TYPES}

    async def page(request: Request) -> Response:
        return files[_INDEX].response(request)

    async def file(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in files:
            return problem_response(UnknownService(f"the page has no file {name!r:.80}"))
        return files[name].response(request)

    return [
        get("/", page, state.page()),
        get("/page/{name}", file),
    ]
