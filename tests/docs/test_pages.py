# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The pages outside of their code blocks: links, commands, paths, messages, errors, metrics."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from contract.errors import RankingError, RequestError, ServiceError
from pipeline.settings.service import ServiceConfig
from pipeline.telemetry.metrics import Metrics
from tests.conftest import REPOSITORY
from tests.docs.blocks import Block, all_blocks, pages
from tests.docs.page_runner import PageRunner
from tests.docs.quoted import is_printable, quotes
from tests.docs.working_copy import WorkingCopy

PAGES = [pytest.param(page, id=page.relative_to(REPOSITORY).as_posix()) for page in pages()]
API = REPOSITORY / "docs" / "api.md"
# a table's row cannot be broken; all else is wrapped at 120
LONGEST_LINE = 160
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """Those that GitHub makes of headings."""
    text = page.read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: Path) -> None:
    for link in _LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", PAGES)
def test_no_line_is_too_long_to_read(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_it_names_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"(?:`|^|DATA )make ([a-z][a-z-]*)", text, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for module in re.findall(r"python -m ([a-z_.]+)", text):
        if not module.startswith("paddle"):
            assert importlib.util.find_spec(module.rstrip(".")) is not None, module


def test_figures_of_the_knobs_are_those_of_the_page_that_measured_them() -> None:
    page = REPOSITORY / "docs" / "tune.md"
    text = page.read_text(encoding="utf-8")
    table = text[text.index("## What each knob brought") : text.index("## For throughput")]
    rows = [line for line in table.splitlines() if _LINK.search(line)]
    assert len(rows) > 10
    for row in rows:
        (link,) = _LINK.findall(row)
        measured = (page.parent / link.partition("#")[0]).read_text(encoding="utf-8")
        for figure in re.findall(r"\d[\d,.]*\d", row.split("|")[2]):
            assert figure in measured, f"{figure} is not in {link}"


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    for page in (REPOSITORY / "docs").glob("*.md"):
        assert f"docs/{page.name}" in readme


def test_the_picture_is_one_and_names_the_ports() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    (name,) = re.findall(r"!\[[^\]]+\]\((\S+\.svg)\)", readme)
    picture = ET.parse(REPOSITORY / name).getroot()
    words = " ".join(picture.itertext())
    for port in ("8088", "8089", "8600"):
        assert port in words
    assert "prefers-color-scheme: dark" in words
    assert picture.get("role") == "img"


@pytest.mark.parametrize("message", quotes(REPOSITORY / "docs" / "troubleshooting.md"))
def test_messages_are_those_that_are_printed(message: str) -> None:
    assert is_printable(message)


def test_messages_are_found() -> None:
    assert len(quotes(REPOSITORY / "docs" / "troubleshooting.md")) >= 50
    assert not is_printable("no message like this ...")


def errors() -> list[type[RankingError]]:
    found: list[type[RankingError]] = []
    waiting = [*RequestError.__subclasses__(), ServiceError]
    while waiting:
        kind = waiting.pop()
        if kind.__module__ == "contract.errors":
            found.append(kind)
            waiting += kind.__subclasses__()
    return found


@pytest.mark.parametrize("kind", errors(), ids=lambda kind: kind.__name__)
def test_every_error_of_the_service_has_its_row(kind: type[RankingError]) -> None:
    row = f"| `{kind.code}` | {kind.err_no} | {kind.http_status} |"
    assert row in API.read_text(encoding="utf-8")


# not of the file, but known of it
NO_KEYS = {"path", "notes", "named"}


def keys(kind: type) -> Iterator[str]:
    """Those of the configuration's file, at every depth."""
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        parts = [hints[field.name], *get_args(hints[field.name])]
        within = [part for part in parts if dataclasses.is_dataclass(part)]
        for part in within:
            yield from keys(part)
        if not within and field.name not in NO_KEYS:
            yield field.name


def test_every_key_of_the_configuration_is_described() -> None:
    text = (REPOSITORY / "docs" / "configuration.md").read_text(encoding="utf-8")
    # first cells of tables, and sentences
    cells = re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE) + re.findall(
        r"^[^|\n].*", text, re.MULTILINE
    )
    described = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", " ".join(cells)))))
    found = set(keys(ServiceConfig))
    assert {"max_delay_ms", "sha256", "sample_ratio", "allow_list", "thread_num"} <= found
    assert not found - described


def test_metrics_that_pages_name_are_counted() -> None:
    metrics = Metrics()
    metrics.spans()
    metrics.served({})
    counted = metrics.text().decode("utf-8")
    for page in pages():
        for name in re.findall(r"`(ranking_[a-z_]+)", page.read_text(encoding="utf-8")):
            assert f"# HELP {re.sub('_total$', '', name)}" in counted, f"{page.name}: {name}"


@pytest.mark.parametrize("page", [REPOSITORY / "README.md", API], ids=["README", "api"])
@pytest.mark.parametrize("block", [next(b for b in all_blocks() if b.page == "docs/api.md")])
def test_paths_of_the_tables_are_answered(
    page: Path, block: Block, runner: PageRunner, copy: WorkingCopy
) -> None:
    assert runner.result(block).returncode == 0
    rows = re.findall(r"^\| ((?:`(?:GET|POST) .*?)) \|", page.read_text("utf-8"), re.MULTILINE)
    asked = 0
    for row in rows:
        method = "GET"
        for code in re.findall(r"`([^`]*)`", row):
            method, path = code.split() if " " in code else (method, code)
            if "GeneralModelService" in path or "NAME" in path:
                continue
            url = f"http://127.0.0.1:{copy.port(8088)}{path}"
            request = urllib.request.Request(
                url, data=b"{}" if method == "POST" else None, method=method
            )
            try:
                status = urllib.request.urlopen(request, timeout=10).status
            except urllib.error.HTTPError as error:
                status = error.code
            # an empty request is refused for its fields, not for its path
            empty = method == "POST" or path == "/v1/assignments"
            assert status == (422 if empty else 200), f"{method} {path}: {status}"
            asked += 1
    assert asked >= 10
