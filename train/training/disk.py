# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The disk that checkpoints lie on: what may go, what no longer fits, what a full one leaves."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Optional

from contract.errors import SetUpError
from train.model.checkpoint import PARAMETERS_FILE
from train.model.leftovers import megabytes

_CHECKPOINT = re.compile(r"model_(\d+)")


def steps_kept(save_dir: Path) -> list[int]:
    """Steps of the ``model_STEP`` that lie there, in order."""
    found = (_CHECKPOINT.fullmatch(path.name) for path in save_dir.iterdir())
    return sorted(int(match[1]) for match in found if match)


def remove_oldest(save_dir: Path, steps: Sequence[int], limit: int) -> list[int]:
    """Remove all but the newest ``limit`` of these ``model_STEP``; 0 keeps all.

    ``best`` and ``last`` are directories of their own, and stay whole.

    Returns:
        The steps whose checkpoints were removed.
    """
    removed = sorted(steps)[:-limit] if limit else []
    for step in removed:
        shutil.rmtree(save_dir / f"model_{step}")
    return removed


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Turn an error of the file system into one line that says what is still whole.

    Raises:
        SetUpError: the block could not write.
    """
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SetUpError(
            f"cannot be written ({reason}); {_kept(path.parent)}", field=str(path)
        ) from error


def _kept(save_dir: Path) -> str:
    try:
        whole = sorted(file.parent.name for file in save_dir.glob(f"[!.]*/{PARAMETERS_FILE}"))
    except OSError:
        whole = []
    if not whole:
        return "no checkpoint was kept"
    return f"kept whole: {', '.join(whole)}; make room and resume with --init_from_ckpt"


def too_little_room(save_dir: Path, parameters: int, averaged: bool) -> Optional[str]:
    """A line when two checkpoints will not fit, else ``None``.

    Args:
        save_dir: exists.
        parameters: numbers in the model, of 4 bytes; the optimiser has two of its own for each.
        averaged: whether checkpoints hold trained and averaged weights.
    """
    each = parameters * 4 * (4 if averaged else 3)
    free = shutil.disk_usage(save_dir).free
    if free >= 2 * each:
        return None
    return (
        f"{save_dir}: a checkpoint takes {megabytes(each)}, and {megabytes(free)} are free there; "
        "best and last need twice as much"
    )
