# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps prepared directories for later runs: each is made once, whole or not at all.

Processes that want the same one wait for the first. All of it may be deleted at any time between
runs.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable


def kept_directory(cache_dir: Path, name: str, build: Callable[[Path], None]) -> tuple[Path, bool]:
    """The directory of a name, and whether it was made now.

    Args:
        cache_dir: holds it, and is made if it is not there.
        name: tells all apart that differ in any way.
        build: fills an empty directory.

    Raises:
        OSError: there is no room, or no right to write.
    """
    target = cache_dir / name
    cache_dir.mkdir(parents=True, exist_ok=True)
    with _locked(cache_dir / f"{name}.lock"):
        if target.is_dir():
            return target, False
        # of a run that was killed
        work = cache_dir / f"{name}.part"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            build(work)
            work.rename(target)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
    return target, True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a file's lock, which goes with the process that holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
