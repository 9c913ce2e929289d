# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A path with a slash at its end is answered as the one without, whatever the method.

No redirect: clients turn a redirected POST into a GET, or send the body twice.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


class TrailingSlash:
    """The layer; the routes within see no such slash."""

    def __init__(self, app: Any, kept: Collection[str] = ()) -> None:
        """Bind the app inside.

        Args:
            app: the routes, or a layer around them.
            kept: paths that are routes of their own with their slash.
        """
        self._app = app
        self._kept = frozenset(("/", *kept))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Run one request."""
        path = scope.get("path", "")
        if path.endswith("/") and not path.endswith("//") and path not in self._kept:
            scope["path"] = path[:-1]
        await self._app(scope, receive, send)
