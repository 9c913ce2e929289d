# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""HEAD is GET without the body, and a slash at the end of a path changes nothing."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from child_services.running_service import RunningService
from tests.pipeline.launch import Launched

READ = [
    "/", "/health", "/ready", "/metrics", "/info", "/v1/models", "/v1/traffic", "/v2", "/docs",
    "/v2/health/live", "/v2/health/ready", "/v2/models/pairwise", "/v2/models/pairwise/ready",
    "/openapi.json", "/page/api.js", "/v1/assignments?unit_id=u",
]  # fmt: skip
# differ from one request to the next
MOVING = {"date", "content-length"}
BODY = {"query": "q", "documents": ["a", "b"]}
INPUTS = [{"name": n, "shape": [1], "datatype": "BYTES", "data": ["a"]} for n in ("query", "title")]
POSTED: list[tuple[str, Any]] = [
    ("/rerank", BODY),
    ("/v1/rerank", BODY),
    ("/v2/rerank", BODY),
    ("/ranker/prediction", BODY),
    ("/v1/assignments", {"unit_id": "u"}),
    ("/v1/interleave", {"orders": [[0, 1], [1, 0]]}),
    ("/v2/models/pairwise/infer", {"inputs": INPUTS}),
    ("/feedback", {"request_id": "r", "clicks": [0]}),
]


def headers_of(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in MOVING}


@pytest.mark.parametrize("path", READ)
def test_head_is_get_without_the_body(service: RunningService, path: str) -> None:
    with httpx.Client(timeout=30) as client:
        asked, got = client.head(f"{service.url}{path}"), client.get(f"{service.url}{path}")
        assert (asked.status_code, asked.content) == (got.status_code, b"")
        assert asked.status_code == 200
        assert headers_of(asked) == headers_of(got)
        assert int(asked.headers["content-length"]) > 0
        # nothing is left on the connection that the next answer could be mistaken for
        assert client.get(f"{service.url}/health").json()["err_no"] == 0


def test_head_says_that_the_service_is_not_ready(config: dict[str, Any], tmp_path: Any) -> None:
    with Launched(config, tmp_path) as launched:
        launched.wait_ready()
        url = f"http://127.0.0.1:{config['http_port']}"
        assert httpx.head(f"{url}/ready").status_code == 200
        # an unknown ranker's readiness is an error, and has a status like GET's
        for path in ("/v2/models/nobody/ready", "/v2/models/nobody"):
            assert httpx.head(f"{url}{path}").status_code == 404


@pytest.mark.parametrize("path", ["/rerank", "/feedback", "/ranker/prediction", "/v1/interleave"])
def test_head_of_what_only_takes_a_body_is_refused(service: RunningService, path: str) -> None:
    response = httpx.head(f"{service.url}{path}")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


def test_other_methods_say_what_is_allowed(service: RunningService) -> None:
    for method in ("OPTIONS", "PUT", "DELETE"):
        response = httpx.request(method, f"{service.url}/health")
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", [p for p in READ if p not in ("/", "/docs") and "?" not in p])
def test_a_slash_at_the_end_changes_no_get(service: RunningService, path: str) -> None:
    plain = httpx.get(f"{service.url}{path}", timeout=30)
    slashed = httpx.get(f"{service.url}{path}/", timeout=30)
    assert (slashed.status_code, headers_of(slashed)) == (200, headers_of(plain))
    assert httpx.head(f"{service.url}{path}/").status_code == 200


@pytest.mark.parametrize(("path", "body"), POSTED)
def test_a_slash_at_the_end_changes_no_post(service: RunningService, path: str, body: Any) -> None:
    plain = httpx.post(f"{service.url}{path}", json=body, timeout=30)
    slashed = httpx.post(f"{service.url}{path}/", json=body, timeout=30)
    assert slashed.status_code == plain.status_code
    assert type(slashed.json()) is type(plain.json())
    if path == "/v1/rerank":
        assert slashed.json()["meta"]["api_version"] == {"version": "1"}


def test_the_page_of_the_documentation_finds_its_files(service: RunningService) -> None:
    response = httpx.get(f"{service.url}/docs/", timeout=30)
    assert (response.status_code, response.headers["location"]) == (307, "../docs")
    assert httpx.get(response.url.join("../docs"), timeout=30).status_code == 200


@pytest.mark.parametrize("path", ["//", "/rerank//", "/nobody/", "/v1/"])
def test_what_is_no_path_stays_none(service: RunningService, path: str) -> None:
    assert httpx.get(f"{service.url}{path}", timeout=30).status_code == 404
