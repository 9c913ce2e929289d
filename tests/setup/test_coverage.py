# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""CI counts what the tests run, and fails below the floor in pyproject.toml."""

from __future__ import annotations

import re

from tests.conftest import REPOSITORY


def text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def test_ci_counts_and_there_is_a_floor() -> None:
    report = text("pyproject.toml").split("[tool.coverage.report]")[1]
    floor = re.search(r"^fail_under = (\d+)$", report, re.MULTILINE)
    assert floor is not None and int(floor[1]) >= 90
    assert re.search(r"^make test .*COVERAGE=1", text(".ci/run"), re.MULTILINE)


def test_the_report_of_all_tests_takes_the_floor() -> None:
    (line,) = re.findall(r"coverage report .*", text("Makefile"))
    assert "--fail-under=0" in line and "$(if $(filter tests,$(TESTS)),," in line
