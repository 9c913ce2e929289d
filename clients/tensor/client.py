# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The base of the clients of the C++ tensor service: scores titles, or returns raw tensors.

Texts are tokenized here, by the bundle's vocabulary; the service sees tensors only. A subclass adds
one way to exchange them, such as HTTP or RPC.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, Optional, Union, overload

from clients.ranker.result import RankedDocument, RankResult
from clients.tensor.rows import feeds_of, in_input_order
from clients.tensor.variants import BundleOrPath, Variant, Variants
from clients.transport.closing import ClosedOnExit
from clients.transport.timeouts import DEFAULT_TIMEOUT_S
from contract.cuts import cuts_of, warnings_of
from contract.encoding import Row
from contract.errors import DeadlineExceeded, RankingError, ShuttingDown
from contract.scoring import rank_order
from contract.wire.caller_errors import Unreachable, UnreadableAnswer
from contract.wire.request import Limits, RankRequest
from contract.wire.request_rows import rows_of
from contract.wire.tensor_codec import Array, TensorAnswer, TensorRequest
from contract.wire.tensor_errors import from_response

DEFAULT_BUNDLE = Path(__file__).resolve().parents[2] / "serving_models" / "pairwise"
DEFAULT_TAG = "default"
# that of Paddle Serving's client
CONNECT_TIMEOUT_S = 2.0
# of texts; how many there may be is for the service to say
_LIMITS = Limits(max_documents=1_000_000)


class _Outcome(NamedTuple):
    request: RankRequest
    rows: Sequence[Row]
    variant: Variant
    tensors: dict[str, Array]


