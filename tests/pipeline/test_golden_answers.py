# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows that nothing changed on the wire: real services answer as recorded, byte for byte.

What is masked stands in tests.golden_answers.masks. A change that is meant is recorded by
``python -m tests.golden_answers --write`` and read as a diff.
"""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest

from child_services.tensor_process import PROGRAM
from tests.golden_answers.compare import difference, differences
from tests.golden_answers.masks import mask_headers, mask_text
from tests.golden_answers.scenes import SCENES, TENSORS, play, recorded
from tests.sets import modern_only
from tests.tensor_service import require_program

# another Starlette writes the headers of origins differently
_MODERN = {"guarded": (modern_only,)}


@pytest.mark.parametrize("scene", [pytest.param(s, marks=_MODERN.get(s, ())) for s in SCENES])
def test_answers_are_as_recorded(scene: str, tmp_path: Path) -> None:
    if scene == TENSORS:
        require_program(PROGRAM, os.environ)
    found = differences(recorded(scene), play(scene, tmp_path))
    assert not found, "\n".join(found)


def find(answers: list[Any], route: str, name: str) -> dict[str, Any]:
    return next(one for one in answers if (one["route"], one["name"]) == (route, name))


def changed(route: str, name: str, field: str, old: str, new: str) -> list[str]:
    """What is said of the recorded answers, one of them changed."""
    before = recorded("plain")
    after = copy.deepcopy(before)
    answer = find(after["answers"], route, name)
    value = answer[field]
    if isinstance(value, list):
        answer[field] = [line.replace(old, new) for line in value]
    else:
        answer[field] = value.replace(old, new, 1)
    assert answer[field] != value
    return differences(before, after)


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("status", "OK", "Ok"),
        ("headers", "content-type", "Content-Type"),
        ("headers", "application/json", "application/json; charset=utf-8"),
        ("body", '"object":"rerank"', '"object": "rerank"'),
        ("body", '"id":"golden-1","object":"rerank"', '"object":"rerank","id":"golden-1"'),
        ("body", '"index":0', '"index":1'),
        ("body", '"relevance_score":0.', '"relevance_score":0.9'),
    ],
)
def test_a_changed_byte_is_told_with_its_place(field: str, old: str, new: str) -> None:
    (line,) = changed("POST /v1/rerank", "as it is", field, old, new)
    assert line.startswith(f"POST /v1/rerank (as it is): {field}: at ")
    assert "recorded" in line and "got" in line


def test_what_is_missing_or_new_is_told() -> None:
    before = recorded("guarded")
    after = copy.deepcopy(before)
    gone = after["answers"].pop(0)
    after["answers"].append({**gone, "name": "another"})
    after["lines"]["request log"].pop()
    lines = len(before["lines"]["request log"])
    assert differences(before, after) == [
        f"{gone['route']} ({gone['name']}): is recorded, and no longer asked",
        f"{gone['route']} (another): is not recorded; write the fixture anew",
        f"request log: {lines} lines are recorded, got {lines - 1}",
    ]


def test_only_decimals_may_differ_and_little() -> None:
    assert difference('"score": 0.123456', '"score": 0.1234561') is None
    assert difference("[1e-06]", "[0.0000011]") is None
    assert difference('"score": 0.1234', '"score": 0.1235')
    assert difference('"tokens": 45', '"tokens": 46')
    assert difference('"score": 1', '"score": 1.0')


def test_masks_are_narrow() -> None:
    made = "0123456789abcdef" * 2
    text = f'{{"ms": 1.5, "timings_ms": {{"queue": 0.1}}, "tokens": 7, "id": "{made}"}}'
    assert mask_text(text) == (
        '{"ms": <number>, "timings_ms": {"queue": <number>}, "tokens": 7, "id": "<id>"}'
    )
    headers = [("date", "today"), ("Content-Length", "3"), ("x-request-id", "mine")]
    assert mask_headers(headers, b"four") == [
        "date: today",
        "Content-Length: 3",
        "x-request-id: mine",
    ]
    assert mask_headers(headers[1:2], b"one") == ["Content-Length: <length of the body>"]
