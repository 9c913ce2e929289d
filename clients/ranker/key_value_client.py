# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The base of the clients that send fields of strings, as callers of Paddle Serving do.

A subclass adds one way to exchange the fields, such as HTTP or RPC. Nothing is tried again.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Optional

from clients.ranker.key_values import (
    feedback_fields,
    option_fields,
    pair_fields,
    rank_fields,
    read_result,
)
from clients.ranker.result import RankResult
from clients.transport.closing import ClosedOnExit
from clients.transport.timeouts import LONGEST_TIMEOUT_S

DEFAULT_SERVICE = "ranker"
FEEDBACK_SERVICE = "feedback"


class KeyValueRankerClient(ClosedOnExit):
    """Ranks documents by calling the service; safe to share between threads.

    Use it as a context manager, or call :meth:`close` when done.
    """

    def __init__(self, timeout_s: float, service: str) -> None:
        """``timeout_s`` bounds every call; ``service`` is ``ranker``, ``ernie`` or ``rocketqa``."""
        if not 0 < timeout_s <= LONGEST_TIMEOUT_S:
            raise ValueError(
                f"timeout_s must be above 0 and at most {LONGEST_TIMEOUT_S}, got {timeout_s!r}"
            )
        self.timeout_s = timeout_s
        self.service = service

    def rank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        ranker: Optional[str] = None,
        top_n: Optional[int] = None,
        return_documents: bool = False,
        request_id: str = "",
        unit_id: str = "",
        user_id: str = "",
        log_id: int = 0,
    ) -> RankResult:
        """Rank many documents for one query.

        Args:
            query: not empty.
            documents: at least one; an empty text is scored like any other.
            ranker: ``pairwise``, ``cross_encoder``, ``cascade`` or ``both``; ``None`` is
                the service's default.
            top_n: keep only the best in ``results``; ``None`` keeps all.
            return_documents: put the texts into ``results``.
            request_id: 1 to 128 printable ASCII characters that come back and stand in the logs.
            unit_id: what keeps its variant of an experiment, such as a session.
            user_id: stands for it when there is none; without both the query does.
            log_id: Paddle Serving's number of this call in the service's logs.

        Raises:
            RequestError: the service refuses the request; the message names the field.
            ServiceError: the service cannot answer, did not in time, or cannot be reached.
        """
        options = option_fields(ranker, top_n, return_documents, request_id, unit_id, user_id)
        return self._rank({**rank_fields(query, documents), **options}, log_id)

    def rank_pairs(
        self,
        pairs: Sequence[tuple[str, str]],
        *,
        ranker: Optional[str] = None,
        top_n: Optional[int] = None,
        return_documents: bool = False,
        request_id: str = "",
        unit_id: str = "",
        user_id: str = "",
        log_id: int = 0,
    ) -> RankResult:
        """Score (query, title) pairs, each with its own query, in upstream's numbered shape.

        Arguments and errors are those of :meth:`rank`.
        """
        options = option_fields(ranker, top_n, return_documents, request_id, unit_id, user_id)
        return self._rank({**pair_fields(pairs), **options}, log_id)

    def feedback(
        self,
        request_id: str,
        clicks: Sequence[int] = (),
        grades: Optional[Mapping[int, float]] = None,
    ) -> None:
        """Tell the service what a reader did with an answer, for its experiments.

        Args:
            request_id: of the answer.
            clicks: indices of the documents clicked, in their order in time.
            grades: relevance, 0 or more, by index of a document.

        Raises:
            RequestError: the service refuses it; the message names the field.
            ServiceError: the service cannot keep it now, or cannot be reached.
        """
        self._exchange(feedback_fields(request_id, clicks, grades or {}), 0, FEEDBACK_SERVICE)

    def _rank(self, fields: Mapping[str, str], log_id: int) -> RankResult:
        return read_result(self._exchange(fields, log_id, self.service))

    @abstractmethod
    def _exchange(self, fields: Mapping[str, str], log_id: int, service: str) -> dict[str, str]:
        """Send the request's fields and return the answer's, or raise the service's error."""
