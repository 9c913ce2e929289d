# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The client for applications that run in an event loop: ``RankerClient`` with ``await``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Optional, TypeVar

from clients.ranker.http_calls import feedback_call, models_call, rank_call, ready_call
from clients.ranker.result import RankResult, ServedModel
from clients.transport.http_exchange import Verify
from clients.transport.http_sender import DEFAULT_URL, AsyncHttpSender
from clients.transport.retry import Retry
from clients.transport.timeouts import DEFAULT_TIMEOUT_S, checked_timeout

_Self = TypeVar("_Self", bound="AsyncRankerClient")


class AsyncRankerClient:
    """Ranks documents by calling the service; of one event loop, and shared by its tasks.

    Use it as an asynchronous context manager, or await :meth:`close` when done.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        *,
        api_key: str = "",
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retry: Optional[Retry] = None,
        verify: Verify = True,
    ) -> None:
        """Prepare a pool; nothing connects before the first call.

        Args:
            base_url: ``http://host:port`` of the service's ``http_port``, or https.
            api_key: sent as ``Authorization: Bearer``; empty sends none.
            timeout_s: longest a call may take, connecting, retries and waits included; the service
                is told what is left of it.
            retry: how often refusals for now are tried again; ``None`` is ``Retry()``.
            verify: whether the service's certificate is checked, or an ``ssl.SSLContext``.

        Raises:
            InvalidField: a URL, a key or a time that cannot be.
        """
        self.timeout_s = checked_timeout(timeout_s)
        self._sender = AsyncHttpSender(base_url, api_key, retry or Retry(), verify)

    async def rank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        ranker: Optional[str] = None,
        model: Optional[str] = None,
        top_n: Optional[int] = None,
        return_documents: bool = False,
        max_tokens_per_doc: Optional[int] = None,
        max_chunks_per_doc: Optional[int] = None,
        request_id: str = "",
        unit_id: str = "",
        user_id: str = "",
        timeout_s: Optional[float] = None,
    ) -> RankResult:
        """Rank many documents for one query.

        Arguments, result and errors are those of :meth:`RankerClient.rank`.
        """
        options = {
            "ranker": ranker,
            "top_n": top_n,
            "return_documents": return_documents,
            "max_tokens_per_doc": max_tokens_per_doc,
            "max_chunks_per_doc": max_chunks_per_doc,
            "request_id": request_id,
            "unit_id": unit_id,
            "user_id": user_id,
        }
        call = rank_call(query, documents, model, options)
        return await self._sender.send(call, self._time(timeout_s))

    async def feedback(
        self,
        request_id: str,
        clicks: Sequence[int] = (),
        grades: Optional[Mapping[int, float]] = None,
    ) -> None:
        """Tell the service what a reader did with an answer, for its experiments.

        Arguments, errors and retries are those of :meth:`RankerClient.feedback`.
        """
        call = feedback_call(request_id, clicks, grades or {})
        await self._sender.send(call, self.timeout_s)

    async def models(self) -> tuple[ServedModel, ...]:
        """Rankers and experiments that can be asked by name.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return await self._sender.send(models_call(), self.timeout_s)

    async def ready(self) -> bool:
        """Whether the service takes requests; false while it starts or stops.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return await self._sender.send(ready_call(), self.timeout_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._sender.close()

    def _time(self, timeout_s: Optional[float]) -> float:
        return self.timeout_s if timeout_s is None else checked_timeout(timeout_s)

    async def __aenter__(self: _Self) -> _Self:
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Close the connections."""
        await self.close()
