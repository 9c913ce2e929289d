# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads what both edges carry in the shape of Paddle Serving's wire: requests and feedback."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contract.errors import InvalidField
from contract.experiments.records import Feedback
from contract.wire.feedback import feedback_from_fields, feedback_from_wire
from contract.wire.request import PROFILE_KEY, Limits, RankRequest, wire_fields
from pipeline.request.call import Arrival, Call

_STRING_TENSOR = 12


def read_wire(
    arrival: Arrival,
    limits: Limits,
    keys: Sequence[str],
    values: Sequence[str],
    tensors: Iterable[tuple[str, int, Any]],
    *,
    ranker: str = "",
    log_id: int = 0,
) -> Call:
    """Validate string keys and values; tensors of strings count as such.

    Args:
        arrival: of the request.
        limits: of a request.
        keys: of the wire.
        values: of the wire.
        tensors: name, elem_type and str_data of each.
        ranker: named by a header.
        log_id: of the wire.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    keys, values = list(keys), list(values)
    for name, elem_type, strings in tensors:
        if elem_type != _STRING_TENSOR:
            raise InvalidField(
                f"elem_type {elem_type} is not taken; send strings (elem_type 12)", field=name
            )
        keys.append(name)
        values.append("".join(strings))
    fields = wire_fields(keys, values)
    request = RankRequest.from_wire(fields, limits).identified(arrival.request_id)
    profile = fields.get(PROFILE_KEY) == "1"
    return Call(request, arrival, ranker, profile=profile, log_id=log_id)


def read_feedback(limits: Limits, fields: Mapping[str, Any]) -> Feedback:
    """Validate decoded fields of feedback.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    return feedback_from_fields(fields, time.time(), limits.max_documents)


def read_feedback_wire(limits: Limits, keys: Sequence[str], values: Sequence[str]) -> Feedback:
    """Validate string keys and values of feedback.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    fields = wire_fields(keys, values)
    return feedback_from_wire(fields, time.time(), limits.max_documents)
