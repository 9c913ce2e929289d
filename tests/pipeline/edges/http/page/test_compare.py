# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The first tab in a real browser: what it shows is what the service answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import httpx
import pytest
from playwright.sync_api import Page

from child_services.running_service import RunningService
from contract.experiments.interleaving import team_draft
from tests.conftest import REPOSITORY
from tests.pipeline.calls import rank as rank_over_http
from tests.pipeline.edges.http.page.pages import DESKTOP, PHONE, rank, settled, violations

Open = Callable[..., Page]
Shot = Callable[[Page, str], None]
FOLDER = REPOSITORY / "pipeline" / "edges" / "http" / "page"
EXAMPLES = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>alert(2)</script>",
    "</li></ol><h1>out</h1>",
    "&lt;b&gt; {count} {ranker} \\u0000",
    "同样的标题",
    "同样的标题",
    "",
    "很长的标题" * 200,
    "🦷‏عنوان",
]


def order_of(page: Page, selector: str) -> list[int]:
    indices: list[int] = page.eval_on_selector_all(
        f"{selector} li", "rows => rows.map(row => Number(row.dataset.index))"
    )
    return indices


def texts_of(page: Page, selector: str) -> list[str]:
    texts: list[str] = page.eval_on_selector_all(selector, "all => all.map(e => e.textContent)")
    return texts


def both(site: RunningService, query: str, titles: list[str]) -> dict[str, Any]:
    rankings: dict[str, Any] = rank_over_http(
        site.url, query=query, documents=titles, ranker="both"
    ).decoded("rankings")
    return rankings


@pytest.mark.parametrize("number", [0, 3])
def test_an_example_shows_both_orders_as_the_service_gives_them(
    site: RunningService, open_page: Open, number: int
) -> None:
    page = open_page(site.url)
    page.select_option("#example", str(number))
    settled(page)
    query, titles = EXAMPLES[number]["query"], EXAMPLES[number]["titles"]
    assert page.input_value("#query") == query
    for side, ranking in zip(("left", "right"), both(site, query, titles).values()):
        assert order_of(page, f".ranked.{side}") == ranking["order"]
        shown = texts_of(page, f".ranked.{side} .score")
        assert shown == [f"{ranking['scores'][index]:.3f}" for index in ranking["order"]]
        assert texts_of(page, f".ranked.{side} .title") == [titles[i] for i in ranking["order"]]
        widths = page.eval_on_selector_all(
            f".ranked.{side} .bar i", "all => all.map(e => parseFloat(e.style.width))"
        )
        assert widths == pytest.approx(
            [ranking["scores"][i] * 100 for i in ranking["order"]], abs=0.01
        )
    assert page.locator(".lines path").count() == len(titles)
    assert f"Ranked {len(titles)} titles" in page.inner_text("#status")


def test_what_makes_an_answer_doubtful_is_shown_in_each_view(
    site: RunningService, open_page: Open
) -> None:
    page = open_page(site.url)
    long = EXAMPLES[0]["titles"][0] * 60
    rank(page, EXAMPLES[0]["query"], [long[:1900], "怎样预防感冒"])
    said = rank_over_http(
        site.url, query=EXAMPLES[0]["query"], documents=[long[:1900], "怎样预防感冒"], ranker="both"
    ).decoded("warnings")
    for heading in ("What to know of this answer", "关于此结果的提示"):
        for view in ("both", "interleaved", "experiment"):
            page.check(f"[value={view}]")
            settled(page)
            assert page.inner_text(".doubts h2") == heading
            assert texts_of(page, ".doubts li") == said
        page.click("#language")
        settled(page)
    assert not violations(page)
    rank(page, EXAMPLES[0]["query"], ["牙结石", "怎样预防感冒"])
    assert page.locator(".doubts").count() == 0


