# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The tokenize op, first of the DAG: has the call routed, and encodes its pairs for each target."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from contract.encoding import PairEncoder
from contract.wire.request_rows import rows_of
from contract.wire.token_rows import check_parts
from pipeline.dag.messages import Encoded, check_tokens
from pipeline.request.call import Call
from pipeline.request.route import Target
from pipeline.request.spans import Span, Spans
from pipeline.routing.router import Router


class Tokenize:
    """Decides who shall score a request, and encodes its pairs with the encoder of each."""

    def __init__(
        self,
        encoders: Mapping[Target, PairEncoder],
        router: Router,
        max_tokens: int,
        texts: Collection[Target] = (),
        cut: Collection[Target] = (),
    ) -> None:
        """Bind what is needed.

        Args:
            encoders: of each target.
            router: decides.
            max_tokens: of one request, over all its targets, padding not counted.
            texts: targets whose engine tokenizes by itself.
            cut: targets whose engine takes rows apart, into query and document.
        """
        self._encoders = encoders
        self._router = router
        self._max_tokens = max_tokens
        self._texts = texts
        self._cut = cut

    def __call__(self, call: Call) -> Encoded:
        """Route the call unless it is routed already, and encode the pairs.

        Raises:
            RequestError: there are too many tokens, a query has none, or those of the caller are
                none of the bundle, or cannot be taken apart where they have to be.
        """
        start = time.monotonic()
        route = call.route or self._router.route(call.request, call.asked, call.experiment)
        rows = {
            target: rows_of(call.request, self._encoders[target], self._max_tokens)
            for target in route.targets
            if target not in self._texts or call.request.tokens is not None
        }
        if call.request.tokens is not None:
            for target in rows.keys() & self._cut:
                check_parts(rows[target].rows)
        end = time.monotonic()
        spans: Spans = ()
        if call.trace is not None:
            spans = (Span("tokenize", call.trace.child(), start, end),)
        tokens = sum(len(row.input_ids) for of_one in rows.values() for row in of_one.rows)
        check_tokens(tokens, self._max_tokens)
        return Encoded(call, route, rows, (end - start) * 1000.0, tokens, spans)
