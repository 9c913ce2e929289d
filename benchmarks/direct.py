# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle and calls in, scores and times out: Paddle Inference in this process, without a service.

The yardstick of the benchmark. Called by benchmarks.run.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.workload import RankCall
from contract.bundle import Bundle
from contract.encoding import Row
from contract.errors import BundleError
from export.inference import GraphPredictor, InferenceOptions, logits_of

# rows of one batch after sorting: small enough that its rows have about one length
_SORTED_ROWS = 16


class DirectTimes(NamedTuple):
    """Seconds that one call took."""

    tokenize_s: float
    compute_s: float


class DirectRanker:
    """One bundle loaded into this process."""

    def __init__(self, bundle: Bundle, options: InferenceOptions) -> None:
        """Load the graph and the tokenizer, with the options that the service runs with."""
        self.bundle = bundle
        self.encoder = bundle.encoder()
        predictor = GraphPredictor(
            _only(bundle.server_dir, ".pdmodel"), _only(bundle.server_dir, ".pdiparams"), options
        )
        manifest = bundle.manifest
        self._run = logits_of(predictor, manifest.fetches, manifest.logits)

    def as_they_come(self, call: RankCall) -> tuple[list[float], DirectTimes]:
        """All rows of the call as one batch, padded to its longest row."""
        start = time.perf_counter()
        rows = self.encoder.encode(call.query, call.documents)
        encoded = time.perf_counter()
        scores = self._scores(rows, [range(len(rows))])
        return scores, DirectTimes(encoded - start, time.perf_counter() - encoded)

    def sorted_by_length(self, calls: Sequence[RankCall]) -> tuple[list[float], DirectTimes]:
        """Batches of rows of about one length, over all the calls given.

        Returns:
            Scores in the order of the calls and of their documents, and the times.
        """
        start = time.perf_counter()
        rows = [row for call in calls for row in self.encoder.encode(call.query, call.documents)]
        encoded = time.perf_counter()
        scores = self._scores(rows, _batches(rows))
        return scores, DirectTimes(encoded - start, time.perf_counter() - encoded)

    def tokens(self, calls: Sequence[RankCall]) -> int:
        """Tokens of all rows, without padding."""
        return sum(
            len(row.input_ids)
            for call in calls
            for row in self.encoder.encode(call.query, call.documents)
        )

    def _scores(self, rows: Sequence[Row], batches: Iterable[Sequence[int]]) -> list[float]:
        scores = np.empty(len(rows), dtype=np.float32)
        for indices in batches:
            logits = self._run(self.encoder.pad([rows[i] for i in indices]))
            scores[list(indices)] = self.bundle.score(logits)
        return [float(score) for score in scores]


def _batches(rows: Sequence[Row]) -> Iterator[list[int]]:
    order = sorted(range(len(rows)), key=lambda i: len(rows[i].input_ids), reverse=True)
    for start in range(0, len(order), _SORTED_ROWS):
        yield order[start : start + _SORTED_ROWS]


def _only(directory: Path, suffix: str) -> Path:
    found = sorted(directory.glob(f"*{suffix}"))
    if len(found) != 1:
        raise BundleError(
            f"has {len(found)} {suffix} files; export the bundle again", field=str(directory)
        )
    return found[0]
