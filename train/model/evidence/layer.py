# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Weighs what is known of a pair beside the tower into one number, which its logit gets added."""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import paddle
import paddle.nn.functional as F
from numpy.typing import NDArray
from paddle import Tensor, nn

from train.model.evidence.overlap import FIGURES_OF_ORDER, Overlap, Text
from train.model.evidence.phrases import PhraseVectors, looked_up
from train.model.evidence.settings import EvidenceSettings

_FIGURES = 2 * FIGURES_OF_ORDER + 1
# weights of the figures before training: BM25 of tokens and of pairs, how much of a short title
# the query has, and the cosine, so that an untrained ranker already ranks
_FIRST_WEIGHTS = (2.0, 0.0, 0.0, 1.0, 4.0, 0.0, 0.0, 2.0, 10.0)
_COSINE_PARTS = 5.0
# a usual length, in natural logarithms of tokens
_USUAL_LENGTH = 3.0


class Evidence(nn.Layer):  # type: ignore[misc]
    """The addend of a pair's logit.

    Linear in nine figures (:class:`Overlap`'s eight, and the cosine of the sums of phrase vectors,
    as Model2Vec's: Tulkens and van Dongen, 2024), plus a hidden layer over these, the parts of the
    cosine, the title's vector and the lengths of both texts.
    """

    def __init__(self, settings: EvidenceSettings, vocab_size: int) -> None:
        """Empty tables; :meth:`fill` brings what is known before training."""
        super().__init__()
        size = settings.phrase_size
        special = np.zeros(vocab_size, np.int64)
        special[list(settings.special_ids)] = 1
        self.register_buffer("special", paddle.to_tensor(special))
        self.phrases = PhraseVectors(settings, vocab_size)
        self.overlap = Overlap(settings, vocab_size)
        self.query_map = nn.Linear(size, size, weight_attr=_constant(np.eye(size)), bias_attr=False)
        self.title_map = nn.Linear(size, size, weight_attr=_constant(np.eye(size)), bias_attr=False)
        first = np.array(_FIRST_WEIGHTS)[:, None]
        self.figures = nn.Linear(_FIGURES, 1, weight_attr=_constant(first))
        self.hidden = nn.Linear(3 * _FIGURES + 2 * size + 2, settings.hidden_size)
        nothing = np.zeros((settings.hidden_size, 1))
        self.output = nn.Linear(settings.hidden_size, 1, weight_attr=_constant(nothing))

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        """``[N, 1]`` of rows ``[N, L]``."""
        text = self._text(input_ids)
        query = Text(input_ids, (text * (1 - token_type_ids)).astype("float32"))
        title = Text(input_ids, (text * token_type_ids).astype("float32"))
        vectors = self.phrases(input_ids, text)
        sums = [(vectors * part.there.unsqueeze(-1)).sum(axis=1) for part in (query, title)]
        return self._weighed(query, title, sums[0], sums[1])

    def summed(self, input_ids: Tensor) -> Tensor:
        """The sum of the phrase vectors of one text, ``[N, size]``, of its ids ``[N, L]``."""
        return self.phrases(input_ids, self._text(input_ids)).sum(axis=1)

    def of_parts(
        self, query_ids: Tensor, title_ids: Tensor, query_sum: Tensor, title_sum: Tensor
    ) -> Tensor:
        """What :meth:`forward` returns for the row of both, by what :meth:`summed` found."""
        query, title = (
            Text(ids, self._text(ids).astype("float32")) for ids in (query_ids, title_ids)
        )
        return self._weighed(query, title, query_sum, title_sum)

    def _text(self, input_ids: Tensor) -> Tensor:
        return 1 - looked_up(self.special, input_ids)

    def _weighed(self, asked: Text, offered: Text, query_sum: Tensor, title_sum: Tensor) -> Tensor:
        query, title = _unit(self.query_map(query_sum)), _unit(self.title_map(title_sum))
        parts = query * title
        overlap = self.overlap(asked, offered, self.phrases.codes_2)
        figures = paddle.concat([overlap, parts.sum(axis=1, keepdim=True)], axis=1)
        lengths = paddle.concat([_length(asked.there), _length(offered.there)], axis=1)
        known = [figures, figures * lengths[:, :1], figures * lengths[:, 1:]]
        known += [parts * _COSINE_PARTS, title, lengths]
        hidden = F.relu(self.hidden(paddle.concat(known, axis=1)))
        return self.figures(figures) + self.output(hidden)

    def pack(self) -> None:
        """Keep the phrase tables in bytes from now on, as bundles do; they are not trained then."""
        self.phrases.pack()

    def fill(
        self,
        tokens: NDArray[Any],
        tables: dict[int, tuple[NDArray[Any], NDArray[Any]]],
        rarities: tuple[NDArray[Any], NDArray[Any]],
    ) -> None:
        """Put in what is known before training.

        Args:
            tokens: vectors of all tokens.
            tables: of each order the codes and the vectors of its rows.
            rarities: of all tokens, and of the rows of the table of bigrams.
        """
        self.phrases.fill(tokens, tables)
        own = (self.overlap.token_rarity, self.overlap.pair_rarity)
        for layer, values in zip(own, rarities):
            layer.weight.set_value(values.astype(np.float32)[:, None])


def evidence_of(config: Any) -> Optional[Evidence]:
    """The layer that a configuration asks for, or ``None``."""
    settings = EvidenceSettings.of_config(config)
    return None if settings is None else Evidence(settings, int(config.vocab_size))


def _constant(values: NDArray[Any]) -> Any:
    return paddle.ParamAttr(initializer=nn.initializer.Assign(values.astype(np.float32)))


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors, axis=-1)


def _length(text: Tensor) -> Tensor:
    return paddle.log(text.sum(axis=1, keepdim=True) + 1.0) - _USUAL_LENGTH
