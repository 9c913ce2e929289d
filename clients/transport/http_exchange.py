# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes one HTTP request within a time, on kept connections; blocking or in an event loop."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, Union

import httpx

# what httpx takes: whether certificates are checked, or the context that checks them
Verify = Union[bool, ssl.SSLContext]


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: HTTP's.
        content_type: of the body, without parameters.
        body: all of it.
        retry_after: the header of that name, or empty.
    """

    status: int
    content_type: str
    body: bytes
    retry_after: str = ""


def _options(idle_s: float, verify: Verify) -> dict[str, Any]:
    return {
        "limits": httpx.Limits(max_connections=None, keepalive_expiry=idle_s),
        # the service is inside the network; a proxy variable meant for the web breaks it
        "trust_env": False,
        "verify": verify,
    }


def connections(idle_s: float, verify: Verify = True) -> httpx.Client:
    """A pool without bounds that closes connections idle for so long."""
    return httpx.Client(**_options(idle_s, verify))


def async_connections(idle_s: float, verify: Verify = True) -> httpx.AsyncClient:
    """The same for an event loop."""
    return httpx.AsyncClient(**_options(idle_s, verify))


class _Left(dict[str, float]):
    """httpx's timeouts of one request: of each phase, what is left of all of it."""

    def __init__(self, timeout_s: float, connect_timeout_s: Optional[float]) -> None:
        super().__init__()
        self.deadline = time.monotonic() + timeout_s
        self._connect_s = connect_timeout_s

    def get(self, phase: str, default: Any = None) -> Any:
        """Asked by httpcore when a phase begins."""
        left = max(0.001, self.deadline - time.monotonic())
        return min(left, self._connect_s or left) if phase == "connect" else left


def post(
    client: httpx.Client,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
    connect_timeout_s: Optional[float] = None,
) -> Answer:
    """Send the body and collect the answer, however slowly it trickles, within the time.

    Args:
        client: made by :func:`connections`.
        url: where to.
        content: the body.
        headers: of the request.
        timeout_s: longest all of it may take.
        connect_timeout_s: longest that connecting may take; ``None`` is ``timeout_s``.

    Raises:
        httpx.ConnectTimeout: no connection in time.
        httpx.TimeoutException: no answer in time.
        httpx.HTTPError: no connection, or it broke.
    """
    request = client.build_request("POST", url, content=content, headers=dict(headers))
    return exchange(client, request, timeout_s, connect_timeout_s)


def exchange(
    client: httpx.Client,
    request: httpx.Request,
    timeout_s: float,
    connect_timeout_s: Optional[float] = None,
) -> Answer:
    """Send any request; arguments and errors are those of :func:`post`."""
    left = _Left(timeout_s, connect_timeout_s)
    request.extensions["timeout"] = left
    response = client.send(request, stream=True)
    try:
        chunks = []
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            if time.monotonic() > left.deadline:
                raise httpx.ReadTimeout("the answer trickles")
    finally:
        response.close()
    return _answer(response, b"".join(chunks))


async def async_exchange(
    client: httpx.AsyncClient, request: httpx.Request, timeout_s: float
) -> Answer:
    """Send any request in an event loop; errors are those of :func:`post`."""
    request.extensions["timeout"] = _Left(timeout_s, None)
    try:
        response = await asyncio.wait_for(client.send(request), timeout_s)
    except asyncio.TimeoutError as error:
        raise httpx.ReadTimeout("no whole answer") from error
    return _answer(response, response.content)


def _answer(response: httpx.Response, body: bytes) -> Answer:
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    return Answer(response.status_code, content_type, body, response.headers.get("retry-after", ""))
