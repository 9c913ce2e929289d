# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Has a tensor service tokenize and score texts: a request in, the logits of its rows out.

Called by the ranker op of an engine ``remote`` whose ``remote_input`` is ``texts``; any thread may.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple, Optional

import numpy as np

from contract.bundle import Bundle
from contract.encoding import PairEncoder, Row, Rows
from contract.errors import (
    BundleError,
    CallerGone,
    InferenceFailed,
    InvalidField,
    RankingError,
    RequestTooLarge,
)
from contract.wire.request import RankRequest
from contract.wire.request_rows import rows_of
from contract.wire.tensor_codec import Array, ProtoCodec, TextRequest
from pipeline.engines.engine import Logits
from pipeline.engines.remote.endpoints import Asked
from pipeline.engines.remote.engine import RemoteEngine
from pipeline.request.cancel import Cancel

# what the service tells of each row: its pair, its tokens, where its title begins, the tokens of
# its query and how many stayed, those of its title, whether some of these were cut
_ROWS = "rows"
_FACTS = 7
_QUERY = re.compile(r"(?:(\d+)\.)?query")
# of which every tokenizer makes something, and whose title goes on in further rows
_PROBE = RankRequest(
    (("感冒 fever", "感冒灵颗粒 1 a 感冒 fever"),), max_tokens_per_doc=2, max_chunks_per_doc=3
)


class TextLogits(NamedTuple):
    """What a request gets back.

    Attributes:
        logits: ``[rows, width]`` float32.
        rows: as :class:`contract.encoding.Rows`, but without the ids: only how many there are.
        tokenize_ms: reading and tokenizing, in the service.
        queue_ms: waiting there.
        compute_ms: all other time of the call.
    """

    logits: Logits
    rows: Rows
    tokenize_ms: float
    queue_ms: float
    compute_ms: float


class RemoteTexts:
    """Hands texts to the services of a remote engine, each call on a connection of its own."""

    def __init__(self, bundle: Bundle, endpoints: Asked, timeout_s: float, max_tokens: int) -> None:
        """Bind the services; nothing connects before the first call.

        Args:
            bundle: which all of them serve.
            endpoints: those to ask.
            timeout_s: longest a call may take, all tries together.
            max_tokens: that one request may have.
        """
        self._bundle = bundle
        self._endpoints = endpoints
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens
        self._codec = ProtoCodec()
        self._free: list[RemoteEngine] = []
        self._lock = threading.Lock()

    def score(
        self,
        request: RankRequest,
        deadline: Optional[float] = None,
        cancel: Optional[Cancel] = None,
    ) -> TextLogits:
        """Score a request's pairs.

        Args:
            request: checked; of texts.
            deadline: when the caller stops waiting, on ``time.monotonic``'s clock.
            cancel: tells that the caller has gone.

        Raises:
            RequestError: a query has no token, or there are too many.
            RankingError: as :meth:`pipeline.engines.remote.engine.RemoteEngine.run`.
        """
        payload = self._codec.encode_texts(self._message(request))
        start = time.monotonic()
        timeout_s = self._timeout_s
        if deadline is not None:
            timeout_s = min(timeout_s, deadline - start)
        with self._connection() as engine:
            try:
                answer, endpoint = engine.exchange(
                    payload,
                    timeout_s,
                    cancel.hear if cancel is not None else None,
                    lambda error: _callers(error, request),
                )
            except RankingError as error:
                if cancel is not None and cancel.gone:
                    raise CallerGone("the caller has closed its connection") from error
                raise
            facts = answer.tensors.get(_ROWS)
            if facts is None or facts.ndim != 2 or facts.shape[1] != _FACTS or not len(facts):
                raise InferenceFailed(
                    "tells no rows of the texts; is it a tensor service of this version?",
                    field=endpoint.address,
                )
            logits = engine.logits_of(answer, len(facts), endpoint)
        took_ms = (time.monotonic() - start) * 1000.0
        tokenize_ms, queue_ms = _stages(answer.times)
        compute_ms = max(0.0, took_ms - tokenize_ms - queue_ms)
        rows = _rows(facts, len(request.pairs))
        return TextLogits(logits, rows, tokenize_ms, queue_ms, compute_ms)

    def _message(self, request: RankRequest) -> TextRequest:
        queries = [query for query, _ in request.pairs]
        if len(set(queries)) == 1:
            queries = queries[:1]
        numbers = {"max_tokens": self._max_tokens, "max_chunks_per_doc": request.max_chunks_per_doc}
        if request.max_tokens_per_doc is not None:
            numbers["max_tokens_per_doc"] = request.max_tokens_per_doc
        titles = [title for _, title in request.pairs]
        return TextRequest(queries, titles, numbers, [self._bundle.manifest.logits, _ROWS])

    @contextmanager
    def _connection(self) -> Iterator[RemoteEngine]:
        with self._lock:
            engine = self._free.pop() if self._free else None
        if engine is None:
            engine = RemoteEngine(self._bundle, self._endpoints, self._timeout_s)
        try:
            yield engine
        finally:
            with self._lock:
                self._free.append(engine)

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            free, self._free = self._free, []
        for engine in free:
            engine.close()


def check_texts(encoder: PairEncoder, texts: RemoteTexts) -> None:
    """See that a service takes texts, and makes the same rows of them as this process.

    Raises:
        BundleError: it makes others.
        RankingError: it takes none.
    """
    ours, theirs = rows_of(_PROBE, encoder), texts.score(_PROBE).rows
    if [_facts(row) for row in ours.rows] != [_facts(row) for row in theirs.rows]:
        raise BundleError(
            "makes other rows of a text than this service; serve the same version of both, or "
            "hand it tensors (remote_input)"
        )


def _facts(row: Row) -> tuple[int, bool, int, int, int]:
    return len(row.input_ids), row.truncated, row.query_tokens, row.query_kept, row.title_tokens


def _callers(error: RankingError, request: RankRequest) -> Optional[RankingError]:
    """What the service says of the caller's texts, with the field as the caller knows it."""
    if isinstance(error, RequestTooLarge):
        field = None if error.field is None else error.field.replace("title", "documents", 1)
        return RequestTooLarge(error.message, field=field)
    query = _QUERY.fullmatch(error.field or "") if isinstance(error, InvalidField) else None
    if query is None:
        return None
    return InvalidField(error.message, field=request.query_name(int(query.group(1) or 0)))


def _stages(times: Sequence[int]) -> tuple[float, float]:
    """Milliseconds of reading with tokenizing, and of waiting."""
    if len(times) < 3:
        return 0.0, 0.0
    return (times[1] - times[0]) / 1000.0, (times[2] - times[1]) / 1000.0


def _rows(facts: Array, pairs: int) -> Rows:
    """Rows whose ids nobody here has."""
    blank = np.zeros(int(facts[:, 1].max()), dtype=np.int64)
    rows = tuple(
        Row(blank[:length], blank[:length], bool(cut), query, kept, title)
        for _, length, _, query, kept, title, cut in facts.tolist()
    )
    owners = tuple(facts[:, 0].tolist())
    return Rows(rows, None if owners == tuple(range(pairs)) else owners)
