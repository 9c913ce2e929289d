# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the rows of a request, for the service and for the clients that tokenize."""

from __future__ import annotations

from typing import Optional

from contract.encoding import PairEncoder, Rows
from contract.errors import InvalidField, RequestTooLarge
from contract.wire.request import RankRequest


def rows_of(request: RankRequest, encoder: PairEncoder, max_tokens: Optional[int] = None) -> Rows:
    """Encode the pairs, or take the padding off the caller's own rows.

    Args:
        request: checked.
        encoder: of the bundle that shall score them.
        max_tokens: that the caller takes; ends the work when there are more.

    Raises:
        InvalidField: a query has no token, or the caller's tokens are none of the bundle.
        RequestTooLarge: there are too many tokens.
    """
    if request.tokens is not None:
        return Rows(request.tokens.rows(encoder))
    try:
        rows = encoder.encode_chunks(
            request.pairs, request.max_tokens_per_doc, request.max_chunks_per_doc, max_tokens
        )
    except RequestTooLarge as error:
        error.field = "documents"
        raise
    for number, row in enumerate(rows.rows):
        if row.query_kept == 0:
            pair = number if rows.owners is None else rows.owners[number]
            raise InvalidField(
                "has no text that a ranker reads, only spaces and characters that are dropped, "
                "such as U+200B; send words",
                field=request.query_name(pair),
            )
    return rows
