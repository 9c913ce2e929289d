# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Puts right what killed processes left half written where checkpoints lie."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from pathlib import Path

from train.model.checkpoint import REPLACED

# what atomic_directory works in, and where it puts what it replaces
_WORK = re.compile(r"\.(?P<name>best|last|model_\d+)(?P<old>\.old)?\.[^.]+")


def clean_up(save_dir: Path) -> list[str]:
    """Remove what killed processes left half written, and put back what they were replacing.

    A process that lives holds a lock on what it is writing; that stays.

    Returns:
        A line for each directory that was removed or put back.
    """
    lines = []
    for path in sorted(save_dir.iterdir()) if save_dir.is_dir() else ():
        match = _WORK.fullmatch(path.name)
        if not match or not path.is_dir() or path.is_symlink() or _is_in_use(path):
            continue
        target = save_dir / match["name"]
        if match["old"] and (path / REPLACED).is_dir() and not target.exists():
            (path / REPLACED).rename(target)
            lines.append(f"{target}: put back, as the run that was replacing it was killed")
        else:
            lines.append(f"{path}: removed, left by a run that was killed ({_size(path)})")
        shutil.rmtree(path, ignore_errors=True)
    return lines


def _is_in_use(path: Path) -> bool:
    """Whether a process holds its lock; locks end with the process, however it ends."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _size(path: Path) -> str:
    """What is freed; a file that is elsewhere too takes no space here."""
    states = (file.lstat() for file in path.rglob("*"))
    return megabytes(sum(state.st_size for state in states if state.st_nlink == 1))


def megabytes(count: float) -> str:
    """A number of bytes for a reader."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
