# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Binds ports, on all addresses or on one, and finds out which are free."""

from __future__ import annotations

import errno
import socket
from contextlib import closing
from typing import Any, Optional

from contract.errors import ConfigError

_ALL_IPV4 = "0.0.0.0"


def bind(port: int, key: str, host: Optional[str] = None) -> socket.socket:
    """A socket that listens on the port.

    Args:
        port: to bind.
        key: of the configuration, ``rpc`` or ``http``, for the error.
        host: a name or an address, of IPv4 or IPv6; ``None``: all addresses of IPv4. ``::`` takes
            both kinds.

    Raises:
        ConfigError: there is no such address here, or the port is in use.
    """
    family, address = _resolved(host or _ALL_IPV4, port, f"{key}_host")
    # asyncio turns Nagle's delay off for sockets that name their protocol only: 40 ms an answer
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if family == socket.AF_INET6:
        bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    # a restart must not wait for old connections in TIME_WAIT; a listening port is refused still
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen(1024)
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        if error.errno == errno.EADDRNOTAVAIL:
            raise ConfigError(
                f"{host} is no address of this machine ({reason}); name one, or leave it out",
                field=f"{key}_host",
            ) from error
        raise ConfigError(
            f"{port} cannot be bound ({reason}); stop what listens there or choose another",
            field=f"{key}_port",
        ) from error
    return bound


def check(port: int, key: str, host: Optional[str] = None) -> None:
    """Raise ConfigError unless the port is free; arguments are those of :func:`bind`."""
    with closing(bind(port, key, host)):
        pass


def shown(port: int, host: Optional[str]) -> str:
    """Where it listens, for readers: ``host:port``, or the port alone."""
    if host is None:
        return str(port)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _resolved(host: str, port: int, key: str) -> tuple[socket.AddressFamily, Any]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(
            f"{host} is no address ({error.strerror}); name one of this machine, or leave it out",
            field=key,
        ) from error
    return found[0][0], found[0][4]
