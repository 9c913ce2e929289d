# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that an engine gives a bundle's golden pairs the logits of export, before it serves.

Also what an engine is timed on: the golden pairs as batches.
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from contract.bundle import Bundle
from contract.bundle.files import GOLDEN_FILE
from contract.bundle.golden import (
    FP32_TOLERANCE,
    LOW_PRECISION_TOLERANCE,
    check_golden,
    check_telling,
    read_golden,
)
from contract.encoding import PairEncoder
from contract.errors import BundleError
from pipeline.engines.engine import Engine, EngineSource, Feed
from pipeline.states.store import StateStore


class GoldenPairs:
    """The golden pairs of one bundle, and the encoder that is about to serve."""

    def __init__(self, bundle: Bundle, encoder: PairEncoder) -> None:
        """Read the pairs.

        Raises:
            BundleError: they are damaged.
        """
        self._bundle = bundle
        self._encoder = encoder
        self._path: Path = bundle.root / GOLDEN_FILE
        present = GOLDEN_FILE in bundle.manifest.files
        self._pairs = read_golden(self._path) if present else []

    def __bool__(self) -> bool:
        """Whether there are any; a directory of upstream's tools has none."""
        return bool(self._pairs)

    def check(self, engine: Engine, precision: str) -> str:
        """Score all pairs.

        Args:
            engine: about to serve.
            precision: in which it computes.

        Returns:
            What was checked, in words.

        Raises:
            BundleError: other logits or scores than at export, or another order.
        """
        if not self._pairs:
            return "no manifest: files not verified, no golden pairs"
        exact = precision == self._bundle.manifest.precision == "fp32"
        tolerance = FP32_TOLERANCE if exact else LOW_PRECISION_TOLERANCE
        try:
            worst = check_golden(
                self._pairs, self._encoder, engine.run, self._bundle.score, tolerance
            )
        except BundleError as error:
            raise BundleError(f"{error}; export the bundle again", field=str(self._path)) from error
        agree = f"{len(self._pairs)} golden pairs agree within {worst:.1e}"
        try:
            check_telling(self._pairs, self._bundle.score, tolerance)
        except BundleError as error:
            # published before export refused such pairs
            return f"{agree}, but {error.message}"
        return agree

    def batches(self, max_tokens: int) -> list[Feed]:
        """The pairs as a scheduler would batch them: alike in length, ``max_tokens`` padded."""
        rows = self._encoder.encode_pairs([(pair.query, pair.title) for pair in self._pairs])
        rows.sort(key=lambda row: len(row.input_ids), reverse=True)
        feeds: list[Feed] = []
        while rows:
            count = max(1, max_tokens // len(rows[0].input_ids))
            feeds.append(self._encoder.pad(rows[:count]))
            rows = rows[count:]
        return feeds


class CheckedSource:
    """Opens engines of another source, and none that scores differently than at export.

    An engine with a store of states is checked twice, with an empty store and with a filled one,
    and serves with an empty one.

    Attributes:
        states: the source's store, ``None`` where it has none.
    """

    def __init__(
        self, source: EngineSource, name: str, precision: str, golden: GoldenPairs
    ) -> None:
        """Bind a source.

        Args:
            source: what opens the engines.
            name: of the engine, for the start's line about it.
            precision: in which they compute.
            golden: what each of them scores at first.
        """
        self._source = source
        self._name = name
        self._precision = precision
        self._golden = golden
        self._checked = ""
        self.states: Optional[StateStore] = getattr(source, "states", None)

    @property
    def count(self) -> int:
        """How many engines to run side by side."""
        return self._source.count

    @property
    def summary(self) -> str:
        """What runs and what was checked; known once the first open() has returned."""
        several = f" x {self.count}" if self.count > 1 else ""
        return f"{self._name}{several}; {self._checked}"

    def open(self) -> Engine:
        """Open an engine and check it.

        Raises:
            SetUpError: it does not load, or scores differently than at export.
        """
        engine = self._source.open()
        try:
            self._checked = self._check(engine)
        except BaseException:
            engine.close()
            raise
        return engine

    def _check(self, engine: Engine) -> str:
        if self.states is None:
            return self._golden.check(engine, self._precision)
        self.states.clear()
        try:
            self._golden.check(engine, self._precision)
            cold = self.states.counts
            said = self._golden.check(engine, self._precision)
            warm = self.states.counts
        finally:
            self.states.clear()
        hits = sum(warm.hits.values()) - sum(cold.hits.values())
        misses = sum(warm.misses.values()) - sum(cold.misses.values())
        return f"{said}, with an empty store and with {hits} of {hits + misses} parts from it"
