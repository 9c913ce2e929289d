# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The pages of docs/decisions have one form, and the list in their README names all of them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

DECISIONS = REPOSITORY / "docs" / "decisions"
INDEX = DECISIONS / "README.md"
PAGES = sorted(path for path in DECISIONS.glob("*.md") if path != INDEX)
SECTIONS = ["Context", "Decision", "Alternatives", "Consequences"]
FIGURES = "Figures"

_HEAD = re.compile(
    r"# \S.*\n\nStatus: (?:accepted|superseded by \[[^\]]+\]\([\w-]+\.md\))\n\n"
    r"Date: (?P<date>\d{4}-\d{2}-\d{2})\n\n## "
)
_ENTRY = re.compile(r"^- \[(?P<title>.+)\]\((?P<file>[\w-]+\.md)\): \S.*\.$", re.MULTILINE)
GOOD = """# One thing is done so

Status: accepted

Date: 2026-11-28

## Context

It was slow.

## Decision

We cache.

## Alternatives

None.

## Consequences

Memory.

## Figures

| a | b |
"""


def faults(text: str) -> list[str]:
    """What of a page is not in the form that the README of the folder describes."""
    found = []
    head = _HEAD.match(text)
    if head is None:
        found.append("begins otherwise than with title, status and date")
    else:
        try:
            date.fromisoformat(head["date"])
        except ValueError:
            found.append(f"{head['date']} is no date")
    sections = re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", text, re.MULTILINE)
    names = [name for name, _ in sections]
    if names not in (SECTIONS, [*SECTIONS, FIGURES]):
        found.append(f"has the sections {names}")
    found += [f"says nothing under {name}" for name, body in sections if not body.strip()]
    found += [
        f"has a table under {name}"
        for name, body in sections
        if name != FIGURES and re.search(r"^\|", body, re.MULTILINE)
    ]
    return found


def test_a_good_page_has_no_fault() -> None:
    assert faults(GOOD) == []
    assert faults(GOOD[: GOOD.index("## Figures")]) == []
    assert faults(GOOD.replace("accepted", "superseded by [another](other.md)")) == []


@pytest.mark.parametrize(
    ("part", "instead"),
    [
        ("# One thing is done so", "One thing"),
        ("Status: accepted", "Status: perhaps"),
        ("2026-11-28", "2026-13-28"),
        ("Date: 2026-11-28\n\n", ""),
        ("## Alternatives\n\nNone.\n\n", ""),
        ("## Context", "## Why"),
        ("We cache.", ""),
        ("We cache.", "| a | b |"),
        ("| a | b |\n", "| a | b |\n\n## Later\n\nMore.\n"),
    ],
)
def test_a_fault_is_found(part: str, instead: str) -> None:
    assert part in GOOD
    assert len(faults(GOOD.replace(part, instead))) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_the_form(page: Path) -> None:
    assert faults(page.read_text(encoding="utf-8")) == []


def test_the_index_names_each_page_by_its_title() -> None:
    entries = _ENTRY.findall(INDEX.read_text(encoding="utf-8"))
    titles = [
        (p.read_text(encoding="utf-8").splitlines()[0].removeprefix("# "), p.name) for p in PAGES
    ]
    assert len(PAGES) > 20
    assert entries == titles


def test_the_form_that_the_index_shows_is_the_one_that_is_held() -> None:
    indented = re.findall(r"^    (.*)$", INDEX.read_text(encoding="utf-8"), re.MULTILINE)
    assert [line[3:] for line in indented if line.startswith("## ")] == [*SECTIONS, FIGURES]
