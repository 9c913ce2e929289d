# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The page of a service with API keys: it asks for one and keeps it in the tab."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Callable

import httpx
import pytest
from playwright.sync_api import Page

from tests.pipeline.edges.http.page.pages import settled, site_config, violations
from tests.pipeline.launch import Launched

Open = Callable[..., Page]
KEY = "钥匙-1"
REFUSED = ("status of 401",)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a service with one key. Started by hand: the usual wait has no key."""
    directory = tmp_path_factory.mktemp("guarded")
    digest = hashlib.sha256(KEY.encode()).hexdigest()
    keys = [{"name": "page", "sha256": digest, "requests_per_minute": 5}]
    config = site_config(directory, http={"api_keys": keys})
    with Launched(config, directory) as launched:
        launched.wait_ready()
        yield f"http://127.0.0.1:{config['http_port']}"


def test_the_page_asks_and_goes_on(
    guarded: str, open_page: Open, screenshot: Callable[[Page, str], None]
) -> None:
    page = open_page(guarded, expected=REFUSED)
    page.fill("#query", "感冒")
    page.fill("#titles", "怎样预防感冒")
    page.click("#rank")
    page.wait_for_selector("#key-form:visible")
    assert "No key has been entered" in page.inner_text("#key-form")
    assert page.evaluate("document.activeElement.id") == "key"
    assert violations(page) == []
    screenshot(page, "key-desktop-light-en")
    page.fill("#key", "wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=does not know the key")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")
    settled(page)
    assert page.is_hidden("#key-form")
    assert page.locator(".problem").count() == 0
    page.click("#tab-live")
    page.wait_for_selector("#live .card")
    assert page.evaluate("Object.values(localStorage).join() + location.href").find("钥匙") == -1
    page.reload()
    page.wait_for_selector("#live .card")
    page.click("#forget-key")
    page.wait_for_selector("text=No key has been entered")


def test_the_live_tab_asks_too(guarded: str, open_page: Open) -> None:
    page = open_page(guarded, path="/#tab=live&lang=zh", expected=REFUSED)
    page.wait_for_selector("text=尚未输入密钥")
    assert page.locator("#live *").count() == 0
    assert violations(page) == []


@pytest.mark.parametrize("path", ["/v1/traffic", "/v1/assignments?unit_id=u"])
def test_what_tells_of_traffic_needs_a_key_and_uses_no_rate(guarded: str, path: str) -> None:
    refused = httpx.get(f"{guarded}{path}")
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == "Bearer"
    headers = {"x-api-key": KEY.encode()}
    assert {httpx.get(f"{guarded}{path}", headers=headers).status_code for _ in range(12)} == {200}


def test_a_draft_needs_a_key(guarded: str) -> None:
    body = {"orders": [[0], [0]]}
    assert httpx.post(f"{guarded}/v1/interleave", json=body).status_code == 401


def test_a_used_up_rate_is_told_with_its_remedy(guarded: str, open_page: Open) -> None:
    page = open_page(guarded, expected=(*REFUSED, "status of 429"))
    page.evaluate("key => sessionStorage.setItem('ranking-api-key', key)", KEY)
    page.fill("#query", "感冒")
    page.fill("#titles", "怎样预防感冒")
    for _ in range(8):
        page.click("#rank")
        page.wait_for_selector('#answer[aria-busy="false"]', state="attached")
        page.wait_for_function("() => document.querySelector('#status').textContent !== 'Ranking…'")
    assert "may send 5 requests a minute" in page.inner_text("#problem")
    assert "Try again in" in page.inner_text("#problem")


def test_the_files_need_none(guarded: str, open_page: Open) -> None:
    page = open_page(guarded)
    assert page.is_hidden("#key-form")
    assert page.locator("#example option").count() == 5
