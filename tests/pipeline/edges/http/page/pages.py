# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of the page share: sizes, experiments, a service, and a reader's steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.conftest import REPOSITORY
from tests.services import small_config

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


def site_config(directory: Path, **keys: Any) -> dict[str, Any]:
    """A service on the shipped bundles that writes nothing beside them."""
    config = small_config(REPOSITORY / "serving_models")
    config["engine_cache"] = str(directory / "engine_cache")
    for op in ("ernie", "rocketqa"):
        config["op"][op]["engine"] = "openvino"
    return {**config, **keys}


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
