# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells what differs between recorded answers and new ones, a readable line for each difference.

Decimal numbers may differ by 1e-5; all else counts byte for byte.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

TOLERANCE = 1e-5
_DECIMAL = re.compile(r"-?\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)")
_AROUND = 60


def differences(recorded: Mapping[str, Any], got: Mapping[str, Any]) -> list[str]:
    """Of one scene: its answers, then the lines that they left."""
    found = _of_answers(recorded["answers"], got["answers"])
    for name in sorted({*recorded["lines"], *got["lines"]}):
        found += _of_lines(name, recorded["lines"].get(name, []), got["lines"].get(name, []))
    return found


def _of_answers(recorded: Sequence[Any], got: Sequence[Any]) -> list[str]:
    old, new = ({key_of(answer): answer for answer in side} for side in (recorded, got))
    found = [f"{key}: is recorded, and no longer asked" for key in old if key not in new]
    found += [f"{key}: is not recorded; write the fixture anew" for key in new if key not in old]
    for key in new:
        if key in old:
            found += [f"{key}: {text}" for text in _of_fields(old[key], new[key])]
    return found


def key_of(answer: Mapping[str, Any]) -> str:
    """Route and name of a request."""
    return f"{answer['route']} ({answer['name']})"


def _of_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    found = []
    for name in ("status", "headers", "body"):
        one, other = (_parts(side[name]) for side in (old, new))
        for part in dict.fromkeys([*one, *other]):
            where = f"{name}.{part}" if part else name
            text = difference(one.get(part, ""), other.get(part, ""))
            if text:
                found.append(f"{where}: {text}")
    return found


def _parts(value: Any) -> dict[str, str]:
    """What a field is made of, by name."""
    if isinstance(value, dict):
        return {name: str(part) for name, part in value.items()}
    return {"": "\n".join(value) if isinstance(value, list) else value}


def _of_lines(name: str, old: Sequence[str], new: Sequence[str]) -> list[str]:
    found = []
    if len(old) != len(new):
        found.append(f"{name}: {len(old)} lines are recorded, got {len(new)}")
    for i, (one, other) in enumerate(zip(old, new)):
        text = difference(one, other)
        if text:
            found.append(f"{name}, line {i + 1}: {text}")
    return found


def difference(old: str, new: str) -> Optional[str]:
    """The first place where two texts differ, or ``None``."""
    at_old = at_new = 0
    for a, b in zip(_pieces(old), _pieces(new)):
        if not _same(a, b):
            equal = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
            return _shown(old, at_old + equal, new, at_new + equal)
        at_old += len(a)
        at_new += len(b)
    return None if at_old == len(old) and at_new == len(new) else _shown(old, at_old, new, at_new)


def _pieces(text: str) -> list[str]:
    """The text around numbers, and the numbers, by turns."""
    pieces, end = [], 0
    for found in _DECIMAL.finditer(text):
        pieces += [text[end : found.start()], found.group()]
        end = found.end()
    return [*pieces, text[end:]]


def _same(a: str, b: str) -> bool:
    if a == b:
        return True
    if not (_DECIMAL.fullmatch(a) and _DECIMAL.fullmatch(b)):
        return False
    return math.isclose(float(a), float(b), rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def _shown(old: str, at_old: int, new: str, at_new: int) -> str:
    before = old[max(0, at_old - _AROUND // 2) : at_old]
    return (
        f"at {at_old}, after {before!r}: recorded {old[at_old : at_old + _AROUND]!r}, "
        f"got {new[at_new : at_new + _AROUND]!r}"
    )
