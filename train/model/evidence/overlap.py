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


class Text(NamedTuple):
    """A text of each row: ids ``[N, L]``, and 1.0 where they are tokens of that text.

    Query and title may stand in one row, and then have the same ids, or in a row of their own.
    """

    ids: Tensor
    there: Tensor


class _Codes(NamedTuple):
    """Codes and rarities ``[N, L]`` of tokens, and of pairs of neighbours."""

    tokens: Tensor
    token_rarity: Tensor
    pairs: Tensor
    pair_rarity: Tensor


class _Weighed(NamedTuple):
    """Codes ``[N, L]`` of one kind with their rarities, and 1.0 where they are of the text."""

    codes: Tensor
    rarity: Tensor
    there: Tensor


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

    def forward(self, query: Text, title: Text, pair_codes: Tensor) -> Tensor:
        """``[N, 8]`` of both texts; ``pair_codes`` are those of the table of bigrams."""
        asked = self._codes(query.ids, pair_codes)
        offered = asked if title.ids is query.ids else self._codes(title.ids, pair_codes)
        # the first token of a text has no neighbour before it
        within = [shifted(text.there, 0.0) * text.there for text in (query, title)]
        tokens = self._figures(
            0,
            _Weighed(asked.tokens, asked.token_rarity, query.there),
            _Weighed(offered.tokens, offered.token_rarity, title.there),
        )
        pairs = self._figures(
            1,
            _Weighed(asked.pairs, asked.pair_rarity, within[0]),
            _Weighed(offered.pairs, offered.pair_rarity, within[1]),
        )
        return paddle.concat([tokens, pairs], axis=1)

    def _codes(self, ids: Tensor, pair_codes: Tensor) -> _Codes:
        pairs = shifted(ids, 0) * self._vocab_size + ids
        place = remainder(pairs, self._rows)
        known = equal(looked_up(pair_codes, place), pairs)
        rarity = self.pair_rarity(place)[:, :, 0] * known + (1.0 - known) * self.unseen_rarity
        return _Codes(ids, F.relu(self.token_rarity(ids)[:, :, 0]), pairs, F.relu(rarity))

    def _figures(self, kind: int, query: _Weighed, title: _Weighed) -> Tensor:
        in_title, in_query = _counts(query, title)
        length = title.there.sum(axis=1, keepdim=True)
        norm = self.saturation[kind] * (1.0 - _B + _B * length / self.mean_length[kind])
        saturated = in_title * (_K1 + 1.0) / (in_title + norm + _SMALL)
        asked, offered = query.rarity * query.there, title.rarity * title.there
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


def _counts(query: _Weighed, title: _Weighed) -> tuple[Tensor, Tensor]:
    """How often each code of the query stands in the title, and the other way round."""
    with paddle.no_grad():
        asked, offered = query.codes.astype("int64"), title.codes.astype("int64")
        asked = paddle.where(query.there > 0, asked, paddle.full_like(asked, -1))
        offered = paddle.where(title.there > 0, offered, paddle.full_like(offered, -2))
        same = equal(asked.unsqueeze(2), offered.unsqueeze(1))
        return same.sum(axis=2), same.sum(axis=1)