class TensorClient(ClosedOnExit):
    """Scores titles by calling tensor services; safe to share between threads.

    Use it as a context manager, or call :meth:`close` when done.
    """

    def __init__(
        self,
        endpoints: Union[str, Sequence[str]] = (),
        bundle: BundleOrPath = DEFAULT_BUNDLE,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        *,
        padded: bool = False,
        salt: str = "",
    ) -> None:
        """Open the bundle; nothing connects before the first call.

        Args:
            endpoints: ``host:port`` of one service, or of several that serve the same; empty when
                all come by :meth:`add_variant`.
            bundle: the one that the services serve; of a directory only the manifest and the
                tokenizer are read.
            timeout_s: longest a call may take, connecting included.
            padded: send rows padded to the longest instead of as they are.
            salt: name of the experiment, see ``contract.experiments.assignment``.

        Raises:
            InvalidField: an endpoint is not ``host:port``.
            BundleError: the bundle cannot be read.
        """
        if not timeout_s > 0:
            raise ValueError(f"timeout_s must be above 0, got {timeout_s!r}")
        self.timeout_s = timeout_s
        self._padded = padded
        self._variants = Variants(bundle, salt)
        if endpoints:
            self.add_variant(DEFAULT_TAG, endpoints, 100)

    def add_variant(
        self,
        tag: str,
        endpoints: Union[str, Sequence[str]],
        weight: float,
        bundle: Optional[BundleOrPath] = None,
    ) -> None:
        """Divide units between this variant and those added before; call it before any call.

        Args:
            tag: its name.
            endpoints: its services, tried in turn when one cannot be reached.
            weight: its share is this over the sum of all weights.
            bundle: what its services serve; ``None`` is the client's.

        Raises:
            InvalidField: the tag is taken, an endpoint is not ``host:port``, or a bad weight.
            BundleError: the bundle cannot be read.
        """
        listed = [endpoints] if isinstance(endpoints, str) else list(endpoints)
        self._variants.add(tag, listed, weight, bundle)

    def rank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        unit: Optional[str] = None,
        top_n: Optional[int] = None,
        return_documents: bool = False,
        log_id: int = 0,
    ) -> RankResult:
        """Score many documents for one query.

        Args:
            query: with at least one token.
            documents: at least one; an empty text is scored like any other.
            unit: who keeps one variant over all calls, such as a user; ``None`` is the query.
            top_n: keep only the best in ``results``; ``None`` keeps all.
            return_documents: put the texts into ``results``.
            log_id: Paddle Serving's number of this call in the service's logs.

        Returns:
            Scores by the bundle's score function, in input order, and results from best to worst,
            by their logits.

        Raises:
            RequestError: the request is refused; the message names the field.
            ServiceError: no service answers, or none in time.
        """
        options = {"top_n": top_n, "return_documents": return_documents}
        outcome = self._call(query, documents, unit, log_id, options=options)
        manifest = outcome.variant.bundle.manifest
        if manifest.logits not in outcome.tensors:
            raise UnreadableAnswer("not among the outputs", field=manifest.logits)
        scoring = outcome.variant.bundle.score
        margins = scoring.margins(outcome.tensors[manifest.logits])
        scores = tuple(scoring.of_margins(margins).tolist())
        kept = outcome.request.return_documents
        return RankResult(
            results=tuple(
                RankedDocument(i, scores[i], documents[i] if kept else None)
                for i in rank_order(margins.tolist(), outcome.request.top_n)
            ),
            scores=scores,
            ranker=manifest.ranker,
            bundle=manifest.version,
            tokens=sum(len(row.input_ids) for row in outcome.rows),
            truncated=tuple(i for i, row in enumerate(outcome.rows) if row.truncated),
            variant=outcome.variant.tag if len(self._variants) > 1 else "",
            warnings=warnings_of(cuts_of(outcome.rows)),
        )

    @overload
    def predict(
        self,
        query: str,
        documents: Sequence[str],
        fetch: Sequence[str] = (),
        *,
        unit: Optional[str] = None,
        need_variant_tag: Literal[False] = False,
        log_id: int = 0,
    ) -> dict[str, Array]: ...

    @overload
    def predict(
        self,
        query: str,
        documents: Sequence[str],
        fetch: Sequence[str] = (),
        *,
        unit: Optional[str] = None,
        need_variant_tag: Literal[True],
        log_id: int = 0,
    ) -> tuple[dict[str, Array], str]: ...

    def predict(
        self,
        query: str,
        documents: Sequence[str],
        fetch: Sequence[str] = (),
        *,
        unit: Optional[str] = None,
        need_variant_tag: bool = False,
        log_id: int = 0,
    ) -> Union[dict[str, Array], tuple[dict[str, Array], str]]:
        """The graph's outputs as they come, as ``predict`` of Paddle Serving's client gives them.

        Args:
            query: as in :meth:`rank`, and so are the other arguments not named here.
            documents: one row of each output is for one of them, in their order.
            fetch: aliases or names of outputs; empty means all.
            unit: who keeps one variant.
            need_variant_tag: also return the tag of the variant that answered.
            log_id: number of this call.

        Returns:
            ``{alias: [N, ...]}``, and with ``need_variant_tag`` the tag beside it.
        """
        outcome = self._call(query, documents, unit, log_id, fetch)
        if need_variant_tag:
            return outcome.tensors, outcome.variant.tag
        return outcome.tensors

    def _call(
        self,
        query: str,
        documents: Sequence[str],
        unit: Optional[str],
        log_id: int,
        fetch: Optional[Sequence[str]] = None,
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> _Outcome:
        listed = documents if isinstance(documents, str) else list(documents)
        fields = {"query": query, "documents": listed, **options}
        request = RankRequest.from_fields(fields, _LIMITS)
        variant = self._variants.of(query if unit is None else unit)
        rows = rows_of(request, variant.encoder).rows
        manifest = variant.bundle.manifest
        feeds, order = feeds_of(variant.encoder, manifest.feeds, rows, self._padded)
        wanted = [manifest.logits] if fetch is None else fetch
        answer = self._send(variant, TensorRequest(feeds, wanted, log_id))
        return _Outcome(request, rows, variant, in_input_order(answer.tensors, order))

    def _send(self, variant: Variant, request: TensorRequest) -> TensorAnswer:
        """Ask the variant's endpoints until one can be reached, all within the time of one call."""
        deadline = time.monotonic() + self.timeout_s
        failure: RankingError = self._too_late()
        for endpoint in variant.endpoints.in_turn():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                answer = self._exchange(endpoint, request, left)
            except (Unreachable, ShuttingDown) as error:
                variant.endpoints.failed(endpoint)
                failure = error
                continue
            if answer.err_no != 0:
                raise from_response(answer.err_no, answer.err_msg)
            return answer
        raise failure

    def _too_late(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"no answer within {self.timeout_s:g} s; send fewer documents or allow more time"
        )

    @abstractmethod
    def _exchange(self, endpoint: str, request: TensorRequest, timeout_s: float) -> TensorAnswer:
        """Send the request and return the answer, or raise the service's error."""
