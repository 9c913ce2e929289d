# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Team draft: mixes two orders of the same documents into one list, and tells whose each place is.

F. Radlinski, M. Kurup, T. Joachims: How Does Clickthrough Data Reflect Retrieval Quality? CIKM
2008, algorithm 2. Clicks on a team's documents are votes for its ranker.
"""

from __future__ import annotations

import random
from collections.abc import Sequence


def team_draft(
    orders: Sequence[Sequence[int]], seed: str, length: int
) -> tuple[list[int], list[int]]:
    """Draft documents in turns, a coin deciding who picks first in every round.

    Args:
        orders: two lists of the same documents, best first.
        seed: of the coin; the same list comes out for the same one.
        length: how many documents to draft.

    Returns:
        The documents, best first, and for each the number, 0 or 1, of the order that picked it.
    """
    coin = random.Random(seed)
    drafted: list[int] = []
    teams: list[int] = []
    taken: set[int] = set()
    rest = [iter(order) for order in orders]
    length = min(length, len(orders[0]))
    while len(drafted) < length:
        first = coin.getrandbits(1)
        for team in (first, 1 - first):
            if len(drafted) == length:
                break
            # both orders hold every document, so one that is not taken is always left
            document = next(d for d in rest[team] if d not in taken)
            taken.add(document)
            drafted.append(document)
            teams.append(team)
    return drafted, teams
