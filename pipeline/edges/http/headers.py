# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Headers that change how a request is answered: deadline, id, dry run."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Optional

from contract.errors import InvalidField
from contract.wire_values import check_request_id

TIMEOUT_HEADER = "x-timeout-ms"
REQUEST_ID_HEADER = "x-request-id"
DRY_RUN_HEADER = "x-dry-run"
_LONGEST_TIMEOUT_MS = 86_400_000.0


def deadline_of(headers: Mapping[str, str]) -> Optional[float]:
    """When the caller stops waiting, on time.monotonic's clock, by ``x-timeout-ms``.

    Raises:
        InvalidField: the header is no number of milliseconds.
    """
    text = headers.get(TIMEOUT_HEADER)
    if text is None:
        return None
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


def request_id_of(headers: Mapping[str, str]) -> str:
    """The caller's, by ``x-request-id``, or empty.

    Raises:
        InvalidField: it is not printable.
    """
    try:
        return check_request_id(headers.get(REQUEST_ID_HEADER))
    except InvalidField as error:
        raise InvalidField(error.message, field=REQUEST_ID_HEADER) from error


def dry_run_of(headers: Mapping[str, str]) -> bool:
    """Whether experiments shall not hear of this request, by ``x-dry-run``.

    Raises:
        InvalidField: the header is neither ``true`` nor ``false``.
    """
    text = headers.get(DRY_RUN_HEADER, "false").lower()
    if text not in ("true", "false"):
        raise InvalidField(f"must be true or false, got {text!r:.40}", field=DRY_RUN_HEADER)
    return text == "true"
