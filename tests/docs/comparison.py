# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares what a page shows with what was printed; the last digits of a score may differ."""

from __future__ import annotations

import json
import re
from typing import Any

_SCORES_DIFFER_BY = 0.02
# of keys whose numbers are never the same twice
_TIMES = "_ms"


def check_text(shown: str, printed: str) -> None:
    """Raises AssertionError unless they agree; ``...`` stands for anything."""
    pattern = re.escape(shown.strip()).replace(r"\.\.\.", ".*")
    assert re.fullmatch(pattern, printed.strip(), re.DOTALL), printed


def check_json(shown: str, printed: str) -> None:
    """Raises AssertionError unless both hold the same keys and nearly the same values."""
    _check(json.loads(shown), json.loads(printed), "$")


def _check(shown: Any, printed: Any, where: str) -> None:
    assert type(shown) is type(printed), f"{where}: {printed!r}"
    if isinstance(shown, dict):
        assert list(shown) == list(printed), where
        for key, value in shown.items():
            if not key.endswith(_TIMES):
                _check(value, printed[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert len(shown) == len(printed), where
        for i, (one, other) in enumerate(zip(shown, printed)):
            _check(one, other, f"{where}[{i}]")
    elif isinstance(shown, str):
        check_text(shown, printed)
    elif isinstance(shown, float):
        assert abs(shown - printed) < _SCORES_DIFFER_BY, where
    else:
        assert shown == printed, where
