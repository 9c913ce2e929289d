# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that look at the service: state, documents, the page; and those of guarded services."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.golden_answers.calls import Http, Raw
from tests.golden_answers.texts import DOCUMENTS, PREDICT, QUERY, get, post

_TWO = {"query": QUERY, "documents": DOCUMENTS[:2], "request_id": "golden-2"}
_SHOP = {"Origin": "https://shop.example"}
KEYS = ("open", "slow", "small", "none")


def http_calls() -> list[Http]:
    """What anybody may look at."""
    return [
        *(get(path) for path in ("/health", "/ready", "/info", "/v1/models")),
        get("/metrics", names_only=True),
        get("/openapi.json", exact=True),
        get("/docs", exact=True),
        get("/", "page", digest=True),
        Http("head", "HEAD", "/", digest=True),
        get("/page/nothing.js", "unknown file"),
        get("/page/../app.py", "another folder"),
        Http("wrong method", "HEAD", "/health"),
    ]


def page_calls(repository: Path) -> list[Http]:
    """The page's files, wherever the service keeps them."""
    index = next((repository / "pipeline").rglob("page/index.html"))
    tag = sha256(index.read_bytes()).hexdigest()[:32]
    return [
        *(get(f"/page/{path.name}", digest=True) for path in sorted(index.parent.iterdir())),
        get("/", "known to the browser", {"if-none-match": f'"x", W/"{tag}"'}, digest=True),
        get("/", "another is known", {"if-none-match": "*"}, digest=True),
    ]


def traffic_calls() -> list[Http]:
    """The last minutes; asked when all that was asked before is done."""
    return [get("/v1/traffic", "after all others", after_s=0.5)]


def digest(key: str) -> str:
    """As http.api_keys has it."""
    return sha256(key.encode()).hexdigest()


def guarded_calls() -> list[Any]:
    """Of a service with keys, an origin and small bounds."""
    key = {name: {"Authorization": f"Bearer key-of-{name}"} for name in KEYS}
    asked = [PREDICT, "/v1/rerank", "/v2/models/pairwise/infer", "/feedback", "/v1/assignments",
             "/v1/interleave"]  # fmt: skip
    infer = "/v2/models/pairwise/infer"
    many = {"query": QUERY, "documents": DOCUMENTS}
    half = b"POST /rerank HTTP/1.1\r\nHost: x\r\nx-api-key: key-of-open\r\nContent-Length: 19000"
    return [
        *(post(path, "no key", _TWO) for path in asked),
        *(post(path, "unknown key", _TWO, key["none"]) for path in asked),
        get("/v1/traffic", "no key"),
        get("/v1/assignments", "no key"),
        *(get(path, "no key") for path in ("/health", "/ready", "/info", "/v1/models", "/v2")),
        get("/v1/traffic", "a key", key["open"]),
        post(PREDICT, "a key", _TWO, key["open"]),
        post(PREDICT, "a key as x-api-key", _TWO, {"x-api-key": "key-of-open"}),
        post(PREDICT, "another scheme", _TWO, {"Authorization": "Basic key-of-open"}),
        post("/v1/rerank", "a key", _TWO, key["open"]),
        post("/rerank", "no key", {"query": "q", "texts": ["a"]}),
        post("/v1/rerank", "no key, with an id", _TWO, {"x-request-id": "mine-5"}),
        # a burst of two, then no more for half a minute
        *(post("/v1/rerank", f"key of two a minute, {i}", _TWO, key["slow"]) for i in range(3)),
        post(PREDICT, "the same over its rate", _TWO, key["slow"]),
        post(infer, "the same over its rate", _TWO, key["slow"]),
        post("/feedback", "the same over its rate", _TWO, key["slow"]),
        *(post(PREDICT, f"key of three documents a day, {i}", _TWO, key["small"]) for i in (1, 2)),
        post("/v1/rerank", "the same over its day", _TWO, key["small"]),
        post("/rerank", "the same over its day", {"query": "q", "texts": ["a"] * 4}, key["small"]),
        post(PREDICT, "more than any day", {**_TWO, "documents": ["a"] * 4}, key["small"]),
        post(PREDICT, "from a page", _TWO, {**key["open"], **_SHOP}),
        post(PREDICT, "refused from a page", _TWO, _SHOP),
        post(PREDICT, "from another page", _TWO, {**key["open"], "Origin": "https://x.example"}),
        Http("preflight", "OPTIONS", PREDICT, None, tuple(
            {**_SHOP, "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "x-api-key"}.items())),
        post(PREDICT, "too many tokens", many, key["open"]),
        post("/v1/rerank", "too many tokens", many, key["open"]),
        Raw("bodies of all too large", "raw", half + b"\r\nConnection: close\r\n\r\n",
            half + b"\r\n\r\n" + b" " * 18_000),
    ]  # fmt: skip
