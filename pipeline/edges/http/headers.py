# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Headers that change how a request is answered: deadline, id, dry run."""

from __future__ import annotations

import time
from collections.abc import Mapping

from contract.errors import InvalidField
from contract.wire.values import check_request_id
from pipeline.request.call import Arrival
from pipeline.request.cancel import Cancel
from pipeline.request.trace import TRACEPARENT, TRACESTATE

TIMEOUT_HEADER = "x-timeout-ms"
REQUEST_ID_HEADER = "x-request-id"
DRY_RUN_HEADER = "x-dry-run"
_LONGEST_TIMEOUT_MS = 86_400_000.0


def arrival_of(
    headers: Mapping[str, str], service: str, received: float, cancel: Cancel
) -> Arrival:
    """How a request came in, with its deadline, its id and whether it is a dry run.

    Args:
        headers: of the request.
        service: asked for.
        received: when it came, on time.monotonic's clock.
        cancel: tells when its caller has gone.

    Raises:
        InvalidField: which header is wrong, and how.
    """
    timeout, request_id = headers.get(TIMEOUT_HEADER), headers.get(REQUEST_ID_HEADER)
    dry_run = headers.get(DRY_RUN_HEADER)
    return Arrival(
        "http",
        service,
        received,
        deadline=None if timeout is None else _deadline(timeout),
        request_id="" if request_id is None else _request_id(request_id),
        cancel=cancel,
        dry_run=dry_run is not None and _dry_run(dry_run.lower()),
        traceparent=headers.get(TRACEPARENT, ""),
        tracestate=headers.get(TRACESTATE, ""),
    )


def _deadline(text: str) -> float:
    try:
        milliseconds = float(text)
    except ValueError:
        milliseconds = 0.0
    if not 0 < milliseconds <= _LONGEST_TIMEOUT_MS:
        raise InvalidField(
            f"must be milliseconds above 0 and at most {_LONGEST_TIMEOUT_MS:.0f}, got {text!r:.40}",
            field=TIMEOUT_HEADER,
        )
    return time.monotonic() + milliseconds / 1000.0


def _request_id(text: str) -> str:
    try:
        return check_request_id(text)
    except InvalidField as error:
        raise InvalidField(error.message, field=REQUEST_ID_HEADER) from error


def _dry_run(text: str) -> bool:
    if text not in ("true", "false"):
        raise InvalidField(f"must be true or false, got {text!r:.40}", field=DRY_RUN_HEADER)
    return text == "true"
