# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Make golden pairs with the trained model, and prove that an engine gives them its logits.

Each golden pair is scored by the dynamic model, alone and unpadded. An engine then scores all of
them in three arrangements, since a row's score must not depend on its neighbours or padding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from contract.bundle.golden import (
    FP32_TOLERANCE,
    Feed,
    GoldenPair,
    RunFeed,
    Tolerance,
    check_golden,
    check_telling,
)
from contract.encoding import INPUT_IDS, TOKEN_TYPE_IDS, PairEncoder
from contract.errors import BundleError
from contract.scoring import SCORE_FUNCTIONS, ScoreFunction

GoldenLists = Sequence[Sequence[tuple[str, str]]]


class TrainedRanker(Protocol):
    """What this folder needs of ``train.model.ranker.LoadedRanker``."""

    @property
    def ranker(self) -> str:
        """``pairwise`` or ``cross_encoder``."""

    @property
    def model(self) -> Any:
        """A layer in eval mode: ``(input_ids, token_type_ids)`` to logits."""

    @property
    def encoder(self) -> PairEncoder:
        """Turns pairs into the rows the model was trained on."""

    @property
    def max_seq_length(self) -> int:
        """Longest row in tokens."""

    @property
    def score_function(self) -> str:
        """A key of :data:`contract.scoring.SCORE_FUNCTIONS`."""

    @property
    def tokenizer_dir(self) -> Path:
        """Holds ``vocab.txt``."""

    @property
    def checkpoint_sha256(self) -> str:
        """Of the parameter file."""


@dataclass(frozen=True)
class Parity:
    """What one engine's logits differ by, at most, in each arrangement of the golden pairs."""

    engine: str
    pairs: int
    differences: Mapping[str, float]

    def __str__(self) -> str:
        """One line for the terminal."""
        parts = ", ".join(f"{name} {worst:.1e}" for name, worst in self.differences.items())
        return f"{self.engine}: {self.pairs} golden pairs, logits differ by at most: {parts}"


def run_dynamic(model: Any) -> RunFeed:
    """The dynamic model as a function from feeds to logits."""
    import paddle

    def run(feed: Feed) -> NDArray[np.float32]:
        with paddle.no_grad():
            logits = model(
                paddle.to_tensor(feed[INPUT_IDS]), paddle.to_tensor(feed[TOKEN_TYPE_IDS])
            )
        return np.asarray(logits.numpy(), dtype=np.float32)

    return run


def score_golden(ranker: TrainedRanker, lists: GoldenLists) -> list[GoldenPair]:
    """Score every pair with the dynamic model, each row alone and unpadded."""
    score = SCORE_FUNCTIONS[ranker.score_function]
    return score_lists(run_dynamic(ranker.model), ranker.encoder, score, lists)


def score_lists(
    run: RunFeed, encoder: PairEncoder, score: ScoreFunction, lists: GoldenLists
) -> list[GoldenPair]:
    """Score every pair of some lists, each row alone and unpadded.

    Raises:
        BundleError: a score is not a number.
    """
    pairs: list[GoldenPair] = []
    for number, members in enumerate(lists):
        rows = encoder.encode_pairs(members)
        for (query, title), row in zip(members, rows):
            logits = run(encoder.pad([row]))
            if not np.isfinite(logits).all():
                raise BundleError("the model returns NaN or infinity", field=f"title {title!r}")
            pairs.append(
                GoldenPair(
                    number,
                    query,
                    title,
                    row.input_ids.tolist(),
                    row.token_type_ids.tolist(),
                    [float(x) for x in logits[0]],
                    float(score.uncalibrated(score.margins(logits))[0]),
                )
            )
    return pairs


def check_parity(
    pairs: Sequence[GoldenPair],
    encoder: PairEncoder,
    engines: Mapping[str, RunFeed],
    score: ScoreFunction,
    tolerance: Tolerance = FP32_TOLERANCE,
) -> Iterator[Parity]:
    """Compare engines with the golden pairs, in every arrangement.

    Args:
        pairs: scored by the dynamic model.
        encoder: the bundle's.
        engines: by the name used in messages.
        score: the bundle's score function.
        tolerance: what may differ.

    Yields:
        The differences of every engine.

    Raises:
        BundleError: a logit or score differs by more, a list changes its order, or the pairs would
            not show it.
    """
    check_telling(pairs, score, tolerance)
    for engine, run in engines.items():
        arrangements: dict[str, RunFeed] = {
            "in lists": run,
            "alone": _alone(run, encoder.pad_id),
            "padded to full length": _crowded(run, pairs, encoder),
        }
        differences: dict[str, float] = {}
        for name, arranged in arrangements.items():
            try:
                differences[name] = check_golden(pairs, encoder, arranged, score, tolerance)
            except BundleError as error:
                raise BundleError(
                    f"{engine}, rows {name}: {error.message}; nothing is published",
                    field=error.field,
                ) from error
        yield Parity(engine, len(pairs), differences)


def _alone(run: RunFeed, pad_id: int) -> RunFeed:
    """Each row of a feed by itself, without its padding."""

    def run_alone(feed: Feed) -> NDArray[np.float32]:
        results = []
        for index, row in enumerate(feed[INPUT_IDS]):
            length = int((row != pad_id).sum())
            results.append(
                run({name: rows[index : index + 1, :length] for name, rows in feed.items()})
            )
        return np.concatenate(results)

    return run_alone


def _crowded(run: RunFeed, pairs: Sequence[GoldenPair], encoder: PairEncoder) -> RunFeed:
    """A feed padded to the full length, between the shortest and the longest golden row."""
    by_length = sorted(pairs, key=lambda pair: len(pair.input_ids))

    def run_crowded(feed: Feed) -> NDArray[np.float32]:
        count = len(feed[INPUT_IDS])
        shape = (count + 2, encoder.max_seq_length)
        crowd = {INPUT_IDS: np.full(shape, encoder.pad_id, np.int64)}
        crowd[TOKEN_TYPE_IDS] = np.zeros(shape, np.int64)
        for name, rows in feed.items():
            crowd[name][1:-1, : rows.shape[1]] = rows
        for place, pair in ((0, by_length[0]), (-1, by_length[-1])):
            crowd[INPUT_IDS][place, : len(pair.input_ids)] = pair.input_ids
            crowd[TOKEN_TYPE_IDS][place, : len(pair.token_type_ids)] = pair.token_type_ids
        return run(crowd)[1:-1]

    return run_crowded
