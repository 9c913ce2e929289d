# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls the running service over HTTP: a JSON body goes out, string fields come back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from contract.errors import InvalidField, ServiceError

DEFAULT_URL = "http://127.0.0.1:8088"
RANK_PATH, FEEDBACK_PATH = "/ranker/prediction", "/feedback"
# below the 5 s after which the service closes an idle connection, so that none is reused as it dies
_IDLE_S = 4.0


class CallFailed(ServiceError):
    """A call without a usable answer.

    Attributes:
        kind: what a summary counts it as, such as ``err_no 51`` or ``ReadTimeout``.
    """

    def __init__(self, kind: str, message: str) -> None:
        """Keep both."""
        super().__init__(message, field=kind)
        self.kind = kind


def connections(url: str, in_flight: int, timeout_s: float) -> httpx.AsyncClient:
    """A pool of connections to one service.

    Args:
        url: ``http://host:port`` of its ``http_port``.
        in_flight: calls at a time, at most.
        timeout_s: longest a call may wait for its answer.

    Raises:
        InvalidField: not an http or https URL.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or url != "".join(url.split()):
        raise InvalidField(f"must be like {DEFAULT_URL}, got {url!r}", field="url")
    limits = httpx.Limits(max_connections=in_flight, keepalive_expiry=_IDLE_S)
    # the service is inside the network; a proxy variable meant for the web breaks it
    return httpx.AsyncClient(
        base_url=url.rstrip("/"), limits=limits, timeout=timeout_s, trust_env=False
    )


async def call(client: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> dict[str, str]:
    """POST one request.

    Raises:
        CallFailed: no connection, no answer in time, an error, or not this service's JSON.
    """
    try:
        response = await client.post(path, json=dict(body))
    except httpx.HTTPError as error:
        kind = type(error).__name__
        raise CallFailed(kind, f"no answer ({error}); is the service's http_port here?") from error
    try:
        answer = json.loads(response.content)
        err_no, err_msg = int(answer["err_no"]), str(answer["err_msg"])
        fields = dict(zip(answer["key"], answer["value"]))
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        kind = f"HTTP {response.status_code}"
        message = f"not this service's JSON ({response.content[:60]!r})"
        raise CallFailed(kind, message) from error
    if err_no:
        raise CallFailed(f"err_no {err_no}", err_msg)
    return fields
