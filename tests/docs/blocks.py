# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The fenced blocks of the pages, and how each is to be checked.

A comment right above a block says so; without one the block is run as it stands:

``<!-- not run: REASON -->``    it is not run
``<!-- serves -->``             each line is a service, which stays up while the other blocks run
``<!-- exits: 0 or 3 -->``      its exit status; 0 when nothing is said
``<!-- card -->``               it is Python that needs the packages of the set card

``text`` and ``json`` right below a block are what that block prints; ``...`` stands for anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Optional

from tests.conftest import REPOSITORY

_AT_THE_ROOT = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
RUN = ("sh", "python")
OUTPUT = ("text", "json")

_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*) -->\n)?^```(?P<language>\S*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """One fenced block.

    Attributes:
        page: its path in the repository.
        line: of its fence.
        language: after the fence.
        text: what stands in it.
        not_run: why it is not run, or empty.
        serves: whether its lines are services.
        exits: what its exit status may be.
        card: whether it needs the packages of the set card.
        shown: the block below it, when that is its output.
        is_output: whether it is another block's output.
    """

    page: str
    line: int
    language: str
    text: str
    not_run: str = ""
    serves: bool = False
    exits: tuple[int, ...] = (0,)
    card: bool = False
    shown: Optional[Block] = None
    is_output: bool = False

    @property
    def name(self) -> str:
        """For the list of tests."""
        return f"{self.page}:{self.line}"

    @property
    def runs(self) -> bool:
        """Whether it is a program that the tests run to its end."""
        return self.language in RUN and not self.not_run and not self.serves


def pages() -> list[Path]:
    """Every page that a user reads, in the order in which its blocks are run."""
    docs = REPOSITORY / "docs"
    return [
        *(REPOSITORY / name for name in _AT_THE_ROOT),
        *sorted(docs.glob("*.md")),
        *sorted(docs.glob("decisions/*.md")),
        REPOSITORY / "general_model_service" / "README-dev.md",
    ]


def all_blocks() -> list[Block]:
    """Of all pages, in their order."""
    return [block for page in pages() for block in blocks_of(page)]


def blocks_of(page: Path) -> list[Block]:
    """Of one page, in its order."""
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(REPOSITORY).as_posix()
    found: list[Block] = []
    end = 0
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("language")) + 1
        block = Block(name, line, match["language"], match["text"])
        block = _marked(replace(block, card=".venv-card/" in block.text), match["mark"] or "")
        if block.language in OUTPUT and found and not text[end : match.start()].strip():
            block = replace(block, is_output=True)
            found[-1] = replace(found[-1], shown=block)
        found.append(block)
        end = match.end()
    return found


def _marked(block: Block, mark: str) -> Block:
    kind, _, rest = mark.partition(": ")
    if kind == "not run":
        return replace(block, not_run=rest)
    if kind == "card":
        return replace(block, card=True)
    if kind == "serves":
        return replace(block, serves=True)
    if kind == "exits":
        return replace(block, exits=tuple(int(number) for number in rest.split(" or ")))
    assert not mark, f"{block.name}: nobody knows the comment {mark!r}"
    return block