def test_lines_join_the_same_title(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    page.select_option("#example", "0")
    settled(page)
    for width in (1360, 1000):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            """() => {
              const box = document.querySelector('.lines').getBoundingClientRect();
              const middles = side => new Map(
                [...document.querySelectorAll(`.ranked.${side} li`)].map(row => {
                  const place = row.getBoundingClientRect();
                  return [row.dataset.index, place.top + place.height / 2 - box.top];
                }));
              const [left, right] = [middles('left'), middles('right')];
              const wanted = [...left].map(([i, y]) => [y, right.get(i)]);
              const drawn = [...document.querySelectorAll('.lines path')].map(path => {
                const end = path.getPointAtLength(path.getTotalLength());
                return [path.getPointAtLength(0).y, end.y, end.x];
              });
              return drawn.length === wanted.length && drawn.every(([a, b, x], n) =>
                Math.abs(a - wanted[n][0]) < 1 && Math.abs(b - wanted[n][1]) < 1
                && Math.abs(x - box.width) < 1);
            }"""
        )


def test_the_titles_with_the_widest_gap_are_named(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    page.select_option("#example", "0")
    settled(page)
    titles = EXAMPLES[0]["titles"]
    orders = [r["order"] for r in both(site, EXAMPLES[0]["query"], titles).values()]
    gaps = {t: abs(orders[0].index(i) - orders[1].index(i)) for i, t in enumerate(titles)}
    widest = sorted(filter(None, gaps.values()), reverse=True)[:5]
    assert widest, "the example must show a disagreement"
    named = texts_of(page, ".disagree tbody th")
    assert [gaps[title] for title in named] == widest
    apart = [text.split()[0] for text in texts_of(page, ".disagree tbody td:last-child")]
    assert apart == [str(gap) for gap in widest]


def test_one_title_leaves_nothing_to_disagree_on(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    page.fill("#titles", "洗牙")
    assert page.inner_text("#titles-count") == "1 title"
    rank(page, "感冒", ["怎样预防感冒"])
    assert "Nowhere" in page.inner_text(".disagree")


def test_interleaved_is_what_the_team_draft_gives(
    site: RunningService, open_page: Open, screenshot: Shot
) -> None:
    page = open_page(site.url)
    page.select_option("#example", "1")
    settled(page)
    orders = [r["order"] for r in both(site, EXAMPLES[1]["query"], EXAMPLES[1]["titles"]).values()]
    seen = []
    page.on("response", lambda r: seen.append(r) if r.url.endswith("/v1/interleave") else None)
    page.check("[value=interleaved]")
    page.wait_for_selector("#redraft")
    for _ in range(3):
        page.click("#redraft")
        settled(page)
    assert len(seen) == 4
    asked = seen[-1].request.post_data_json
    assert asked["orders"] == orders
    order, teams = team_draft(orders, asked["seed"], len(orders[0]))
    assert order_of(page, ".ranked.single") == order
    names = ("Pair-wise ERNIE", "RocketQA cross-encoder")
    assert texts_of(page, ".ranked.single .team") == [names[team] for team in teams]
    assert len({r.request.post_data_json["seed"] for r in seen}) == 4
    assert violations(page) == []
    screenshot(page, "draft-desktop-light-en")


UNITS = {
    "reader-a": ("variant ernie: Pair-wise ERNIE", "pairwise"),
    "reader-b": ("variant rocketqa: RocketQA", "cross_encoder"),
    "reader-s": ("scores RocketQA cross-encoder after the answer", "pairwise"),
    "nobody": ("in no experiment: Pair-wise ERNIE, the default ranker", "pairwise"),
    "reader-i": ("interleaves the orders of ernie and rocketqa", ""),
}


def test_a_unit_sees_what_its_experiment_serves(
    site: RunningService, open_page: Open, screenshot: Shot
) -> None:
    page = open_page(site.url)
    page.select_option("#example", "0")
    settled(page)
    rankings = both(site, EXAMPLES[0]["query"], EXAMPLES[0]["titles"])
    page.check("[value=experiment]")
    for unit, (said, ranker) in UNITS.items():
        page.fill("#unit", unit)
        page.click(".unit button")
        page.wait_for_selector(f".served:has-text('{said}')")
        if ranker:
            assert order_of(page, ".ranked.single") == rankings[ranker]["order"], unit
    assert set(texts_of(page, ".ranked.single .team")) == {"ernie", "rocketqa"}
    assert violations(page) == []
    screenshot(page, "served-desktop-light-en")


def test_a_unit_that_is_being_typed_survives_a_change_of_language(
    site: RunningService, open_page: Open
) -> None:
    page = open_page(site.url)
    page.select_option("#example", "0")
    page.check("[value=experiment]")
    page.wait_for_selector("#unit")
    settled(page)
    page.fill("#unit", "reader-")
    page.click("#language")
    assert page.input_value("#unit") == "reader-"


@pytest.mark.parametrize(
    ("name", "size", "scheme", "language"),
    [
        ("desktop-light-en", DESKTOP, "light", "en-GB"),
        ("desktop-dark-zh", DESKTOP, "dark", "zh-CN"),
        ("phone-light-zh", PHONE, "light", "zh-CN"),
        ("phone-dark-en", PHONE, "dark", "en-GB"),
    ],
)
def test_every_view_fits_and_passes_axe(
    site: RunningService, open_page: Open, screenshot: Shot, name: str, size: tuple[int, int],
    scheme: str, language: str,
) -> None:  # fmt: skip
    page = open_page(site.url, size, scheme, language)
    assert violations(page) == []
    screenshot(page, f"empty-{name}")
    page.select_option("#example", "0")
    settled(page)
    for view in ("both", "interleaved", "experiment"):
        page.check(f"[value={view}]")
        settled(page)
        row = page.locator(".ranked li").nth(1)
        row.focus()
        assert violations(page) == [], view
        assert page.evaluate("document.documentElement.scrollWidth") == size[0], view
        screenshot(page, f"{view}-{name}")
    page.click("#tab-live")
    page.wait_for_selector(".experiments")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    screenshot(page, f"live-{name}")


def test_hostile_titles_are_texts(
    site: RunningService, open_page: Open, screenshot: Shot, tmp_path: Path
) -> None:
    page = open_page(site.url, PHONE)
    rank(page, "<b>查询</b>", HOSTILE)
    titles = page.eval_on_selector_all(
        ".ranked.left li",
        "rows => rows.map(row =>"
        " [Number(row.dataset.index), row.querySelector('.title').textContent])",
    )
    assert dict(titles) == {i: t or "(empty title)" for i, t in enumerate(HOSTILE)}
    assert page.locator("main img, main script, #answer h1").count() == 0
    assert "9 titles, 1 of them empty" in page.inner_text("#titles-count")
    for view in ("interleaved", "experiment"):
        page.check(f"[value={view}]")
        settled(page)
        assert page.locator("main img, main script, #answer h1").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    assert violations(page) == []
    page.check("[value=both]")
    settled(page)
    screenshot(page, "hostile-phone-light-en")


def test_a_thousand_titles(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    titles = [f"{EXAMPLES[n % 4]['titles'][n % 9][:5]} {n}" for n in range(1000)]
    rank(page, "牙结石", titles)
    assert page.locator(".ranked.left li").count() == 50
    page.locator(".more").first.click()
    assert page.locator(".ranked.left li").count() == 1000
    page.locator(".more:visible").click()
    assert page.locator(".lines path").count() == 1000
    rankings = both(site, "牙结石", titles)
    assert order_of(page, ".ranked.right") == rankings["cross_encoder"]["order"]
    assert page.evaluate("location.hash.length") < 200


def test_the_url_keeps_what_is_short(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    rank(page, "感冒 & #=%", ["怎样预防感冒", "", "a+b=c"])
    page.check("[value=interleaved]")
    settled(page)
    page.click("#language")
    hash_ = page.evaluate("location.hash")
    again = open_page(site.url, path=f"/{hash_}")
    settled(again)
    assert again.input_value("#query") == "感冒 & #=%"
    assert again.input_value("#titles") == "怎样预防感冒\n\na+b=c"
    assert again.is_checked("[value=interleaved]")
    assert again.locator("html").get_attribute("lang") == "zh-CN"


def test_a_link_followed_from_within_the_page_is_taken_over(
    site: RunningService, open_page: Open
) -> None:
    page = open_page(site.url)
    rank(page, "感冒", ["怎样预防感冒"])
    page.evaluate("location.hash = '#lang=zh&query=牙结石&title=洗牙'")
    page.wait_for_selector("html[lang='zh-CN'][data-ready]")
    settled(page)
    assert page.input_value("#query") == "牙结石"
    assert page.input_value("#titles") == "洗牙"


def test_pointing_at_a_title_lights_it_on_both_sides(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    page.select_option("#example", "0")
    settled(page)
    row = page.locator(".ranked.left li").nth(4)
    index = row.get_attribute("data-index")
    row.hover()
    lit = page.eval_on_selector_all(".ranked .hit", "rows => rows.map(row => row.dataset.index)")
    assert lit == [index, index]
    assert page.locator(".lines .hit").count() == 1
    page.hover("h1")
    assert page.locator(".hit").count() == 0


def test_by_keyboard_alone(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)

    def focused(js: str) -> Any:
        return page.evaluate(f"(e => {js})(document.activeElement)")

    def tab_to(selector: str) -> None:
        for _ in range(25):
            page.keyboard.press("Tab")
            if focused(f"e.matches({selector!r})"):
                ring = "['outlineStyle', 'boxShadow'].map(k => getComputedStyle(e)[k])"
                seen = focused(f"e.matches('.unseen, .views input') || {ring}[0] !== 'none'")
                assert seen, f"{selector} shows no focus"
                return
        raise AssertionError(f"Tab does not reach {selector}")

    tab_to("#tab-compare")
    page.keyboard.press("ArrowRight")
    assert focused("e.id") == "tab-live"
    assert page.is_visible("#panel-live")
    page.keyboard.press("ArrowLeft")
    assert page.is_visible("#panel-compare")
    tab_to("#query")
    page.keyboard.type("牙结石")
    tab_to("#titles")
    page.keyboard.insert_text("怎样预防感冒\n去除牙结石小妙招\n洗牙多少钱")
    tab_to("#file")
    page.keyboard.press("Control+Enter")
    settled(page)
    tab_to(".views input")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("#redraft")
    tab_to("#redraft")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'redraft'")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(".joined")
    tab_to(".ranked.left li")
    page.keyboard.press("End")
    assert focused("e.nextElementSibling") is None
    index = focused("e.dataset.index")
    page.keyboard.press("ArrowRight")
    assert focused("e.closest('.ranked').classList.contains('right')")
    assert focused("e.dataset.index") == index
    assert focused("e.getAttribute('aria-selected')") == "true"
    page.keyboard.press("Home")
    assert focused("e.previousElementSibling") is None


def test_missing_fields_are_named_and_focused(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    page.click("#rank")
    assert "Query: missing" in page.inner_text("#problem")
    assert page.evaluate("document.activeElement.id") == "query"
    page.fill("#query", "感冒")
    page.click("#rank")
    assert "Titles: missing" in page.inner_text("#problem")
    assert violations(page) == []


def test_a_refusal_shows_field_and_remedy(
    site: RunningService, open_page: Open, screenshot: Shot
) -> None:
    page = open_page(site.url, expected=("status of 413",))
    rank(page, "感冒", ["怎样预防感冒"])
    page.fill("#titles", "怎样预防感冒\n" + "长" * 2001)
    page.click("#rank")
    page.wait_for_selector(".problem")
    said = page.inner_text("#problem")
    assert "documents[1]: 2001 characters, at most 2000" in said
    assert "Shorten the named text" in said
    assert page.locator("#answer *").count() == 0
    page.click("#language")
    assert "减少标题数量" in page.inner_text("#problem")
    assert violations(page) == []
    screenshot(page, "refusal-desktop-light-zh")
    rank(page, titles=["怎样预防感冒"])
    assert page.locator(".problem").count() == 0


def test_a_service_that_is_gone_is_said(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url, expected=("ERR_INTERNET_DISCONNECTED",))
    page.context.set_offline(True)
    page.fill("#query", "感冒")
    page.fill("#titles", "感冒")
    page.click("#rank")
    page.wait_for_selector("text=The service does not answer")
    page.context.set_offline(False)
    rank(page)


FILES = [
    ("一\n二\n", "", ["一", "二"]),
    ("感冒\t怎样预防感冒\n感冒\t\n", "感冒", ["怎样预防感冒", ""]),
    ("\ufeffquery\ttitle\tlabel\r\n发烧\t退烧\t1\r\n", "发烧", ["退烧"]),
]


def choose(page: Page, name: str, content: bytes) -> None:
    page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": content})


def test_a_file_fills_the_form(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    for number, (content, query, titles) in enumerate(FILES):
        choose(page, f"{number}.tsv", content.encode())
        page.wait_for_selector(f"text={number}.tsv: ")
        assert page.input_value("#query") == query
        assert page.input_value("#titles") == "\n".join(titles)
        assert f"{len(titles)} title" in page.inner_text("#titles-count")
        assert page.is_hidden("#file-query")


def test_of_several_queries_one_is_picked(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    rows = "感冒\t一\n发烧\t二\n感冒\t三\n发烧\t四\n发烧\t五\n"
    choose(page, "q.tsv", rows.encode())
    page.wait_for_selector("#file-query-field:visible")
    assert texts_of(page, "#file-query option") == ["感冒 (2)", "发烧 (3)"]
    page.select_option("#file-query", "发烧")
    assert page.input_value("#titles") == "二\n四\n五"
    rank(page)
    assert page.locator(".ranked.left li").count() == 3
    assert violations(page) == []


BAD_FILES = [
    (b"\xff\xfe\x00\x01", "0.tsv is not UTF-8"),
    (b"\xb8\xd0\xc3\xb0\t\xd4\xa4\xb7\xc0", "1.tsv is not UTF-8"),
    (b"a\x00b\n", "2.tsv is not UTF-8"),
    (b"\n\n", "3.tsv holds no title"),
    (b"query\ttitle\n", "4.tsv holds no title"),
    (b"a\tb\nno tab\n", "5.tsv, line 2: there is no tab"),
    (b"a\tb\n\tb\n", "6.tsv, line 2: there is no query"),
]


def test_a_bad_file_is_told_and_changes_nothing(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    page.fill("#titles", "mine")
    for number, (content, said) in enumerate(BAD_FILES):
        choose(page, f"{number}.tsv", content)
        page.wait_for_selector(f"#problem:has-text('{said}')")
        assert page.input_value("#titles") == "mine"
    choose(page, "good.tsv", b"one\n")
    page.wait_for_function("() => document.querySelector('#titles').value === 'one'")
    assert page.inner_text("#problem") == ""


def test_nothing_of_the_page_is_in_the_exposure_log(site: RunningService, open_page: Open) -> None:
    page = open_page(site.url)
    page.select_option("#example", "3")
    settled(page)
    page.check("[value=experiment]")
    settled(page)
    marked = "exposed-on-purpose"
    rank_over_http(site.url, query="q", documents=["a"], unit_id="reader-a", request_id=marked)
    metrics = httpx.get(f"{site.url}/metrics").text
    counted = [line for line in metrics.splitlines() if line.startswith("ranking_routed_total{")]
    # the wait for the service and the one above; every other request of an experiment came by page
    assert sum(float(line.rsplit(" ", 1)[1]) for line in counted) == 1, counted
    assert "ranking_shadowed_total{" not in metrics
