# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the kernel says of another process."""

from __future__ import annotations

from pathlib import Path

# stopped by a signal, or by a debugger
_STOPPED = ("T", "t")


def is_stopped(pid: int) -> bool:
    """Whether it stands still until it gets SIGCONT; one that has ended does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    # its name, in brackets, may hold anything
    return stat.rpartition(")")[2].split()[0] in _STOPPED
