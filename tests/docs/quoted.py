# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Lists what the programs can print: texts of the sources, with ``...`` where a value stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import REPOSITORY

_FOLDERS = (
    "clients", "contract", "experiments", "export", "general_model_service", "pipeline", "train",
)  # fmt: skip
_SHORTEST = 12
_SHELL = ("bootstrap.sh", "general_model_service/build.sh")
_SHELL_VALUE = re.compile(r"\$\{?\w+\}?")


@cache
def printable() -> tuple[str, ...]:
    """All texts."""
    texts = [text for folder in _FOLDERS for text in _of_folder(REPOSITORY / folder)]
    for name in _SHELL:
        texts.append(_SHELL_VALUE.sub("...", (REPOSITORY / name).read_text(encoding="utf-8")))
    return tuple(texts)


def is_printable(message: str) -> bool:
    """Whether some text holds the message; what it begins or ends with ``...`` is left out."""
    said = message.removeprefix("...").removesuffix("...")
    assert len(said) >= _SHORTEST, f"{message!r} says too little to be found"
    return any(said in text for text in printable())


def _of_folder(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                yield "".join(_part(part) for part in node.values)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                # of logging's format
                yield re.sub(r"%(\(\w+\))?[\d.]*[sdr]", "...", node.value)


def _part(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) else "..."


def quotes(page: Path) -> list[str]:
    """Messages of a page: code that begins an item of a list, and code that ends in ``...``."""
    text = page.read_text(encoding="utf-8")
    begun = re.findall(r"^- `([^`]*)`", text, re.MULTILINE)
    within = re.findall(r"(?<!^- )`([^`]*\.\.\.)`", text, re.MULTILINE)
    return [*begun, *(message for message in within if message != "...")]
