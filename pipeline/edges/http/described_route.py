# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A route of Starlette's with its OpenAPI description."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Any, Callable, Optional

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

Endpoint = Callable[[Request], Awaitable[Response]]


class DescribedRoute(Route):
    """One path.

    Attributes:
        description: its OpenAPI operation; ``None``: the document does not tell of it.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        methods: Sequence[str],
        description: Optional[Mapping[str, Any]] = None,
    ) -> None:
        """Bind an endpoint.

        Args:
            path: with its parameters in braces.
            endpoint: answers.
            methods: these and no others.
            description: an OpenAPI operation.
        """
        super().__init__(path, endpoint)
        self.methods = set(methods)
        self.description = description


def get(
    path: str, endpoint: Endpoint, description: Optional[Mapping[str, Any]] = None
) -> DescribedRoute:
    """A path that is read; load balancers ask for its headers alone (HEAD)."""
    return DescribedRoute(path, endpoint, ("GET", "HEAD"), description)


def post(
    path: str, endpoint: Endpoint, description: Optional[Mapping[str, Any]] = None
) -> DescribedRoute:
    """A path that takes a body."""
    return DescribedRoute(path, endpoint, ("POST",), description)
