# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The second tab, the two languages, the themes, and how the files are served."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Callable

import httpx
import pytest
from playwright.sync_api import Page

from child_services.running_service import RunningService
from tests.conftest import REPOSITORY
from tests.pipeline.calls import http_call
from tests.pipeline.calls import rank as rank_over_http
from tests.pipeline.edges.http.page.pages import DESKTOP, rank, settled, violations

Open = Callable[..., Page]
Shot = Callable[[Page, str], None]
FOLDER = REPOSITORY / "pipeline" / "edges" / "http" / "page"


def send_traffic(url: str) -> None:
    for unit in ("reader-a", "reader-b", "reader-b", "reader-i"):
        rank_over_http(url, query="感冒", documents=["怎样预防感冒", "牙结石"], unit_id=unit)
    assert http_call(url, "/ranker/prediction", {"query": ""}).status == 422


def rows_of(page: Page) -> dict[tuple[str, ...], list[str]]:
    cells: list[list[str]] = page.eval_on_selector_all(
        ".scroll tbody tr", "rows => rows.map(row => [...row.cells].map(c => c.textContent))"
    )
    return {tuple(row[:3]): row[3:] for row in cells}


def test_traffic_is_told_by_variant(
    site: RunningService, open_page: Open, screenshot: Shot
) -> None:
    send_traffic(site.url)
    page = open_page(site.url)
    page.click("#tab-live")
    page.wait_for_selector(".experiments")
    report: dict[str, Any] = httpx.get(f"{site.url}/v1/traffic").json()
    rows = rows_of(page)
    ab = rows["ab", "rocketqa", "RocketQA cross-encoder"]
    assert (ab[0], ab[3:]) == ("2", ["0", "0", "0"])
    (line,) = [one for one in report["lines"] if one["variant"] == "rocketqa"]
    assert 0 < line["p50_ms"] <= line["p99_ms"] <= line["longest_ms"]
    digits = 1 if line["p99_ms"] < 10 else 0
    assert ab[2] == f"{line['p99_ms']:.{digits}f}"
    assert rows["ab", "ernie", "Pair-wise ERNIE"][0] == "1"
    both = "Pair-wise ERNIE + RocketQA cross-encoder"
    assert rows["draft", "interleaved", both][0] == "1"
    assert rows["no experiment", "–", "–"][-1] == "1"
    states = page.eval_on_selector_all(
        ".experiment",
        "all => all.map(e => [...e.querySelectorAll('h3 span')].map(s => s.textContent))",
    )
    assert states == [
        ["draft", "running"],
        ["unseen", "running"],
        ["ab", "running"],
        ["later", "planned"],
    ]
    assert "75% of units" not in page.inner_text(".experiments"), "coverage is 0"
    assert violations(page) == []
    screenshot(page, "traffic-desktop-light-en")


def test_it_follows_until_it_is_paused(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url, path="/#tab=live")
    page.wait_for_selector(".scroll, #live section")

    def answered() -> int:
        rows = rows_of(page)
        return int(rows.get(("ab", "ernie", "Pair-wise ERNIE"), ["0"])[0])

    before = answered()
    rank_over_http(site.url, query="感冒", documents=["a"], unit_id="reader-a")
    page.wait_for_function(
        "n => [...document.querySelectorAll('.scroll tbody tr')].some(r =>"
        " r.cells[0].textContent === 'ab' && r.cells[1].textContent === 'ernie'"
        " && Number(r.cells[3].textContent) > n)",
        arg=before,
    )
    page.click("#pause")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []
    page.click("#pause")
    page.wait_for_event("request")


def strings(page: Page) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = page.evaluate(
        "import('/page/strings.js').then(module => module.STRINGS)"
    )
    return texts


def test_every_text_is_in_both_languages(site: RunningService, open_page: Open) -> None:
    texts = strings(open_page(site.url))
    assert list(texts["en"]) == list(texts["zh"])
    for name, english in texts["en"].items():
        chinese = texts["zh"][name]
        assert chinese.strip() and english.strip(), name
        assert chinese != english, name
        placeholders = [set(re.findall(r"\{\w+\}", text)) for text in (english, chinese)]
        assert placeholders[0] == placeholders[1], name
        if name not in ("language", "language_label"):
            assert not re.search(r"[\u4e00-\u9fff]", english), name


