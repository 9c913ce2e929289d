# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""How far a command is, in one line of the terminal; nothing where stderr is no terminal."""

from __future__ import annotations

import time
from typing import TextIO

_WIDTH = 24
_EVERY_S = 0.1


class Progress:
    """Shows queries done, their rate, and a bar when the size of the input is known."""

    def __init__(self, stream: TextIO, total_bytes: int) -> None:
        """Show nothing yet.

        Args:
            stream: stderr.
            total_bytes: of the input; 0 when unknown.
        """
        self._stream = stream
        self._on = stream.isatty()
        self._total = total_bytes
        self._start = time.monotonic()
        self._shown_at = 0.0
        self._line = ""

    def show(self, queries: int, failed: int, read_bytes: int) -> None:
        """Show the state, if the last was shown long enough ago."""
        now = time.monotonic()
        if not self._on or now - self._shown_at < _EVERY_S:
            return
        self._shown_at = now
        rate = queries / max(now - self._start, 1e-9)
        line = f"{queries} queries, {rate:.1f}/s" + (f", {failed} failed" if failed else "")
        if self._total:
            share = min(1.0, read_bytes / self._total)
            filled = round(share * _WIDTH)
            line = f"[{'#' * filled}{'.' * (_WIDTH - filled)}] {share:4.0%} {line}"
        self._replace(line)

    def clear(self) -> None:
        """Leave the line empty for what else is to be said."""
        if self._line:
            self._replace("")

    def _replace(self, line: str) -> None:
        padding = " " * max(0, len(self._line) - len(line))
        self._stream.write(f"\r{line}{padding}" + ("" if line else "\r"))
        self._stream.flush()
        self._line = line
