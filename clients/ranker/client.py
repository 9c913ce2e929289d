# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The client for applications: ranks over HTTP, and tries again what was refused for now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from clients.ranker.http_calls import feedback_call, models_call, rank_call, ready_call
from clients.ranker.result import RankResult, ServedModel
from clients.transport.closing import ClosedOnExit
from clients.transport.http_exchange import Verify
from clients.transport.http_sender import DEFAULT_URL, HttpSender
from clients.transport.retry import Retry
from clients.transport.timeouts import DEFAULT_TIMEOUT_S, checked_timeout


class RankerClient(ClosedOnExit):
    """Ranks documents by calling the service; safe to share between threads.

    Use it as a context manager, or call :meth:`close` when done.
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
                is told what is left of it. A peer that trickles its answer's headers can hold a
                blocking call longer.
            retry: how often refusals for now are tried again; ``None`` is ``Retry()``.
            verify: whether the service's certificate is checked, or an ``ssl.SSLContext``.

        Raises:
            InvalidField: a URL, a key or a time that cannot be.
        """
        self.timeout_s = checked_timeout(timeout_s)
        self._sender = HttpSender(base_url, api_key, retry or Retry(), verify)

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
            ranker: ``pairwise``, ``cross_encoder``, ``cascade`` or ``both``; ``None``
                leaves it to the service.
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
        return self._sender.send(call, self._time(timeout_s))

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
        self._sender.send(call, self.timeout_s)

    def models(self) -> tuple[ServedModel, ...]:
        """Rankers and experiments that can be asked by name.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return self._sender.send(models_call(), self.timeout_s)

    def ready(self) -> bool:
        """Whether the service takes requests; false while it starts or stops.

        Raises:
            ServiceError: the service cannot be reached.
        """
        return self._sender.send(ready_call(), self.timeout_s)

    def close(self) -> None:
        """Close the connections."""
        self._sender.close()

    def _time(self, timeout_s: Optional[float]) -> float:
        return self.timeout_s if timeout_s is None else checked_timeout(timeout_s)
