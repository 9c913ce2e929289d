# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the program is not built its tests skip, but not where someone said that it is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tensor_service import BUILT_VARIABLE, require_program

NAMED = r"program is not built: make build-tensor-service"


@pytest.fixture
def absent(tmp_path: Path) -> Path:
    return tmp_path / "tensor_service"


def test_without_the_program_the_skip_names_the_command(absent: Path) -> None:
    with pytest.raises(pytest.skip.Exception, match=NAMED):
        require_program(absent, {})


@pytest.mark.parametrize("variable", [BUILT_VARIABLE, "TENSOR_SERVICE_BIN"])
def test_where_it_was_promised_its_absence_fails(absent: Path, variable: str) -> None:
    with pytest.raises(pytest.fail.Exception, match=NAMED):
        require_program(absent, {variable: "1"})


def test_with_the_program_nothing_skips(absent: Path) -> None:
    absent.touch()
    require_program(absent, {})


@pytest.mark.parametrize("target", ["test-modern", "test-card"])
def test_make_builds_it_and_says_so(repository: Path, target: str) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    recipe = makefile.split(f"\n{target}: ")[1].split("\n\n")[0]
    assert "general_model_service/build.sh" in recipe
    (tested,) = [line for line in recipe.splitlines() if "-m pytest" in line]
    assert f"{BUILT_VARIABLE}=1 " in tested
