# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the tensors of one request from token rows, and puts its outputs back in input order.

Rows of one length share a tensor, and an input's tensors follow each other from the shortest rows
to the longest, so that nothing is padded on the wire and a request has few tensors. The service
pads as far as its batches need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from contract.encoding import PairEncoder, Row
from contract.tensors import TensorSpec
from contract.wire.caller_errors import UnreadableAnswer
from contract.wire.tensor_codec import Array, Feed


def feeds_of(
    encoder: PairEncoder, specs: Sequence[TensorSpec], rows: Sequence[Row], padded: bool
) -> tuple[list[Feed], list[int]]:
    """The request's tensors, and the input position of each of its rows.

    Args:
        encoder: the one that made the rows.
        specs: the bundle's inputs.
        rows: at least one.
        padded: send one tensor for each input, its rows padded to the longest, as upstream's
            clients do.
    """
    order = list(range(len(rows)))
    groups = [order]
    if not padded:
        order.sort(key=lambda i: len(rows[i].input_ids))
        groups = [list(group) for _, group in groupby(order, lambda i: len(rows[i].input_ids))]
    batches = [encoder.pad([rows[i] for i in group]) for group in groups]
    return [Feed(spec, batch[spec.alias]) for spec in specs for batch in batches], order


def in_input_order(tensors: Mapping[str, Array], order: Sequence[int]) -> dict[str, Array]:
    """The outputs, their rows where the titles were.

    Raises:
        UnreadableAnswer: an output does not have a row for each title.
    """
    for alias, array in tensors.items():
        if array.ndim == 0 or len(array) != len(order):
            raise UnreadableAnswer(
                f"shape {list(array.shape)} for {len(order)} titles; is this the bundle's service?",
                field=alias,
            )
    places = np.argsort(np.asarray(order))
    return {alias: array[places] for alias, array in tensors.items()}