def test_every_text_that_is_used_is_there_and_the_other_way(
    site: RunningService, open_page: Open
) -> None:
    known = set(strings(open_page(site.url))["en"])
    sources = "\n".join(
        p.read_text(encoding="utf-8") for p in FOLDER.iterdir() if p.name != "strings.js"
    )
    named = set(re.findall(r'\bt\(\s*"(\w+)"', sources))
    named |= set(re.findall(r'data-i18n(?:-label)?="(\w+)"', sources))
    assert named <= known
    # names that are chosen among: their words stand in the sources, or what they are made of does
    made = re.compile("(theme|remedy|mode|reason|state|col)_")
    unused = {name for name in known - named if not made.match(name) and f'"{name}"' not in sources}
    assert unused == {"pairwise", "cross_encoder", "bm25"}


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (1, "1 second", "1秒钟"),
        (119, "119 seconds", "119秒钟"),
        (7199, "120 minutes", "120分钟"),
        (86_399, "24 hours", "24小时"),
    ],
)
def test_a_wait_is_told_in_units_that_people_use(
    site: RunningService, open_page: Open, seconds: int, english: str, chinese: str
) -> None:
    page = open_page(site.url)
    told = "s => import('./page/i18n.js').then(i18n => i18n.waiting(s))"
    assert page.evaluate(told, seconds) == english
    page.click("#language")
    assert page.evaluate(told, seconds) == chinese


def test_the_language_changes_everything_at_once(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    english = {v for v in strings(page)["en"].values() if "{" not in v}
    english.remove("interleaved")  # a variant's name too
    page.select_option("#example", "0")
    settled(page)
    page.click("#language")
    left = """() => [...document.querySelectorAll('body *')]
      .filter(e => e.id !== 'language' && !e.closest('noscript'))
      .flatMap(e => [...e.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim())
        .concat(e.getAttribute('aria-label') ?? []))"""
    for view in ("both", "interleaved", "experiment"):
        page.check(f"[value={view}]")
        settled(page)
        assert not english & set(page.evaluate(left)), view
    page.click("#tab-live")
    page.wait_for_selector(".experiments")
    assert not english & set(page.evaluate(left))
    assert page.title() == "排序模型对比"
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.locator("html").get_attribute("lang") == "zh-CN"


def test_the_theme_can_be_chosen_against_the_system(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url, scheme="dark")
    ground = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(ground)
    page.click("#theme")
    light = page.evaluate(ground)
    assert light != dark
    assert page.inner_text("#theme") == "Theme: light"
    page.emulate_media(color_scheme="light")
    page.click("#theme")
    assert page.evaluate(ground) == dark
    page.reload()
    page.wait_for_selector("html[data-ready]")
    assert page.evaluate(ground) == dark
    rank(page, "感冒", ["怎样预防感冒", "牙结石"])
    assert violations(page) == []


def test_files_are_served_with_care(site: RunningService) -> None:
    index = httpx.get(f"{site.url}/")
    assert index.headers["content-type"] == "text/html; charset=utf-8"
    policy = index.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    again = httpx.get(f"{site.url}/", headers={"If-None-Match": index.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert httpx.head(f"{site.url}/").status_code == 200
    for path in FOLDER.iterdir():
        reply = httpx.get(f"{site.url}/page/{path.name}")
        assert reply.status_code == 200
        assert reply.content == path.read_bytes()
        assert reply.headers["x-content-type-options"] == "nosniff"
    for name in ("nope.js", "..%2fapp.py", "%2e%2e/app.py"):
        assert httpx.get(f"{site.url}/page/{name}").status_code == 404


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_no_file_names_another_host_or_makes_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|\burl\(|@import", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", text)
    if path.suffix != ".json":
        assert "SPDX-License-Identifier: Apache-2.0" in text[:300]


def test_a_narrow_desktop_has_no_horizontal_scroll(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url, DESKTOP)
    page.select_option("#example", "0")
    settled(page)
    for width in (320, 641, 768, 961, 1100):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
