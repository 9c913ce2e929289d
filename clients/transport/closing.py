# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What every blocking client shares: leaving its ``with`` block closes its connections."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Optional, TypeVar

_Self = TypeVar("_Self", bound="ClosedOnExit")


class ClosedOnExit(ABC):
    """Use it as a context manager, or call :meth:`close` when done."""

    @abstractmethod
    def close(self) -> None:
        """Close the connections."""

    def __enter__(self: _Self) -> _Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        """Close the connections."""
        self.close()
