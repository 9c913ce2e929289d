# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The view of the cascade: shown where there is one, with the stage of each title."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Callable

import pytest
from playwright.sync_api import Page

from child_services.running_service import RunningService
from tests.conftest import REPOSITORY
from tests.pipeline.calls import rank as rank_over_http
from tests.pipeline.edges.http.page.pages import settled, site_config, violations

Open = Callable[..., Page]
FOLDER = REPOSITORY / "pipeline" / "edges" / "http" / "page"
EXAMPLE: dict[str, Any] = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))[0]
STAGES = [{"ranker": "bm25", "keep": 4}, {"ranker": "cross_encoder"}]


@pytest.fixture(scope="module")
def cascading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("cascading")
    with RunningService(site_config(directory, cascade={"stages": STAGES}), directory) as service:
        yield service


def test_each_title_says_its_stage(cascading: RunningService, open_page: Open) -> None:
    page = open_page(cascading.url)
    page.select_option("#example", "0")
    settled(page)
    page.click("#view-cascade")
    settled(page)
    answer = rank_over_http(
        cascading.url, query=EXAMPLE["query"], documents=EXAMPLE["titles"], ranker="cascade"
    )
    rows = page.eval_on_selector_all(
        ".ranked.single li",
        "all => all.map(e => [Number(e.dataset.index), e.querySelector('.team').textContent])",
    )
    names = {"bm25": "BM25", "cross_encoder": "RocketQA cross-encoder"}
    expected = [[r["index"], names[r["stage"]]] for r in answer.decoded("results")]
    assert rows == expected
    assert "scores of two stages do not compare" in page.inner_text(".doubts")
    assert "scored by BM25" in page.get_attribute(".ranked.single li:last-child", "aria-label")
    assert violations(page) == []


def test_there_is_no_such_view_without_a_cascade(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url, path="/#view=cascade")
    assert not page.is_visible("#view-cascade")
    assert page.is_checked('#views [value="both"]')
