# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks padded rows of token ids that a caller tokenized itself, and takes the padding off."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from contract.bundle.split import NOT_CUT, is_cut_once
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, IntArray, PairEncoder, Row
from contract.errors import InvalidField, RequestTooLarge


class TokenRows(NamedTuple):
    """Rows as ``PairEncoder.pad`` stacks them.

    Attributes:
        input_ids: ``[n, length]`` int64, padded on the right with the vocabulary's [PAD].
        token_type_ids: of the same shape; 0 for the query's part, 1 for the title's; all
            0 of a bundle without token types.
    """

    input_ids: IntArray
    token_type_ids: IntArray

    def rows(self, encoder: PairEncoder) -> tuple[Row, ...]:
        """Take the padding off.

        A [PAD] before a row's last other token stays: the model masks it wherever it stands.

        Args:
            encoder: of the bundle that shall score them.

        Raises:
            InvalidField: an id is not in the vocabulary, or a row has no token.
            RequestTooLarge: a row is longer than the bundle takes.
        """
        _check_range(self.input_ids, INPUT_IDS, encoder.vocab_size)
        _check_range(self.token_type_ids, TOKEN_TYPE_IDS, encoder.layout.token_types)
        used = self.input_ids != encoder.pad_id
        lengths = self.input_ids.shape[1] - np.argmax(used[:, ::-1], axis=1)
        lengths[~used.any(axis=1)] = 0
        for index, length in enumerate(lengths):
            if length == 0:
                raise InvalidField("the row is all padding", field=f"{INPUT_IDS}[{index}]")
            if length > encoder.max_seq_length:
                raise RequestTooLarge(
                    f"{length} tokens, at most {encoder.max_seq_length} allowed",
                    field=f"{INPUT_IDS}[{index}]",
                )
        return tuple(
            Row(self.input_ids[i, :length], self.token_type_ids[i, :length], False)
            for i, length in enumerate(lengths)
        )


def check_parts(rows: Sequence[Row]) -> None:
    """Refuse rows that a split ranker's graphs cannot take apart.

    Raises:
        InvalidField: token types that are not 0 at first and 1 to the end.
    """
    for index, row in enumerate(rows):
        if not is_cut_once(row.token_type_ids):
            raise InvalidField(NOT_CUT, field=f"{TOKEN_TYPE_IDS}[{index}]")


def _check_range(values: IntArray, name: str, bound: int) -> None:
    wrong = np.argwhere((values < 0) | (values >= bound))
    if len(wrong):
        row, place = (int(i) for i in wrong[0])
        raise InvalidField(
            f"must be from 0 to {bound - 1}, got {int(values[row, place])}",
            field=f"{name}[{row}][{place}]",
        )
