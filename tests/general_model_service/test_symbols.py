# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What of the program's code the libraries call that it loads."""

from __future__ import annotations

import subprocess
from pathlib import Path


def test_no_code_of_regular_expressions_is_lent_to_openvino(tensor_program: Path) -> None:
    """Its wheels may have another ``std::string``, and the same names for what matches with it."""
    listed = subprocess.run(
        ["nm", "--dynamic", "--defined-only", str(tensor_program)],
        check=True,
        capture_output=True,
        text=True,
    )
    symbols = [line.split()[-1] for line in listed.stdout.splitlines()]
    assert any(symbol.startswith("_ZSt4cout") for symbol in symbols)  # it lists what is lent
    assert [symbol for symbol in symbols if "St8__detail" in symbol] == []
