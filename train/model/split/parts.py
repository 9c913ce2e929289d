# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The two halves of a split ranker, each of which becomes a graph: of a text, and of a pair."""

from __future__ import annotations

from typing import Any, Optional

import paddle
from paddle import Tensor, nn

from train.model.layers import encoder_of, scored


class PartEncoder(nn.Layer):  # type: ignore[misc]
    """The lower layers: what is kept of a query or of a document."""

    def __init__(self, model: Any) -> None:
        """Share the layers of a split ranker."""
        super().__init__()
        self.encoder = encoder_of(model)
        self.evidence: Any = getattr(model, "evidence", None)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Any:
        """States ``[N, L, state]`` of one part of each row, and the evidence's ``[N, size]``.

        A query's part is ``[CLS] query [SEP]`` with token type 0, a document's ``document [SEP]``
        with token type 1. The second output is there where the ranker has evidence.
        """
        states = self.encoder.states(input_ids, token_type_ids)
        return states if self.evidence is None else (states, self.evidence.summed(input_ids))


class JointScorer(nn.Layer):  # type: ignore[misc]
    """The upper layers, the head and the evidence of a pair."""

    def __init__(self, model: Any) -> None:
        """Share the layers of a split ranker."""
        super().__init__()
        self.model = model

    def forward(
        self,
        query_ids: Tensor,
        document_ids: Tensor,
        query_states: Tensor,
        document_states: Tensor,
        query_phrases: Optional[Tensor] = None,
        document_phrases: Optional[Tensor] = None,
    ) -> Tensor:
        """The ranker's logits.

        Args:
            query_ids: of the query's part, ``[N, Q]``.
            document_ids: of the document's part, ``[N, D]``.
            query_states: that :class:`PartEncoder` made of the query's part, ``[N, Q, state]``.
            document_states: the same of the document's, ``[N, D, state]``.
            query_phrases: its second output of the query's part, where the ranker has evidence.
            document_phrases: the same of the document's.
        """
        encoder = encoder_of(self.model)
        states = paddle.concat([query_states, document_states], axis=1)
        _, pooled = encoder.joint(states, encoder.padding_of(query_ids, document_ids))
        known = None
        if query_phrases is not None and document_phrases is not None:
            known = self.model.evidence.of_parts(
                query_ids, document_ids, query_phrases, document_phrases
            )
        return scored(self.model, pooled, known)
