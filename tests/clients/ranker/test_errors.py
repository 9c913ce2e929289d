# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the wire says of an error becomes the class that the service raised."""

from __future__ import annotations

import pytest

from clients.ranker.errors import rebuild
from contract import errors
from contract.errors import RankingError, RequestError, ServiceError

KINDS = [
    errors.MalformedRequest,
    errors.UnknownService,
    errors.RequestTooLarge,
    errors.InvalidField,
    errors.Overloaded,
    errors.ShuttingDown,
    errors.DeadlineExceeded,
    errors.InferenceFailed,
]


@pytest.mark.parametrize("kind", KINDS)
def test_over_http_every_class_comes_back(kind: type[RankingError]) -> None:
    sent = kind("must hold at least one document", field="documents")
    got = rebuild(sent.err_no, str(sent), http_status=sent.http_status)
    assert type(got) is kind
    assert str(got) == str(sent)


@pytest.mark.parametrize("kind", KINDS)
def test_over_rpc_the_number_decides(kind: type[RankingError]) -> None:
    sent = kind("too many; send fewer")
    got = rebuild(sent.err_no, str(sent))
    assert got.err_no == sent.err_no
    assert issubclass(kind, type(got))
    assert type(got) is not RankingError


def test_the_field_of_a_request_error_is_kept() -> None:
    error = rebuild(5000, "documents[3]: must be a string, got int")
    assert isinstance(error, RequestError)
    assert (error.field, error.message) == ("documents[3]", "must be a string, got int")


@pytest.mark.parametrize("err_no", [50, 3000, 4000, 7000, 8000, 10000, 12345])
def test_other_numbers_are_the_services_fault_and_stay_visible(err_no: int) -> None:
    error = rebuild(err_no, "boom")
    assert type(error) is ServiceError
    assert "boom" in str(error)
    assert err_no == 10000 or str(err_no) in str(error)


def test_an_empty_message_still_says_something() -> None:
    assert str(rebuild(10000, ""))
