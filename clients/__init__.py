# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls the service: texts in, ranked results out, over RPC or HTTP; imports no server code.

Applications take ``RankerClient`` or, in an event loop, ``AsyncRankerClient``.
"""

from clients.http_ranker import AsyncRankerClient, RankerClient, ServedModel
from clients.result import RankedDocument, RankerScores, RankResult
from clients.retry import Retry

__all__ = [
    "AsyncRankerClient",
    "RankResult",
    "RankedDocument",
    "RankerClient",
    "RankerScores",
    "Retry",
    "ServedModel",
]
