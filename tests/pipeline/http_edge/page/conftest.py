# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A browser, pages in it that note what goes wrong, and a service for them on the shipped bundles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.service import RunningService
from tests.conftest import REPOSITORY
from tests.services import running_service

SCREENSHOTS = REPOSITORY / ".cache" / "screenshots"
PACKAGES = (Path(__file__).parent / "apt-packages.txt").read_text(encoding="utf-8").split()
DESKTOP, PHONE = (1360, 900), (390, 844)
ERNIE = {"name": "ernie", "ranker": "pairwise"}
ROCKETQA = {"name": "rocketqa", "ranker": "cross_encoder"}
EXPERIMENTS: list[dict[str, Any]] = [
    {
        "name": "draft",
        "mode": "interleave",
        "coverage": 0.0,
        "variants": [ERNIE, ROCKETQA],
        "allow_list": {"reader-i": "interleaved"},
    },
    {
        "name": "unseen",
        "mode": "shadow",
        "coverage": 0.0,
        "variants": [ERNIE, ROCKETQA],
        "allow_list": {"reader-s": "ernie"},
    },
    {
        "name": "ab",
        "coverage": 0.0,
        "variants": [ERNIE, {**ROCKETQA, "weight": 3}],
        "allow_list": {"reader-a": "ernie", "reader-b": "rocketqa"},
        "fallback": "pairwise",
    },
    {"name": "later", "start": "2999-01-01T00:00:00Z", "variants": [ERNIE, ROCKETQA]},
]


def fast_keys(directory: Path) -> dict[str, Any]:
    """What a service on the shipped bundles needs besides: nothing written beside them."""
    return {"engine_cache": str(directory / "engine_cache")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with an experiment of each kind and an exposure log."""
    directory = tmp_path_factory.mktemp("site")
    keys = {
        **fast_keys(directory),
        "experiments": EXPERIMENTS,
        "exposures": {"directory": "records"},
        "scheduler": {"cache_rows": 10_000},
    }
    with running_service(REPOSITORY / "serving_models", directory, **keys) as service:
        service.records = directory / "records"  # type: ignore[attr-defined]
        yield service


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the program that CHROMIUM names."""
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        pytest.skip(f"no chromium: apt-get install --no-install-recommends {' '.join(PACKAGES)}")
    with sync_playwright() as playwright:
        # Chromium's sandbox does not run as root
        root = os.geteuid() == 0
        launched = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"] if root else []
        )
        yield launched
        launched.close()


class Watch:
    """What a page did that it must not do.

    Attributes:
        expected: texts of console errors that a test provokes.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.expected: tuple[str, ...] = ()
        self.errors: list[str] = []
        self.strangers: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: None if r.url.startswith(url) else self.strangers.append(r.url))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog {dialog.message}"))

    def wrong(self) -> list[str]:
        """Unexpected errors, and requests to other hosts."""
        bad = [e for e in self.errors if not any(text in e for text in self.expected)]
        return bad + self.strangers


Open = Callable[..., Page]


@pytest.fixture()
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens the page of a service; at the end none may have done what it must not."""
    contexts, watches = [], []

    def open_at(
        url: str,
        size: tuple[int, int] = DESKTOP,
        scheme: str = "light",
        language: str = "en-GB",
        path: str = "/",
        expected: tuple[str, ...] = (),
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,  # type: ignore[arg-type]
            locale=language,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        watch = Watch(page, url)
        watch.expected = expected
        watches.append(watch)
        page.goto(f"{url}{path}")
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert [wrong for watch in watches for wrong in watch.wrong()] == []


@pytest.fixture(scope="session")
def screenshot() -> Callable[[Page, str], None]:
    """Keeps a picture of a page for eyes."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    return keep


def rank(page: Page, query: Optional[str] = None, titles: Optional[list[str]] = None) -> None:
    """Fill the form in, rank, and wait for the answer."""
    if query is not None:
        page.fill("#query", query)
    if titles is not None:
        page.fill("#titles", "\n".join(titles))
    page.click("#rank")
    settled(page)


def settled(page: Page) -> None:
    """Wait until nothing is being asked and an answer is there."""
    page.wait_for_selector('#answer[aria-busy="false"]:not(:empty)')


def violations(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
