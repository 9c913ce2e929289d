# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks and splits ``host:port`` texts, the addresses of services."""

from __future__ import annotations

import re

from contract.errors import InvalidField

_ENDPOINT = re.compile(r"[^\s/@,]+:\d{1,5}")


def checked_endpoint(text: str, example: str) -> str:
    """``text`` itself.

    Raises:
        InvalidField: it is not ``host:port``.
    """
    if not _ENDPOINT.fullmatch(text):
        raise InvalidField(f"must be host:port like {example}, got {text!r}", field="endpoint")
    return text


def host_and_port(endpoint: str) -> tuple[str, int]:
    """The parts of a checked endpoint; an IPv6 address loses its brackets."""
    host, _, port = endpoint.rpartition(":")
    return host.strip("[]"), int(port)
