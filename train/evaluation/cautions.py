# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Says of logits and labels what makes figures of them mean nothing.

Margins of the logits and labels of a file come in, lines for the reader go out. Training,
``train.evaluate`` and ``export.quantize`` print them beside the figures.
"""

from __future__ import annotations

from typing import Any, Union

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]
NO_VALUE = "no value"


def cautions(margins: NDArray[Any], labels: Labels) -> list[str]:
    """One line for each; none where all is well."""
    found = [*about_margins(margins)]
    relevant = int((np.asarray(labels) > 0).sum())
    if relevant in (0, len(labels)):
        found.append(
            f"{'no row' if not relevant else 'every row'} of {len(labels)} is relevant, so AUC has "
            "no value: it compares relevant rows with irrelevant ones; use a file that has both"
        )
    return found


def about_margins(
    margins: NDArray[Any], whose: str = "the ranker", *, has_logits: bool = True
) -> list[str]:
    """Whether the margins put anything in order; without logits they are scores, and called so."""
    values, what = np.asarray(margins), "logits" if has_logits else "scores"
    missing = int((~np.isfinite(values)).sum())
    if missing:
        return [
            f"{missing} of {len(values)} {what} of {whose} are no numbers, and count as the lowest"
        ]
    if len(values) > 1 and (values == values[0]).all():
        return [
            f"all {len(values)} {what} of {whose} are {values[0]:.6g}: it tells no title from "
            "another, and its figures are those of a random order"
        ]
    return []


def figure(value: Union[float, None], form: str = "") -> str:
    """A number for a terminal, in words where there is none."""
    return NO_VALUE if value is None or np.isnan(value) else f"{value:{form}}"
