# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Golden pairs: lists that a bundle scored when it was exported, and the check that it still does.

Export writes them and refuses to publish when they disagree. Every service scores them again when
it starts, so that a wrong tokenizer, a swapped input or a broken kernel is found before a caller is
answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable

import numpy as np
from numpy.typing import NDArray

from contract.encoding import PairEncoder
from contract.errors import BundleError
from contract.scoring import ScoreFunction, rank_order

FP32_TOLERANCE = 1e-5
LOW_PRECISION_TOLERANCE = 1e-2

Feed = Mapping[str, NDArray[np.int64]]
RunFeed = Callable[[Feed], NDArray[np.float32]]


@dataclass(frozen=True)
class GoldenPair:
    """One scored pair; pairs with the same ``group`` are the titles of one query, in input order.

    Attributes:
        group: number of the list, from 0.
        query: text of the query.
        title: text of the title.
        input_ids: the row's ids, unpadded.
        token_type_ids: the row's token types, unpadded.
        logits: what the trained model returned for the row alone.
        score: the bundle's score function of ``logits``.
    """

    group: int
    query: str
    title: str
    input_ids: list[int]
    token_type_ids: list[int]
    logits: list[float]
    score: float


def write_golden(pairs: Sequence[GoldenPair], path: Path) -> None:
    """One JSON object a line, UTF-8."""
    lines = [json.dumps(asdict(p), ensure_ascii=False, sort_keys=True) + "\n" for p in pairs]
    path.write_text("".join(lines), encoding="utf-8")


def read_golden(path: Path) -> list[GoldenPair]:
    """Read ``golden.jsonl``.

    Raises:
        BundleError: missing, damaged or empty.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
        pairs = [GoldenPair(**json.loads(line)) for line in lines if line]
    except (OSError, ValueError, TypeError) as error:
        raise BundleError(f"cannot read the golden pairs ({error})", field=str(path)) from error
    if not pairs:
        raise BundleError("holds no golden pairs; export the bundle again", field=str(path))
    return pairs


def check_golden(
    pairs: Sequence[GoldenPair],
    encoder: PairEncoder,
    run: RunFeed,
    score: ScoreFunction,
    tolerance: float = FP32_TOLERANCE,
) -> float:
    """Encode and score the golden pairs again, each list as one batch.

    Args:
        pairs: what the bundle promised.
        encoder: the encoder about to serve.
        run: feed ``{name: [N, L]}`` to logits ``[N, width]``, by the engine about to serve.
        score: the bundle's score function.
        tolerance: largest absolute score difference allowed.

    Returns:
        The largest score difference seen.

    Raises:
        BundleError: other token ids, another score, or another order of a list.
    """
    lists: dict[int, list[GoldenPair]] = {}
    for pair in pairs:
        lists.setdefault(pair.group, []).append(pair)
    worst = 0.0
    for number, members in lists.items():
        where = f"golden list {number}"
        rows = encoder.encode_pairs([(pair.query, pair.title) for pair in members])
        for row, pair in zip(rows, members):
            if (row.input_ids.tolist(), row.token_type_ids.tolist()) != (
                pair.input_ids,
                pair.token_type_ids,
            ):
                raise BundleError(
                    f"{encoder.backend} gives other token ids than at export for {pair.title!r}",
                    field=where,
                )
        scores = score(run(encoder.pad(rows)))
        expected = np.array([pair.score for pair in members], dtype=np.float32)
        worst = max(worst, _check_scores(scores, expected, tolerance, where))
    return worst


def _check_scores(
    scores: NDArray[np.float32], expected: NDArray[np.float32], tolerance: float, where: str
) -> float:
    difference = float(np.abs(scores - expected).max())
    if not difference <= tolerance:  # also catches NaN
        raise BundleError(
            f"scores differ from those at export by {difference:.2e}, allowed {tolerance:.0e}",
            field=where,
        )
    order = rank_order(list(scores))
    # titles that the export itself could not tell apart may change places
    for first, second in zip(order, order[1:]):
        if expected[second] - expected[first] > tolerance:
            raise BundleError("the order of the titles is not that at export", field=where)
    return difference
