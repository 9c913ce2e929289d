# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A browser, pages in it that note what goes wrong, and a service on the shipped bundles."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any, Callable

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from child_services.running_service import RunningService
from tests.pipeline.edges.http.page.pages import (
    DESKTOP,
    EXPERIMENTS,
    PACKAGES,
    SCREENSHOTS,
    site_config,
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service with an experiment of each kind and an exposure log."""
    directory = tmp_path_factory.mktemp("site")
    config = site_config(
        directory,
        experiments=EXPERIMENTS,
        exposures={"directory": "records"},
        scheduler={"cache_rows": 10_000},
        limits={"max_document_chars": 2000},
    )
    with RunningService(config, directory) as service:
        yield service


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say where the pictures are."""
    if SCREENSHOTS.is_dir():
        terminalreporter.write_line(f"screenshots of the page: {SCREENSHOTS}")


@pytest.fixture(scope="module")
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
        page.on(
            "request", lambda r: None if r.url.startswith(url) else self.strangers.append(r.url)
        )
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
