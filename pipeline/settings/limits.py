# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml that bound the work: of one request, of all, and of one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Optional

from contract.wire.request import Limits
from pipeline.settings.key_types import Count, Section, Share, number, whole


@dataclass(frozen=True)
class LimitsConfig(Section):
    """limits: what one request may hold, and how many may be in work.

    Attributes:
        max_documents: documents of a request.
        max_query_chars: characters of a query.
        max_document_chars: characters of one document.
        max_body_bytes: bytes of one body.
        max_body_bytes_in_flight: bytes of all bodies in work; left out, 4 times ``max_body_bytes``.
        body_timeout_s: within which a whole body must arrive.
        header_timeout_s: within which a request's line and headers must arrive.
        keep_alive_s: time between an answer and the next request of a connection.
        max_header_bytes: bytes of a request's line and headers.
        max_connections: open HTTP connections.
        max_in_flight: requests in work, RPC and HTTP together.
        max_delay_ms: a request that would wait longer is refused at once; 0: none is.
        max_tokens: tokens of one request, over its rankers.
        ready_share: of what may wait, from which the service says that it is not ready.
    """

    max_documents: Count = 1000
    max_query_chars: Count = 10_000
    max_document_chars: Count = 100_000
    max_body_bytes: Annotated[int, whole(1024)] = 32 * 1024 * 1024
    max_body_bytes_in_flight: Optional[Annotated[int, whole(1024)]] = None
    body_timeout_s: Annotated[float, number(0.1, 3600)] = 30.0
    header_timeout_s: Annotated[float, number(0.1, 3600)] = 10.0
    keep_alive_s: Annotated[int, whole(1, 3600)] = 65
    max_header_bytes: Annotated[int, whole(1024, 1024 * 1024)] = 64 * 1024
    max_connections: Count = 2048
    max_in_flight: Annotated[int, whole(1, 1024)] = 64
    max_delay_ms: Annotated[float, number(0, 600_000)] = 0.0
    max_tokens: Count = 1_000_000
    ready_share: Share = 1.0

    @property
    def body_bytes_in_flight(self) -> int:
        """Bytes that the bodies of all requests may have together."""
        return self.max_body_bytes_in_flight or 4 * self.max_body_bytes

    def of_request(self) -> Limits:
        """The part that request validation reads."""
        return Limits(self.max_documents, self.max_query_chars, self.max_document_chars)


@dataclass(frozen=True)
class SchedulerConfig(Section):
    """scheduler: how rows of waiting requests become batches, for each ranker.

    Attributes:
        max_batch_tokens: rows times the longest row of a batch.
        max_wait_ms: how long a batch that is not full waits for more rows.
        max_padding: share of a batch that may be padding, beyond what a call costs by itself.
        length_multiple: padded lengths are rounded up to a multiple of it; 1: not at all.
        max_queue_rows: rows that may wait; more are refused at once.
        max_queue_ms: when the rows that wait already take longer, more are refused; 0: never.
        cache_rows: scores kept of the rows asked for last; 0 keeps none.
        max_compute_s: a batch that is computed longer means that the service hangs.
    """

    max_batch_tokens: Count = 2048
    max_wait_ms: Annotated[float, number(0, 1000)] = 0.0
    max_padding: Share = 0.1
    length_multiple: Annotated[int, whole(1, 128)] = 8
    max_queue_rows: Count = 10_000
    max_queue_ms: Annotated[float, number(0, 600_000)] = 0.0
    cache_rows: Annotated[int, whole(0)] = 0
    max_compute_s: Annotated[float, number(0.01, 86_400)] = 60.0
