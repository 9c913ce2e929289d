# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Clients of the ranking service and of the tensor service, over HTTP and RPC.

Applications take ``RankerClient`` or, in an event loop, ``AsyncRankerClient``.
"""

from clients.ranker.async_client import AsyncRankerClient
from clients.ranker.client import RankerClient
from clients.ranker.result import RankedDocument, RankerScores, RankResult, ServedModel
from clients.transport.retry import Retry

__all__ = [
    "AsyncRankerClient",
    "RankResult",
    "RankedDocument",
    "RankerClient",
    "RankerScores",
    "Retry",
    "ServedModel",
]
