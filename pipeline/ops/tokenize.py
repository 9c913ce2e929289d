# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The tokenize op: a call in, its route and token rows for each target out. First of the DAG."""

from __future__ import annotations

import time
from collections.abc import Mapping

from contract.encoding import PairEncoder
from pipeline.ops.messages import Call, Encoded
from pipeline.routing.route import Target
from pipeline.routing.router import Router
from pipeline.tracing.spans import Span, Spans


class Tokenize:
    """Decides who shall score a request, and encodes its pairs with the encoder of each."""

    def __init__(self, encoders: Mapping[Target, PairEncoder], router: Router) -> None:
        """Bind one encoder per target, and who decides."""
        self._encoders = encoders
        self._router = router

    def __call__(self, call: Call) -> Encoded:
        """Route the call unless it is routed already, and encode the pairs."""
        start = time.monotonic()
        route = call.route or self._router.route(call.request, call.asked, call.experiment)
        request = call.request
        cut = (request.max_tokens_per_doc, request.max_chunks_per_doc)
        rows = {
            target: self._encoders[target].encode_chunks(request.pairs, *cut)
            for target in route.targets
        }
        end = time.monotonic()
        spans: Spans = ()
        if call.trace is not None:
            spans = (Span("tokenize", call.trace.child(), start, end),)
        return Encoded(call, route, rows, (end - start) * 1000.0, spans)
