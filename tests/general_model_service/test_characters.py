# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service knows the kinds of characters as Python does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest

from tests.conftest import REPOSITORY

SOURCE = REPOSITORY / "general_model_service" / "src" / "json" / "python_characters.cc"
CODE_POINTS = 0x110000


def table(name: str) -> set[int]:
    """The code points of one table."""
    found = re.search(rf"{name} = std::to_array<Range>\((.*?)\);", SOURCE.read_text(), re.DOTALL)
    assert found is not None
    ranges = re.findall(r"\{(0x[0-9A-F]+), (0x[0-9A-F]+)\}", found[1])
    return {code for first, last in ranges for code in range(int(first, 16), int(last, 16) + 1)}


@pytest.mark.skipif(unicodedata.unidata_version != "15.0.0", reason="the tables are Python 3.12's")
@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("kUnprintable", lambda text: not text.isprintable()),
        ("kBlank", str.isspace),
        ("kDecimal", str.isdecimal),
    ],
)
def test_tables_are_pythons(name: str, is_one: Callable[[str], bool]) -> None:
    assert table(name) == {code for code in range(CODE_POINTS) if is_one(chr(code))}
