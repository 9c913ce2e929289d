# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Files of graded lists with the scores that rankers gave them, as JSON lines.

``{"query": text, "labels": [grade, ...], "scores": {ranker: [score, ...], ...}}``, and where they
are known ``"bundles": {ranker: version}`` and ``"logits": {ranker: [logit, ...]}``, which order the
documents also where all scores are 1.0. The command ``experiments.scored_lists`` writes such a file
by asking the running service; whoever has scores from elsewhere writes the lines himself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from contract.errors import DataError


@dataclass(frozen=True)
class ScoredList:
    """One query's documents.

    Attributes:
        query: its text.
        labels: grades of the documents.
        scores: by ranker, one per document.
        bundles: by ranker, the version that scored, where it is known.
        logits: by ranker, one per document, where they are known.
    """

    query: str
    labels: tuple[int, ...]
    scores: Mapping[str, tuple[float, ...]]
    bundles: Mapping[str, str] = field(default_factory=dict)
    logits: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def ordered_by(self, ranker: str) -> tuple[float, ...]:
        """A ranker's logits; where they are not known, its scores."""
        return self.logits.get(ranker) or self.scores[ranker]


def read_scored_lists(path: Path) -> list[ScoredList]:
    """Read JSON lines.

    Raises:
        DataError: ``file:line`` and what is wrong with it, or the file holds none.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", field=str(path)) from error
    lists = [_scored(raw, f"{path}:{n}") for n, raw in enumerate(lines, 1) if raw.strip()]
    if not lists:
        raise DataError("holds no lists", field=str(path))
    return lists


def _scored(raw: bytes, where: str) -> ScoredList:
    try:
        fields = json.loads(raw)
        labels = tuple(fields["labels"])
        scores, logits = _by_ranker(fields["scores"]), _by_ranker(fields.get("logits", {}))
        bundles = dict(fields.get("bundles", {}))
        made = ScoredList(str(fields["query"]), labels, scores, bundles, logits)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        message = f"needs query, labels and scores by ranker ({type(error).__name__}: {error})"
        raise DataError(message, field=where) from error
    if not labels or not all(type(label) is int and label >= 0 for label in labels):
        raise DataError("labels must be integers of at least 0", field=where)
    for kind, by_ranker in (("scores", scores), ("logits", logits)):
        for ranker, values in by_ranker.items():
            if len(values) != len(labels) or not np.isfinite(values).all():
                message = f"{kind} of {ranker} must be {len(labels)} finite numbers, one per label"
                raise DataError(message, field=where)
    return made


def _by_ranker(values: Mapping[str, Any]) -> dict[str, tuple[float, ...]]:
    return {str(ranker): tuple(map(float, numbers)) for ranker, numbers in values.items()}
