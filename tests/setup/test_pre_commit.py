# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The hooks of pre-commit are the linters of ``make lint``, from the same environment."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.sets import modern_only

ROOT = Path(__file__).resolve().parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TOOLS = ".venv/bin/"
# a program, and what it is told to do where it does several things
_LINTER = r"(ruff \w+|python -m \w+|[\w-]+)"


def hooks() -> list[dict[str, Any]]:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (repository,) = yaml.safe_load(text)["repos"]
    assert repository["repo"] == "local"
    found: list[dict[str, Any]] = repository["hooks"]
    return found


def linters_of_make(makefile: str) -> set[str]:
    recipe = re.search(r"^lint:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert recipe is not None
    return set(re.findall(rf"\$\(TOOLS\)/{_LINTER}", recipe[1]))


def linters_of_hooks() -> set[str]:
    found = set()
    for hook in hooks():
        linter = re.match(re.escape(TOOLS) + _LINTER, hook["entry"])
        assert linter is not None, hook["entry"]
        found.add(linter[1])
    return found


def test_each_linter_of_make_lint_is_a_hook() -> None:
    linters = linters_of_make(MAKEFILE)
    assert len(linters) >= 6
    assert linters == linters_of_hooks()


def test_a_linter_that_is_no_hook_is_found() -> None:
    more = MAKEFILE.replace("\t@$(TOOLS)/hadolint", "\t@$(TOOLS)/yamllint .\n\t@$(TOOLS)/hadolint")
    assert linters_of_make(more) - linters_of_hooks() == {"yamllint"}


def test_mypy_is_given_the_same_folders() -> None:
    folders = re.search(r"^TYPED = \$\(wildcard (.*)\)$", MAKEFILE, re.MULTILINE)
    assert folders is not None
    (entry,) = [hook["entry"] for hook in hooks() if hook["id"] == "mypy"]
    assert entry == f"{TOOLS}python -m mypy {folders[1]}"


@modern_only
def test_hooks_run_what_the_environment_has() -> None:
    for hook in hooks():
        assert hook["language"] == "system"
        program = hook["entry"].split()[0].removeprefix(TOOLS)
        assert (Path(sys.prefix) / "bin" / program).exists(), program
