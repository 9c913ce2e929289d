# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Every number of the service's error table becomes its class, on every protocol."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.errors import (
    InferenceFailed,
    InvalidField,
    MalformedRequest,
    Overloaded,
    RequestTooLarge,
    ServiceError,
    ShuttingDown,
    UnknownService,
)
from contract.wire.tensor_errors import CODES, from_brpc, from_grpc, from_http, from_response


def test_the_table_is_the_services(repository: Path) -> None:
    source = (repository / "general_model_service/src/report/error.cc").read_text(encoding="utf-8")
    rows = re.findall(r"\{(\d+), (\d+), (\d+), (-?\d+)\},\s*// k(\w+)", source)
    assert rows[0] == ("200", "0", "0", "0", "Ok")
    assert [tuple(map(int, row[:4])) for row in rows[1:]] == [tuple(codes[:4]) for codes in CODES]


@pytest.mark.parametrize("codes", CODES, ids=str)
def test_http_and_grpc_tell_each_kind(codes: tuple[int, int, int, int, type]) -> None:
    http, grpc, _, err_no, kind = codes
    assert type(from_http(http, err_no, "why")) is kind
    # not found, not allowed and unsupported are one status and one number there
    assert type(from_grpc(grpc, err_no, "why")) is (UnknownService if grpc == 12 else kind)


@pytest.mark.parametrize(
    ("code", "kind"),
    [(1002, UnknownService), (1003, MalformedRequest), (1011, Overloaded), (2003, ShuttingDown)],
)
def test_brpc_s_numbers(code: int, kind: type) -> None:
    assert type(from_brpc(code, "why")) is kind


@pytest.mark.parametrize(
    ("err_no", "message", "kind", "field"),
    [
        (-5100, "input_ids: shape is [1], send [rows, any]", InvalidField, "input_ids"),
        (-5100, "the engine failed: out of luck", InferenceFailed, None),
        (-5002, "input_ids: holds 5 elements", InvalidField, "input_ids"),
        (-5001, "not enough memory for this request", InferenceFailed, None),
        (-5000, "InferService inference failed!", ServiceError, None),
    ],
)
def test_a_number_inside_a_response(
    err_no: int, message: str, kind: type, field: str | None
) -> None:
    error = from_response(err_no, message)
    assert (type(error), error.field) == (kind, field)
    assert message.split(": ")[-1] in str(error)


def test_a_number_that_is_in_no_table_stays_visible() -> None:
    errors = [from_http(418, 0, "tea"), from_grpc(2, None, "tea"), from_brpc(9, "tea")]
    assert [str(error) for error in errors] == [
        "HTTP 418: tea",
        "gRPC status 2: tea",
        "brpc error 9: tea",
    ]
    assert all(type(error) is ServiceError for error in errors)


def test_over_http_the_field_of_a_large_body_is_kept() -> None:
    error = from_http(413, -5002, "body: 9 bytes, more than the 5 of --max_body_size")
    assert (type(error), error.field) == (RequestTooLarge, "body")
