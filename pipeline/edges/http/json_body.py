# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the JSON of a body strictly: an object, no key twice, no NaN, no endless number."""

from __future__ import annotations

import json
from typing import Any

from contract.errors import MalformedRequest
from contract.wire.values import first_repeated

_BODY = "body"
_BYTE_ORDER_MARK = "\ufeff"
# longer numbers mean nothing here, and Python takes quadratic time to read them
_MAX_DIGITS = 32


def parse_object(body: bytes) -> dict[str, Any]:
    """Decode UTF-8 JSON that is an object, with no key twice and no NaN.

    Raises:
        MalformedRequest: it is not that.
    """
    try:
        value = json.loads(
            # a mark of the byte order, as some programs begin a file with, is no part of the JSON
            body.decode("utf-8").removeprefix(_BYTE_ORDER_MARK),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
        )
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"not UTF-8 at byte {error.start}", field=_BODY) from error
    except RecursionError as error:
        raise MalformedRequest("nested too deeply", field=_BODY) from error
    except ValueError as error:
        raise MalformedRequest(f"not JSON ({error})", field=_BODY) from error
    if not isinstance(value, dict):
        raise MalformedRequest("must be a JSON object", field=_BODY)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        repeated = first_repeated(name for name, _ in pairs)
        raise ValueError(f"the key {repeated!r:.80} stands twice")
    return fields


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _parse_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)
