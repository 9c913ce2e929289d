# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A query and documents in, a RankResult out, over HTTP, with retries: blocking, or in a loop.

Applications import both from ``clients``. Calls are built and read in http_calls, sent in
http_transport; here stands only what a caller sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Optional, TypeVar

from clients.http_calls import (
    ServedModel,
    feedback_call,
    models_call,
    rank_call,
    ready_call,
)
from clients.http_post import Verify
from clients.http_transport import DEFAULT_URL, AsyncTransport, Transport
from clients.ranker_client import DEFAULT_TIMEOUT_S, LONGEST_TIMEOUT_S
from clients.result import RankResult
from clients.retry import Retry
from contract.errors import InvalidField

__all__ = ["AsyncRankerClient", "RankerClient", "ServedModel"]

_RankerClient = TypeVar("_RankerClient", bound="RankerClient")
_AsyncRankerClient = TypeVar("_AsyncRankerClient", bound="AsyncRankerClient")


class RankerClient:
    """Ranks documents by calling the service; safe to share between threads."""

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
                is told what is left of it. A peer that trickles its answer's headers can hold a
                blocking call longer.
            retry: how often refusals for now are tried again; ``None`` is ``Retry()``.
            verify: whether the service's certificate is checked, or an ``ssl.SSLContext``.

        Raises:
            InvalidField: a URL, a key or a time that cannot be.
        """
        self.timeout_s = _checked_timeout(timeout_s)
        self._transport = Transport(base_url, api_key, retry or Retry(), verify)

    def rank(
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

        Args:
            query: not empty.
            documents: at least one; an empty text is scored like any other.
            ranker: ``pairwise``, ``cross_encoder`` or ``both``; ``None`` leaves it to the service.
            model: stands for it: a name that :meth:`models` lists, or an alias of the service.
            top_n: keep only the best in ``results``; ``None`` keeps all.
            return_documents: put the texts into ``results``.
            max_tokens_per_doc: most tokens of a document in a row.
            max_chunks_per_doc: most rows of a document, which has the score of the best.
            request_id: 1 to 128 printable ASCII characters that come back and stand in the logs.
            unit_id: what keeps its variant of an experiment, such as a session.
            user_id: stands for it when there is none; without both the query does.
            timeout_s: of this call, in place of the client's.

        Raises:
            RequestError: the service refuses the request; the message names the field.
            ServiceError: the service cannot answer, did not in time, or cannot be reached.
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
        return self._transport.send(call, self._time(timeout_s))

    def feedback(
        self,
        request_id: str,
        clicks: Sequence[int] = (),
        grades: Optional[Mapping[int, float]] = None,
    ) -> None:
        """Tell the service what a reader did with an answer, for its experiments.

        Tried again when the service refused it, and when no connection was made; not when the
        connection broke later, since the service would then keep it twice.

        Args:
            request_id: of the answer.
            clicks: indices of the documents clicked, in their order in time.
            grades: relevance, 0 or more, by index of a document.

        Raises:
            RequestError: the service refuses it; the message names the field.
            ServiceError: the service cannot keep it now, or cannot be reached.
        """
        call = feedback_call(request_id, clicks, grades or {})
        self._transport.send(call, self.timeout_s)

    def models(self) -> tuple[ServedModel, ...]:
        """Rankers and experiments that can be asked by name.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return self._transport.send(models_call(), self.timeout_s)

    def ready(self) -> bool:
        """Whether the service takes requests; false while it starts or stops.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return self._transport.send(ready_call(), self.timeout_s)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _time(self, timeout_s: Optional[float]) -> float:
        return self.timeout_s if timeout_s is None else _checked_timeout(timeout_s)

    def __enter__(self: _RankerClient) -> _RankerClient:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Close the connections."""
        self.close()


class AsyncRankerClient:
    """Ranks documents by calling the service; of one event loop, and shared by its tasks."""

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
        self.timeout_s = _checked_timeout(timeout_s)
        self._transport = AsyncTransport(base_url, api_key, retry or Retry(), verify)

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

        Args:
            query: not empty.
            documents: at least one; an empty text is scored like any other.
            ranker: ``pairwise``, ``cross_encoder`` or ``both``; ``None`` leaves it to the service.
            model: stands for it: a name that :meth:`models` lists, or an alias of the service.
            top_n: keep only the best in ``results``; ``None`` keeps all.
            return_documents: put the texts into ``results``.
            max_tokens_per_doc: most tokens of a document in a row.
            max_chunks_per_doc: most rows of a document, which has the score of the best.
            request_id: 1 to 128 printable ASCII characters that come back and stand in the logs.
            unit_id: what keeps its variant of an experiment, such as a session.
            user_id: stands for it when there is none; without both the query does.
            timeout_s: of this call, in place of the client's.

        Raises:
            RequestError: the service refuses the request; the message names the field.
            ServiceError: the service cannot answer, did not in time, or cannot be reached.
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
        return await self._transport.send(call, self._time(timeout_s))

    async def feedback(
        self,
        request_id: str,
        clicks: Sequence[int] = (),
        grades: Optional[Mapping[int, float]] = None,
    ) -> None:
        """Tell the service what a reader did with an answer, for its experiments.

        Tried again when the service refused it, and when no connection was made; not when the
        connection broke later, since the service would then keep it twice.

        Args:
            request_id: of the answer.
            clicks: indices of the documents clicked, in their order in time.
            grades: relevance, 0 or more, by index of a document.

        Raises:
            RequestError: the service refuses it; the message names the field.
            ServiceError: the service cannot keep it now, or cannot be reached.
        """
        call = feedback_call(request_id, clicks, grades or {})
        await self._transport.send(call, self.timeout_s)

    async def models(self) -> tuple[ServedModel, ...]:
        """Rankers and experiments that can be asked by name.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return await self._transport.send(models_call(), self.timeout_s)

    async def ready(self) -> bool:
        """Whether the service takes requests; false while it starts or stops.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return await self._transport.send(ready_call(), self.timeout_s)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    def _time(self, timeout_s: Optional[float]) -> float:
        return self.timeout_s if timeout_s is None else _checked_timeout(timeout_s)

    async def __aenter__(self: _AsyncRankerClient) -> _AsyncRankerClient:
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


def _checked_timeout(timeout_s: float) -> float:
    if not 0 < timeout_s <= LONGEST_TIMEOUT_S:
        raise InvalidField(
            f"must be seconds above 0 and at most {LONGEST_TIMEOUT_S}, got {timeout_s!r}",
            field="timeout_s",
        )
    return timeout_s
