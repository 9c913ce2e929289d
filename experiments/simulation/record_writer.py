# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes records of a made-up experiment as the service writes them, to try the report on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from contract.experiments.assignment import Assignment
from contract.experiments.records import (
    BY_BUCKET,
    EXPOSURES_FILE,
    FEEDBACK_FILE,
    SPLIT,
    Exposure,
    Feedback,
    to_line,
)

_START, _DAYS = 1_788_220_800.0, 14
_DOCUMENTS, _SHOWN, _ORDERS = 50, 20, 1000
_CLICKED, _REQUESTS_OF_UNIT = 0.3, 10


def write_split(folder: Path, requests: int, lift: float, seed: int) -> None:
    """Write a split between ``a`` and ``b``, whose share of clicked answers is higher by ``lift``.

    Args:
        folder: of the files, made when missing.
        requests: over 14 days, from a tenth as many units.
        lift: absolute.
        seed: of everything.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = (folder / f"{name}-simulated.jsonl" for name in (EXPOSURES_FILE, FEEDBACK_FILE))
    with next(names).open("w", encoding="utf-8") as exposures, next(names).open("w") as feedback:
        for exposure, clicks in _answers(requests, lift, np.random.default_rng(seed)):
            exposures.write(to_line(exposure))
            if clicks:
                said = Feedback(exposure.time + 5.0, exposure.request_id, clicks)
                feedback.write(to_line(said))


def _answers(
    requests: int, lift: float, random: np.random.Generator
) -> Iterator[tuple[Exposure, tuple[int, ...]]]:
    assignment = Assignment({"a": 50, "b": 50}, salt="simulated")
    orders = [tuple(random.permutation(_DOCUMENTS)[:_SHOWN].tolist()) for _ in range(_ORDERS)]
    scores = tuple(round(1.0 - place / _DOCUMENTS, 7) for place in range(_SHOWN))
    units = random.integers(0, max(requests // _REQUESTS_OF_UNIT, 2), requests)
    luck = random.random(requests)
    places = np.minimum(random.geometric(0.3, requests), _SHOWN) - 1
    latencies = random.lognormal(3.0, 0.4, requests)
    for i in range(requests):
        unit = f"unit-{units[i]}"
        variant = assignment.variant_of(unit)
        assert variant is not None
        order = orders[i % _ORDERS]
        exposure = Exposure(
            _START + _DAYS * 86_400.0 * i / requests,
            f"request-{i}",
            "simulated",
            SPLIT,
            variant,
            BY_BUCKET,
            unit,
            variant,
            "1",
            variant,
            "1",
            documents=_DOCUMENTS,
            order=order,
            scores=scores,
            latency_ms=float(latencies[i]),
        )
        clicked = luck[i] < _CLICKED + (lift if variant == "b" else 0.0)
        yield exposure, (order[places[i]],) if clicked else ()
