# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Replace a directory by a new one in one step, so that no reader meets a half of either.

The new directory is filled beside the target under a name that starts with a dot; a process that
dies leaves it there, and the next one removes it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NOT_SUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


@contextmanager
def replacement(target: Path) -> Iterator[Path]:
    """Give an empty directory to fill; when the block ends well, it becomes ``target``.

    When the block raises, the target is untouched and the new directory is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent):
        _restore(target)
        _remove_abandoned(target)
        staging = Path(tempfile.mkdtemp(prefix=_prefix(target, "new"), dir=target.parent))
        lock = os.open(staging, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield staging
        Path(staging).chmod(0o755)
        sync_tree(staging)
        with _locked(target.parent):
            _take_place(staging, target)
            _sync(target.parent)
    finally:
        # the old directory after a success, the new one after a failure
        shutil.rmtree(staging, ignore_errors=True)
        os.close(lock)


def sync_tree(root: Path) -> None:
    """Have the disk hold every file and directory below ``root``, and ``root``."""
    for path in sorted(root.rglob("*"), reverse=True):
        _sync(path)
    _sync(root)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _prefix(target: Path, kind: str) -> str:
    return f".{target.name}.{kind}-"


def _restore(target: Path) -> None:
    """Undo the first of :func:`_rename_twice`'s renames when its process died before the second."""
    for aside in target.parent.glob(f"{_prefix(target, 'old')}*"):
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            Path(aside).rename(target)


def _remove_abandoned(target: Path) -> None:
    """Directories whose process is gone: a lock on a directory ends with its process."""
    for path in target.parent.glob(f"{_prefix(target, 'new')}*"):
        try:
            with _locked(path, wait=False):
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            continue


@contextmanager
def _locked(directory: Path, *, wait: bool = True) -> Iterator[None]:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)


def _take_place(staging: Path, target: Path) -> None:
    if not target.exists():
        try:
            Path(staging).rename(target)
            return
        except OSError as error:
            # another process put a directory there in the meantime
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
    try:
        exchange(staging, target)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        _rename_twice(staging, target)


def exchange(first: Path, second: Path) -> None:
    """Swap two names in one step (renameat2 with RENAME_EXCHANGE, Linux 3.15).

    Raises:
        OSError: this C library, kernel or file system cannot; ``errno`` says which.
    """
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    names = [os.fsencode(path) for path in (first, second)]
    if library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(second))


def _rename_twice(staging: Path, target: Path) -> None:
    """For file systems without an exchange: between the two renames the target is absent.

    A process killed there leaves no directory under the target's name, never a half of one; the
    old one lies whole beside it, and the next replacement puts it back.
    """
    aside = Path(tempfile.mkdtemp(prefix=_prefix(target, "old"), dir=target.parent))
    Path(target).rename(aside)
    try:
        Path(staging).rename(target)
    except OSError:
        Path(aside).rename(target)
        raise
    shutil.rmtree(aside, ignore_errors=True)
