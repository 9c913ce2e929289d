# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What query and title have in common, token by token and by pairs of neighbours.

Okapi BM25 (Robertson and Zaragoza, 2009, section 3) on tokens and bigrams is one of the figures,
with rarities, saturation and mean length that are trained; so a ranker can always fall back on it.
"""

from __future__ import annotations

from typing import NamedTuple

import paddle
import paddle.nn.functional as F
from paddle import Tensor, nn

from train.model.evidence.phrases import equal, looked_up, remainder, shifted
from train.model.evidence.settings import EvidenceSettings

# BM25's usual constants, to begin with; the mean length is trained as all of them are
_K1, _B = 1.2, 0.75
_MEAN_LENGTH = 30.0
_UNSEEN_RARITY = 7.0
_SMALL = 1e-6
# a sum of rarities is tens, the other figures are at most some units
_SUM_SCALE = 0.05
FIGURES_OF_ORDER = 4


class Texts(NamedTuple):
    """Where the texts of rows ``[N, L]`` are: 1.0 for a token of the query, of the title."""

    query: Tensor
    title: Tensor


class Overlap(nn.Layer):  # type: ignore[misc]
    """Eight figures of a pair: four of single tokens, and the same of pairs of neighbours.

    BM25 as a part of what the query could have, BM25 itself, the part of the query's rarity that
    stands in the title, and the part of the title's that stands in the query.
    """

    def __init__(self, settings: EvidenceSettings, vocab_size: int) -> None:
        """Rarities of 1, until :meth:`~train.model.evidence.layer.Evidence.fill` sets them."""
        super().__init__()
        one = paddle.ParamAttr(initializer=nn.initializer.Constant(1.0))
        self._vocab_size = vocab_size
        self._rows = settings.rows(2)
        self.token_rarity = nn.Embedding(vocab_size, 1, weight_attr=one)
        self.pair_rarity = nn.Embedding(self._rows, 1, weight_attr=one)
        self.unseen_rarity = self._numbers(1, _UNSEEN_RARITY)
        self.saturation = self._numbers(2, _K1)
        self.mean_length = self._numbers(2, _MEAN_LENGTH)

    def _numbers(self, count: int, value: float) -> Tensor:
        return self.create_parameter([count], default_initializer=nn.initializer.Constant(value))

    def forward(self, input_ids: Tensor, texts: Texts, pair_codes: Tensor) -> Tensor:
        """``[N, 8]`` of ids ``[N, L]``; ``pair_codes`` are those of the table of bigrams."""
        tokens = self._figures(0, input_ids, F.relu(self.token_rarity(input_ids)[:, :, 0]), texts)
        pairs = shifted(input_ids, 0) * self._vocab_size + input_ids
        place = remainder(pairs, self._rows)
        known = equal(looked_up(pair_codes, place), pairs)
        rarity = self.pair_rarity(place)[:, :, 0] * known + (1.0 - known) * self.unseen_rarity
        # the first token of a text has no neighbour before it
        within = Texts(*(shifted(text, 0.0) * text for text in texts))
        return paddle.concat([tokens, self._figures(1, pairs, F.relu(rarity), within)], axis=1)

    def _figures(self, kind: int, codes: Tensor, rarity: Tensor, texts: Texts) -> Tensor:
        in_title, in_query = _counts(codes, texts)
        length = texts.title.sum(axis=1, keepdim=True)
        norm = self.saturation[kind] * (1.0 - _B + _B * length / self.mean_length[kind])
        saturated = in_title * (_K1 + 1.0) / (in_title + norm + _SMALL)
        asked, offered = rarity * texts.query, rarity * texts.title
        all_asked = asked.sum(axis=1) + _SMALL
        bm25 = (asked * saturated).sum(axis=1)
        found = (asked * (in_title > 0).astype("float32")).sum(axis=1)
        wanted = (offered * (in_query > 0).astype("float32")).sum(axis=1)
        parts = [
            bm25 / all_asked,
            bm25 * _SUM_SCALE,
            found / all_asked,
            wanted / (offered.sum(axis=1) + _SMALL),
        ]
        return paddle.stack(parts, axis=1)


def _counts(codes: Tensor, texts: Texts) -> tuple[Tensor, Tensor]:
    """How often each position's code stands in the title, and in the query."""
    with paddle.no_grad():
        whole = codes.astype("int64")
        asked = paddle.where(texts.query > 0, whole, paddle.full_like(whole, -1))
        offered = paddle.where(texts.title > 0, whole, paddle.full_like(whole, -2))
        same = equal(asked.unsqueeze(2), offered.unsqueeze(1))
        return same.sum(axis=2), same.sum(axis=1)
