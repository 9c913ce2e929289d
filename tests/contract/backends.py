# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Which backends of WordPiece a test can have here; the others skip."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import pytest

from contract.text.native import NAME, REMEDY, load_module
from tests.tensor_service import BUILT_VARIABLE


def require_backend(name: str) -> None:
    """Skip where its package is not installed, or the module in C++ is not built."""
    if name == NAME:
        require_native(os.environ)
    else:
        pytest.importorskip(name)


def require_native(
    environment: Mapping[str, str], folders: Optional[Sequence[Path]] = None
) -> None:
    """Fail instead where someone said that the module is built, or where it is of other code."""
    try:
        load_module(folders)
    except ImportError as error:
        there = type(error) is not ImportError
        if there or environment.get(BUILT_VARIABLE):
            pytest.fail(f"{error}: {REMEDY}", pytrace=False)
        pytest.skip(f"{error}: {REMEDY}")
