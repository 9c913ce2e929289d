# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One POST within a time, on connections that are kept; called by both HTTP clients."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import NamedTuple, Optional

import httpx


class Answer(NamedTuple):
    """What came back.

    Attributes:
        status: HTTP's.
        content_type: of the body, without parameters.
        body: all of it.
    """

    status: int
    content_type: str
    body: bytes


def connections(idle_s: float) -> httpx.Client:
    """A pool without bounds that closes connections idle for so long."""
    return httpx.Client(
        limits=httpx.Limits(max_connections=None, keepalive_expiry=idle_s),
        # the service is inside the network; a proxy variable meant for the web breaks it
        trust_env=False,
    )


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
    deadline = time.monotonic() + timeout_s
    timeout = httpx.Timeout(timeout_s, connect=min(timeout_s, connect_timeout_s or timeout_s))
    with client.stream("POST", url, content=content, headers=headers, timeout=timeout) as response:
        chunks = []
        for chunk in response.iter_bytes():
            chunks.append(chunk)
            if time.monotonic() > deadline:
                raise httpx.ReadTimeout("the answer trickles")
    content_type = response.headers.get("content-type", "").partition(";")[0].strip()
    return Answer(response.status_code, content_type, b"".join(chunks))
