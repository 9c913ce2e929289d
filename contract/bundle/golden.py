# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Golden pairs: lists that a bundle scored when it was exported, and the check that it still does.

Export writes them and refuses to publish when they disagree, or could not show it. Every service
scores them again when it starts, so that a wrong tokenizer, a swapped input or a broken kernel is
found before a caller is answered. Logits are compared: scores near 0 or 1 hardly differ, whatever
the logits are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.encoding import PairEncoder, Row
from contract.errors import BundleError, InferenceFailed, RankingError
from contract.scoring import ScoreFunction, rank_order

Feed = Mapping[str, NDArray[np.int64]]
RunFeed = Callable[[Feed], NDArray[np.float32]]


class Tolerance(NamedTuple):
    """How far an engine may be from what was scored at export.

    Attributes:
        score: largest difference of a score.
        logit: largest difference of a logit.
        of_spread: the same as a part of what lies between the lowest logit and the highest one:
            rounding below fp32 grows with the logits' size, and their order bears it.
    """

    score: float
    logit: float
    of_spread: float

    def of_logits(self, expected: NDArray[np.float64]) -> float:
        """Largest difference of a logit among these."""
        return max(self.logit, self.of_spread * float(np.ptp(expected)))


# Measured on two bundles of 3 layers, whose logits spread over 1.9 and 4.7, with OpenVINO
# and Paddle with and without oneDNN: fp32 differs by 3.6e-6 at most, bf16 by 0.034 and 0.097
# (1.8 and 2.1 % of the spread), int8 from itself by nothing.
FP32_TOLERANCE = Tolerance(score=1e-5, logit=1e-4, of_spread=2e-5)
LOW_PRECISION_TOLERANCE = Tolerance(score=1e-2, logit=5e-2, of_spread=5e-2)

# an engine keeps the memory of its largest batch: 24 MB where seven short titles are padded to one
# of 384 tokens, else 3
_BATCH_TOKENS = 512


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
        score: the bundle's score function of ``logits``, without a calibration: that is computed
            of logits alike everywhere, and may make much of the rounding that engines differ by.
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
    tolerance: Tolerance = FP32_TOLERANCE,
) -> float:
    """Encode and score the golden pairs again, each list by itself.

    Args:
        pairs: what the bundle promised.
        encoder: the encoder about to serve.
        run: feed ``{name: [N, L]}`` to logits ``[N, width]``, by the engine about to serve.
        score: the bundle's score function.
        tolerance: what may differ.

    Returns:
        The largest difference of a logit, or of a score where the graph returns no logits.

    Raises:
        BundleError: other token ids, another logit or score, or another order of a list.
    """
    allowed = tolerance.of_logits(_margins(pairs, score))
    worst = 0.0
    for number, members in _lists(pairs).items():
        where = f"golden list {number}"
        rows = encoder.encode_pairs([(pair.query, pair.title) for pair in members])
        for row, pair in zip(rows, members):
            if (row.input_ids.tolist(), row.token_type_ids.tolist()) != (
                pair.input_ids,
                pair.token_type_ids,
            ):
                truncation, normalization = encoder.rules
                raise BundleError(
                    f"{encoder.backend} gives other token ids than at export for {pair.title!r} "
                    f"(cut {truncation}, normalization {normalization})",
                    field=where,
                )
        outputs = [run(encoder.pad(batch)) for batch in _batches(rows)]
        try:
            # one by one: outputs of a wrong shape may not even go together
            margins = np.concatenate([score.margins(logits) for logits in outputs])
        except InferenceFailed as error:
            raise BundleError(error.message, field=where) from error
        scores = np.array([pair.score for pair in members])
        _check_difference(score.uncalibrated(margins), scores, tolerance.score, "scores", where)
        expected = _margins(members, score)
        found = _check_difference(margins, expected, allowed, "logits", where)
        _check_order(margins, expected, allowed, where)
        worst = max(worst, found)
    return worst


def check_telling(
    pairs: Sequence[GoldenPair], score: ScoreFunction, tolerance: Tolerance = FP32_TOLERANCE
) -> None:
    """Refuse golden pairs that another order would pass, too.

    Args:
        pairs: of a bundle about to be published.
        score: the bundle's score function.
        tolerance: that its engines are checked with.

    Raises:
        BundleError: no list has two titles that lie further apart than an engine may be off.
    """
    margins = _margins(pairs, score)
    kind = "logits" if score.has_logits else "scores"
    remedy = "name lists that the ranker tells apart with --golden_file, or train it further"
    if not np.ptp(margins):
        raise BundleError(
            f"they prove nothing: all {len(pairs)} have the same {kind}; {remedy}",
            field="golden pairs",
        )
    allowed = tolerance.of_logits(margins)
    if not any(np.ptp(_margins(members, score)) > allowed for members in _lists(pairs).values()):
        raise BundleError(
            f"they test no order: no list has two titles whose {kind} lie more than {allowed:.1e} "
            f"apart; {remedy}",
            field="golden pairs",
        )


def _batches(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    """The rows in their order, ``_BATCH_TOKENS`` padded or a single one."""
    start, longest = 0, 0
    for end, row in enumerate(rows):
        longest = max(longest, len(row.input_ids))
        if end > start and longest * (end + 1 - start) > _BATCH_TOKENS:
            yield rows[start:end]
            start, longest = end, len(row.input_ids)
    yield rows[start:]


def _lists(pairs: Sequence[GoldenPair]) -> dict[int, list[GoldenPair]]:
    lists: dict[int, list[GoldenPair]] = {}
    for pair in pairs:
        lists.setdefault(pair.group, []).append(pair)
    return lists


def _margins(pairs: Sequence[GoldenPair], score: ScoreFunction) -> NDArray[np.float64]:
    """Of a graph that returns scores alone the scores, whatever logits another graph had."""
    if not score.has_logits:
        return np.array([pair.score for pair in pairs])
    try:
        return score.margins(np.array([pair.logits for pair in pairs], dtype=np.float64))
    except (RankingError, ValueError) as error:
        raise BundleError(
            f"their logits are none of this bundle ({error}); export it again",
            field="golden pairs",
        ) from error


def _check_difference(
    found: NDArray[np.float64],
    expected: NDArray[np.float64],
    allowed: float,
    kind: str,
    where: str,
) -> float:
    difference = float(np.abs(found - expected).max())
    if not difference <= allowed:  # also catches NaN
        raise BundleError(
            f"{kind} differ from those at export by {difference:.2e}, allowed {allowed:.0e}",
            field=where,
        )
    return difference


def _check_order(
    found: NDArray[np.float64], expected: NDArray[np.float64], allowed: float, where: str
) -> None:
    """Titles that the export itself could not tell apart may change places."""
    order = rank_order(found.tolist())
    if (np.diff(expected[order]) > allowed).any():
        raise BundleError("the order of the titles is not that at export", field=where)
