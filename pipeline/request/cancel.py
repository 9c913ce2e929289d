# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Cancels the work on a request when its caller has gone."""

from __future__ import annotations

import threading
from typing import Any, Callable


class Cancel:
    """Tells once; safe between threads. A copy in another process tells nobody there."""

    def __init__(self) -> None:
        """Nobody has gone yet."""
        self._lock = threading.Lock()
        self._hear: list[Callable[[], Any]] = []
        self.gone = False

    def __reduce__(self) -> tuple[type[Cancel], tuple[()]]:
        return Cancel, ()

    def tell(self) -> None:
        """The caller has gone."""
        with self._lock:
            self.gone, hear = True, self._hear
            self._hear = []
        for call in hear:
            call()

    def hear(self, call: Callable[[], Any]) -> None:
        """Have ``call`` called when the caller goes; at once when it has."""
        with self._lock:
            if not self.gone:
                self._hear.append(call)
                return
        call()
