# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""ERNIE with lower layers that see one text each, and upper layers that see both."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle import Tensor, nn
from paddle.distributed.fleet.utils import recompute
from paddlenlp.transformers import ErnieModel

from contract.bundle.split import FP16
from train.model.split.settings import SplitSettings

# the position of a document's first token: where it stands after a query without tokens,
# "[CLS] [SEP] document [SEP]". So a document has as much room as in any row.
DOCUMENT_POSITION = 2
# added to the scores of what is not to be seen; PaddleNLP's own number for padding
_UNSEEN = -1e4
_KEEPS_11_DIGITS = 2.0**13 + 1.0


class SplitErnie(ErnieModel):  # type: ignore[misc]
    """ERNIE whose row is cut where token types change: 0 is the query's part, 1 the document's.

    In lower layers a token sees its own part only, and a document's positions begin at
    :data:`DOCUMENT_POSITION`, whatever the query's length. So what these layers make of a part is
    the same for the part alone. Parameters have ERNIE's names.
    """

    def __init__(self, config: Any) -> None:
        """Random weights, by a configuration that :class:`SplitSettings` finds split."""
        super().__init__(config)
        settings = SplitSettings.of_config(config)
        assert settings is not None
        self._lower_layers = settings.lower_layers
        self._rounds = settings.state_type == FP16
        self.narrowed: Any = None
        self.widened: Any = None
        if settings.state_size is not None:
            down = _directions(config.hidden_size, settings.state_size)
            self.narrowed = _linear(down)
            self.widened = _linear(down.T)

    def forward(
        self, input_ids: Tensor, token_type_ids: Tensor, **unused: Any
    ) -> tuple[Tensor, Tensor]:
        """The last layer ``[N, L, H]`` and the pooled [CLS] ``[N, H]`` of rows ``[N, L]``.

        ``unused`` is what PaddleNLP's classifier hands on and no ranker sets.
        """
        return self.joint(self.states(input_ids, token_type_ids), self._padding(input_ids))

    def states(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        """What the lower layers make of rows, or of single parts of rows: ``[N, L, state]``."""
        types = token_type_ids.astype("float32")
        apart = (types.unsqueeze(2) - types.unsqueeze(1)).abs().unsqueeze(1) * _UNSEEN
        mask = apart + self._padding(input_ids)
        mask.stop_gradient = True
        states = self.embeddings(
            input_ids=input_ids,
            position_ids=positions(token_type_ids),
            token_type_ids=token_type_ids,
        )
        states = self._through(self.encoder.layers[: self._lower_layers], states, mask)
        if self.narrowed is not None:
            states = self.narrowed(states)
        return rounded(states) if self._rounds else states

    def joint(self, states: Tensor, padding: Tensor) -> tuple[Tensor, Tensor]:
        """The last layer and the pooled first position.

        Args:
            states: of both parts, the query's first, ``[N, L, state]``.
            padding: see :meth:`padding_of`.
        """
        if self.widened is not None:
            states = self.widened(states)
        last = self._through(self.encoder.layers[self._lower_layers :], states, padding)
        return last, self.pooler(last)

    def padding_of(self, *parts: Tensor) -> Tensor:
        """What is added to attention's scores, ``[N, 1, 1, L]``, of ids of parts in a row."""
        return paddle.concat([self._padding(ids) for ids in parts], axis=-1)

    def _padding(self, input_ids: Tensor) -> Tensor:
        padding = (input_ids == self.pad_token_id).astype("float32") * _UNSEEN
        padding.stop_gradient = True
        return padding.unsqueeze([1, 2])

    def _through(self, layers: Iterable[Any], states: Tensor, mask: Tensor) -> Tensor:
        for layer in layers:
            # as PaddleNLP's encoders do: without a gradient there is nothing to compute again
            if getattr(self.encoder, "enable_recompute", False) and not states.stop_gradient:
                states = recompute(layer, states, mask)
            else:
                states = layer(states, mask)
        return states


def positions(token_type_ids: Tensor) -> Tensor:
    """Positions of tokens: the query's from 0, the document's from :data:`DOCUMENT_POSITION`."""
    ones = paddle.ones_like(token_type_ids)
    in_row = paddle.cumsum(ones, axis=1) - ones
    in_document = paddle.cumsum(token_type_ids, axis=1) - ones + DOCUMENT_POSITION
    found = in_row * (ones - token_type_ids) + in_document * token_type_ids
    found.stop_gradient = True
    return found


def rounded(values: Tensor) -> Tensor:
    """The nearest numbers of 11 binary digits, which fp16 has from 6.1e-5 to 65504.

    ``c - (c - x)`` with ``c = (2^13 + 1) x`` keeps 11 binary digits of an fp32 (Veltkamp, 1968;
    Dekker, 1971, "A floating-point technique for extending the available precision"). It holds in
    fp32 only: values of mixed precision become fp32 first, and engines of another precision refuse
    the ranker (:func:`contract.bundle.split.refusal_of`). A cast would not do: OpenVINO leaves it
    out on a CPU, and Paddle's cuts digits off. The gradient is that of the values themselves.
    """
    if values.dtype != paddle.float32:
        values = values.astype("float32")
    spread = values * _KEEPS_11_DIGITS
    return spread - (spread - values)


def _directions(width: int, count: int) -> NDArray[np.float32]:
    """Random directions at right angles, ``[width, count]``: of these, nothing is lost."""
    draws = np.random.default_rng(count).normal(size=(width, count))
    found: NDArray[np.float32] = np.linalg.qr(draws)[0].astype(np.float32)
    return found


def _linear(weight: NDArray[np.float32]) -> nn.Linear:
    first = paddle.ParamAttr(initializer=nn.initializer.Assign(weight))
    return nn.Linear(*weight.shape, weight_attr=first)
