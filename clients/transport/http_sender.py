# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends a call over HTTP until it is answered: one deadline for all attempts and waits.

There is a blocking sender and one for an event loop. What to do after an attempt is decided in one
place for both, ``_Sending``.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from typing import Callable, Generic, Optional, TypeVar
from urllib.parse import urlsplit

import httpx

from clients.transport.http_exchange import (
    Answer,
    Verify,
    async_connections,
    async_exchange,
    connections,
    exchange,
)
from clients.transport.retry import Retry, Tries
from contract.errors import DeadlineExceeded, InvalidField, Overloaded, ShuttingDown
from contract.wire.caller_errors import Unreachable, UnreadableAnswer

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:8088"
# Idle connections are kept for less than the 65 s after which the service closes them by default
# (limits.keep_alive_s), so that none is used as the service closes it; proxies often wait 60 s. An
# application that asks once in some seconds does not connect, or shake hands, each time. Where the
# service waits less than this, the pool looks whether it has closed a connection before it uses it,
# so only a call that meets the closing on its way can fail.
IDLE_S = 50.0
_RETRY_STATUSES = (Overloaded.http_status, ShuttingDown.http_status)


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read.

    Attributes:
        path: below the base URL.
        read: the value of an answer; raises the error that it holds.
        body: JSON; ``None`` makes it a GET.
        repeatable: whether it may be sent again when the connection broke during it, so that the
            service may have served it already. A call that the service refused may always be.
        retried: whether it is tried again at all.
    """

    path: str
    read: Callable[[Answer], T]
    body: Optional[bytes] = None
    repeatable: bool = True
    retried: bool = True


class _Address:
    """Where calls go, and what they carry."""

    def __init__(self, base_url: str, api_key: str, retry: Retry) -> None:
        self.base_url = _checked_url(base_url)
        self.retry = retry
        self._headers: dict[bytes, bytes] = {}
        if api_key:
            if not api_key.isprintable() or api_key != api_key.strip():
                raise InvalidField("holds a space or a control character", field="api_key")
            self._headers[b"Authorization"] = b"Bearer " + api_key.encode("utf-8")

    def request(self, call: Call[T], left_s: float) -> httpx.Request:
        """The service is told how long its caller still waits."""
        headers = {**self._headers, b"X-Timeout-Ms": b"%d" % max(1, int(left_s * 1000))}
        if call.body is not None:
            headers[b"Content-Type"] = b"application/json"
        method = "GET" if call.body is None else "POST"
        url = f"{self.base_url}{call.path}"
        return httpx.Request(method, url, headers=list(headers.items()), content=call.body)


class _Sending(Generic[T]):
    """One call on its way: what to do after each attempt."""

    def __init__(self, address: _Address, call: Call[T], timeout_s: float) -> None:
        self._address = address
        self._call = call
        self._timeout_s = timeout_s
        self._tries = Tries(address.retry, timeout_s)

    def next(self) -> tuple[httpx.Request, float]:
        """The request of the next attempt, and how long it may take."""
        left_s = self._tries.left_s()
        return self._address.request(self._call, left_s), left_s

    def answered(self, answer: Answer) -> Optional[float]:
        """Seconds to wait before another attempt; ``None`` when this answer is the last."""
        if answer.status not in _RETRY_STATUSES or not self._call.retried:
            return None
        return self._tries.wait_s(answer.retry_after)

    def failed(self, error: httpx.HTTPError) -> float:
        """Seconds to wait before another attempt.

        Raises:
            DeadlineExceeded: no answer came in time.
            Unreachable: no connection, or it broke, and no attempt is left.
        """
        if isinstance(error, httpx.TimeoutException) or self._tries.over:
            raise DeadlineExceeded(
                f"no answer within {self._timeout_s:g} s; send fewer documents or allow more time",
                field=self._address.base_url,
            ) from error
        safe = isinstance(error, httpx.ConnectError) or self._call.repeatable
        again = safe and self._call.retried and not _is_permanent(error)
        wait_s = self._tries.wait_s() if again else None
        if wait_s is None:
            raise Unreachable(
                f"no connection ({error}); is the service running, and is this its http_port?",
                field=self._address.base_url,
            ) from error
        return wait_s

    def read(self, answer: Answer) -> T:
        """The value; an answer of something else names the address."""
        try:
            return self._call.read(answer)
        except UnreadableAnswer as error:
            if error.field is None:
                raise UnreadableAnswer(error.message, field=self._address.base_url) from error
            raise


class HttpSender(_Address):
    """Sends calls from any thread."""

    def __init__(self, base_url: str, api_key: str, retry: Retry, verify: Verify) -> None:
        """Prepare a pool; nothing connects before the first call.

        Raises:
            InvalidField: ``base_url`` is not an http or https URL, or the key cannot be sent.
        """
        super().__init__(base_url, api_key, retry)
        self._client = connections(IDLE_S, verify)

    def send(self, call: Call[T], timeout_s: float) -> T:
        """Send one call; ``timeout_s`` bounds all attempts and waits together."""
        sending = _Sending(self, call, timeout_s)
        while True:
            request, left_s = sending.next()
            try:
                answer = exchange(self._client, request, left_s)
            except httpx.HTTPError as error:
                wait_s: Optional[float] = sending.failed(error)
            else:
                wait_s = sending.answered(answer)
                if wait_s is None:
                    return sending.read(answer)
            assert wait_s is not None
            time.sleep(wait_s)

    def close(self) -> None:
        """Close the pool."""
        self._client.close()


class AsyncHttpSender(_Address):
    """Sends calls from one event loop."""

    def __init__(self, base_url: str, api_key: str, retry: Retry, verify: Verify) -> None:
        """As :class:`HttpSender`."""
        super().__init__(base_url, api_key, retry)
        self._client = async_connections(IDLE_S, verify)

    async def send(self, call: Call[T], timeout_s: float) -> T:
        """Send one call; ``timeout_s`` bounds all attempts and waits together."""
        sending = _Sending(self, call, timeout_s)
        while True:
            request, left_s = sending.next()
            try:
                answer = await async_exchange(self._client, request, left_s)
            except httpx.HTTPError as error:
                wait_s: Optional[float] = sending.failed(error)
            else:
                wait_s = sending.answered(answer)
                if wait_s is None:
                    return sending.read(answer)
            assert wait_s is not None
            await asyncio.sleep(wait_s)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()


def _is_permanent(error: httpx.HTTPError) -> bool:
    """Whether another attempt would fail alike."""
    kinds = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
    cause: Optional[BaseException] = error
    while cause is not None:
        if isinstance(cause, (*kinds, ssl.SSLCertVerificationError)):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _checked_url(base_url: str) -> str:
    try:
        parts = urlsplit(base_url)
        httpx.URL(base_url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        bare = not (parts.query or parts.fragment or parts.username or parts.password)
    except (ValueError, httpx.InvalidURL):
        good = bare = False
    if not good or not bare or base_url != "".join(base_url.split()):
        raise InvalidField(
            f"must be like {DEFAULT_URL}, got {base_url!r}; name scheme and host, and no more than "
            "a path beside them",
            field="url",
        )
    return base_url.rstrip("/")
