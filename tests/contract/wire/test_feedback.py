# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Feedback of both shapes is read, and every wrong field is named."""

from __future__ import annotations

import math

import pytest

from contract.errors import RequestError
from contract.experiments.records import Feedback
from contract.wire.feedback import feedback_from_fields, feedback_from_wire

LIMIT = 10


def test_both_shapes_say_the_same() -> None:
    expected = Feedback(5.0, "r-1", (3, 0), ((1, 2.0), (0, 0.0)))
    fields = {"request_id": "r-1", "clicks": [3, 0], "grades": [[1, 2], [0, 0.0]]}
    assert feedback_from_fields(fields, 5.0, LIMIT) == expected
    wire = {"request_id": "r-1", "clicks": "[3, 0]", "grades": "[[1, 2], [0, 0]]"}
    assert feedback_from_wire(wire, 5.0, LIMIT) == expected


def test_no_click_is_feedback_too() -> None:
    assert feedback_from_fields({"request_id": "r", "clicks": []}, 1.0, LIMIT).clicks == ()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "request_id"),
        ({"request_id": ""}, "request_id"),
        ({"request_id": "a b", "clicks": []}, "request_id"),
        ({"request_id": 7, "clicks": []}, "request_id"),
        ({"request_id": "r"}, "clicks"),
        ({"request_id": "r", "clicks": "[1]"}, "clicks"),
        ({"request_id": "r", "clicks": {"0": 1}}, "clicks"),
        ({"request_id": "r", "clicks": [0] * 11}, "clicks"),
        ({"request_id": "r", "clicks": [0, 10]}, "clicks[1]"),
        ({"request_id": "r", "clicks": [-1]}, "clicks[0]"),
        ({"request_id": "r", "clicks": [True]}, "clicks[0]"),
        ({"request_id": "r", "clicks": [1.0]}, "clicks[0]"),
        ({"request_id": "r", "grades": [1]}, "grades[0]"),
        ({"request_id": "r", "grades": [[1]]}, "grades[0]"),
        ({"request_id": "r", "grades": [[1, "x"]]}, "grades[0]"),
        ({"request_id": "r", "grades": [[1, -0.5]]}, "grades[0]"),
        ({"request_id": "r", "grades": [[1, math.nan]]}, "grades[0]"),
        ({"request_id": "r", "grades": [[1, math.inf]]}, "grades[0]"),
        ({"request_id": "r", "grades": [[99, 1]]}, "grades[0]"),
        ({"request_id": "r", "clicks": [], "click": []}, "click"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, object], named: str) -> None:
    with pytest.raises(RequestError) as caught:
        feedback_from_fields(fields, 1.0, LIMIT)
    assert caught.value.field == named


def test_a_list_of_one_request_id_is_taken_as_upstreams_client_sends_it() -> None:
    fields = {"request_id": "array(['r-1'], dtype='<U3')", "clicks": "[0]"}
    assert feedback_from_wire(fields, 1.0, 10).request_id == "r-1"
