# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What an engine is: it computes the logits of a batch with one bundle's graph.

An engine is opened, used and closed by one thread. That is more than a courtesy: oneDNN keeps what
it prepares by the number of the thread, and a thread that got the number of an ended one fails on
it with "could not execute a primitive".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Feed = Mapping[str, NDArray[np.int64]]
Logits = NDArray[np.float32]


class Engine(Protocol):
    """One loaded graph on one device."""

    def run(self, feed: Feed) -> Logits:
        """Run one batch.

        Args:
            feed: ``{"input_ids": [N, L], "token_type_ids": [N, L]}``, int64.

        Returns:
            ``[N, width]``: the output that the manifest names as logits.

        Raises:
            InferenceFailed: this batch could not be computed.
            Overloaded: other services compute it, and all of them are full.
        """

    def close(self) -> None:
        """Release the device's memory; the engine is not used again."""


class EngineSource(Protocol):
    """Opens the engines of one ranker, each in the thread that will use it."""

    @property
    def count(self) -> int:
        """How many engines to run side by side; known once the first open() has returned."""

    def open(self) -> Engine:
        """Open one engine in the calling thread.

        The first call chooses, compiles and checks the golden pairs.
        """
