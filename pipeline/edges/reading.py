# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a caller sent, decoded, in; a valid request or feedback out. Both edges read here."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from contract.errors import InvalidField
from contract.exposure import Feedback
from contract.feedback import feedback_from_fields, feedback_from_wire
from contract.request import PROFILE_KEY, Limits, RankRequest, wire_fields
from pipeline.request.exchange import Reading

_STRING_TENSOR = 12


def read_wire(
    limits: Limits,
    keys: Sequence[str],
    values: Sequence[str],
    tensors: Iterable[tuple[str, int, Any]],
    log_id: int = 0,
) -> Reading:
    """Validate string keys and values; tensors of strings count as such.

    Args:
        limits: of a request.
        keys: of the wire.
        values: of the wire.
        tensors: name, elem_type and str_data of each.
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
    request = RankRequest.from_wire(fields, limits)
    return Reading(request, fields.get(PROFILE_KEY) == "1", log_id)


def read_fields(limits: Limits, fields: Mapping[str, Any]) -> Reading:
    """Validate decoded fields of the fuller shape.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    return Reading(RankRequest.from_fields(fields, limits))


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
