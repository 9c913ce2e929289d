# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The tokenize op: a call in, token rows for each of its rankers out. First op of the DAG."""

from __future__ import annotations

import time
from collections.abc import Mapping

from contract.encoding import PairEncoder
from pipeline.ops.messages import Call, Encoded


class Tokenize:
    """Encodes a request's pairs with the encoder of each ranker that shall score them."""

    def __init__(self, encoders: Mapping[str, PairEncoder]) -> None:
        """Bind one encoder per ranker."""
        self._encoders = encoders

    def __call__(self, call: Call) -> Encoded:
        """Encode the pairs."""
        start = time.monotonic()
        rows = {
            ranker: tuple(self._encoders[ranker].encode_pairs(call.request.pairs))
            for ranker in call.rankers
        }
        return Encoded(call, rows, (time.monotonic() - start) * 1000.0)
