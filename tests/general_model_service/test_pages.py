# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service keeps pages of other origins out as the Pipeline does, in the same words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import pytest

from contract.rankers import CROSS_ENCODER
from tests.general_model_service.twins import Twins, guarded_twins
from tests.pipeline.edges.http.test_browsers import (
    CROSS,
    EVIL,
    FIREFOX,
    FORM,
    JSON,
    PLAIN,
)

BODY = json.dumps({"query": "q", "documents": ["a"]}).encode()
# of another origin, whatever the port is
PAGES = [
    CROSS,
    EVIL,
    {"origin": "null", "sec-fetch-site": "cross-site"},
    {"origin": "null"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": "http://127.0.0.1:1"},
    {"origin": "http://127.0.0.1:1"},
    {"origin": "http://[::1"},
    {"origin": "http://127.0.0.1:99999"},
    {"referer": "https://evil.example.com/page", **FIREFOX},
]
NAMES = [
    "127.0.0.1:8088", "10.1.2.3", "[::1]:8088", "localhost:8088", "LOCALHOST", "a.localhost",
    "ranker", "ranker.default.svc.cluster.local.", "box.home.arpa", "rank.corp.internal",
    "evil.example.com:8088", "rebound.evil.io", "127.0.0.1.evil.io", "localhost.evil.io",
    "home.arpa.evil.io", "évil.example.com", "a'b.example.com", "[::1",
    "[x]", "a:b:c", "a@b.example.com",
]  # fmt: skip


@pytest.fixture(scope="module")
def open_to_all(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twins]:
    """Both without keys."""
    with guarded_twins(bundles, CROSS_ENCODER, tmp_path_factory.mktemp("open"), {}) as running:
        yield running


@pytest.fixture(scope="module")
def named(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twins]:
    """Both list their names and the origins of pages that may call."""
    http = {
        "allowed_hosts": ["rank.example.com", "*.shops.example.com"],
        "cors_origins": ["https://shop.example.com"],
    }
    with guarded_twins(bundles, CROSS_ENCODER, tmp_path_factory.mktemp("named"), http) as running:
        yield running


def status(
    both: Twins, headers: dict[str, str], path: str = "/rerank", method: str = "POST"
) -> int:
    """Of both, which must answer alike."""
    content = BODY if method == "POST" else None
    pipeline, program = both.ask(path, content, headers, method)
    if program.status in (200, 404, 405) and path != "/rerank":
        # these answer in the service's own words
        assert program.status == pipeline.status
    else:
        assert program._replace(numbers=[]) == pipeline._replace(numbers=[])
    return program.status


@pytest.mark.parametrize("path", ["/rerank", "/", "/ranker/prediction", "/v1/rerank/"])
@pytest.mark.parametrize("kind", [PLAIN, JSON, {}])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_another_origin_posts_nothing(
    open_to_all: Twins, path: str, kind: dict[str, str], page: dict[str, str]
) -> None:
    expected = (
        200 if page == {"origin": ""} and kind == JSON else 415 if page == {"origin": ""} else 403
    )
    assert status(open_to_all, {**kind, **page}, path) == expected


@pytest.mark.parametrize("kind", [JSON, PLAIN, FORM, {}, {"content-type": "application/vnd.x+json"},
                                  {"content-type": "application/json, a/b"}])  # fmt: skip
def test_the_services_own_page_posts_json(open_to_all: Twins, kind: dict[str, str]) -> None:
    is_json = kind.get("content-type", "").endswith("json")
    for host in ("127.0.0.1:8088", "ranker", "[::1]:80"):
        own = {"origin": f"http://{host}", "host": host, **FIREFOX}
        assert status(open_to_all, {**kind, **own}) == (200 if is_json else 415)
    same = {"sec-fetch-site": "same-origin"}
    assert status(open_to_all, {**kind, **same}) == (200 if is_json else 415)


@pytest.mark.parametrize(
    "forwarded",
    [
        None,
        "rank.example.com",
        "rank.example.com:443, inner",
        "rank.example.com:80",
        "other.example.com",
        ":",
        "[",
    ],
)
def test_a_proxy_says_by_which_name_it_was_asked(
    open_to_all: Twins, forwarded: Optional[str]
) -> None:
    sent = {**JSON, "origin": "https://rank.example.com", "host": "ranker:8088"}
    if forwarded is not None:
        sent["x-forwarded-host"] = forwarded
    known = forwarded in ("rank.example.com", "rank.example.com:443, inner")
    assert status(open_to_all, sent) == (200 if known else 403)


@pytest.mark.parametrize("host", NAMES)
@pytest.mark.parametrize("sign", [FIREFOX, {"sec-fetch-site": "same-origin"}, {}])
def test_names_that_a_browser_may_use(open_to_all: Twins, host: str, sign: dict[str, str]) -> None:
    encoded = host.encode().decode("latin-1")
    for path in ("/metrics", "/info", "/health", "/ready"):
        status(open_to_all, {**sign, "host": encoded}, path, "GET")
    status(open_to_all, {**sign, **JSON, "host": encoded})
    page = {**sign, **JSON, "origin": f"http://{encoded}", "host": encoded}
    status(open_to_all, page)


def test_names_of_strangers_are_refused(open_to_all: Twins) -> None:
    assert status(open_to_all, {**FIREFOX, "host": "evil.example.com"}, "/info", "GET") == 403
    assert status(open_to_all, {"host": "evil.example.com"}, "/info", "GET") == 200


@pytest.mark.parametrize("host", ["rank.example.com", "RANK.example.com:443", "a.shops.example.com",
                                  "127.0.0.1", "[::1]", "example.com", "shops.example.com",
                                  "xrank.example.com", "ranker", "rank.example.com."])  # fmt: skip
def test_names_that_are_listed(named: Twins, host: str) -> None:
    expected = (
        403 if host in ("example.com", "shops.example.com", "xrank.example.com", "ranker") else 200
    )
    assert status(named, {"host": host}) == expected
    assert status(named, {**FIREFOX, "host": host}, "/info", "GET") == expected
    assert status(named, {**JSON, "origin": f"https://{host}", "host": host}) == expected


def test_origins_that_are_listed(named: Twins) -> None:
    page = {**JSON, "origin": "https://shop.example.com", "sec-fetch-site": "cross-site"}
    sent = {**page, "host": "rank.example.com"}
    assert status(named, sent) == 200
    assert status(named, {**sent, **PLAIN}) == 415
    assert status(named, {**sent, "origin": "https://evil.example.com"}) == 403
    assert status(named, {**sent, "origin": "https://SHOP.example.com"}) == 200
