# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Random requests to the graphs of a split ranker: a query, and documents of several lengths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from export.engines.tensors import Tensors


class Tokens(NamedTuple):
    """Ids of a tokenizer.

    Attributes:
        pad: of padding.
        cls: of [CLS].
        sep: of [SEP].
        others: ids to draw from.
    """

    pad: int
    cls: int
    sep: int
    others: NDArray[np.int64]

    @classmethod
    def of_encoder(cls, encoder: PairEncoder, vocabulary: int) -> Tokens:
        """Those of the first so many ids of a vocabulary."""
        row = encoder.encode_pairs([("", "")])[0].input_ids
        special = (encoder.pad_id, int(row[0]), int(row[-1]))
        return cls(*special, np.setdiff1d(np.arange(vocabulary), special))


class Request(NamedTuple):
    """One query with its documents, as feeds.

    Attributes:
        rows: of the whole graph.
        query: of the encoder, one row.
        documents: of the encoder, a row for each.
    """

    rows: Tensors
    query: Tensors
    documents: Tensors


def draw_request(
    count: int, query_tokens: int, document_tokens: Sequence[int], tokens: Tokens, seed: int
) -> Request:
    """Random tokens; documents have between the two numbers of ``document_tokens``."""
    draw = np.random.default_rng(seed)
    query = np.array([tokens.cls, *draw.choice(tokens.others, query_tokens), tokens.sep])
    shortest, longest = document_tokens
    lengths = np.sort(draw.integers(shortest, longest + 1, count))
    documents = [np.array([*draw.choice(tokens.others, n), tokens.sep]) for n in lengths]
    rows = [np.concatenate([query, document]) for document in documents]
    return Request(
        _feed(rows, [len(query)] * count, tokens.pad),
        _feed([query], [len(query)], tokens.pad),
        _feed(documents, [0] * count, tokens.pad),
    )


def _feed(rows: Sequence[NDArray[np.int64]], borders: Sequence[int], pad: int) -> Tensors:
    """Padded rows; from its border on a row is the document's."""
    ids = np.full((len(rows), max(map(len, rows))), pad, np.int64)
    types = np.zeros_like(ids)
    for place, (row, border) in enumerate(zip(rows, borders)):
        ids[place, : len(row)] = row
        types[place, border : len(row)] = 1
    return {INPUT_IDS: ids, TOKEN_TYPE_IDS: types}
