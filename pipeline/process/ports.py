# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Finds out which ports are free, by binding them."""

from __future__ import annotations

import socket
from contextlib import closing

from contract.errors import ConfigError

# upstream looks for an rpc_port from here when the file names none
_FIRST_FREE_PORT = 12000


def bind(port: int, key: str) -> socket.socket:
    """A socket bound to the port on all addresses.

    Args:
        port: to bind.
        key: of the configuration, for the error.

    Raises:
        ConfigError: the port is in use.
    """
    # asyncio turns Nagle's delay off for sockets that name their protocol only: 40 ms an answer
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # a restart must not wait for old connections in TIME_WAIT; a listening port is refused still
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("0.0.0.0", port))
        bound.listen(1024)
    except OSError as error:
        bound.close()
        reason = error.strerror or str(error)
        raise ConfigError(
            f"{port} cannot be bound ({reason}); stop what listens there or choose another",
            field=key,
        ) from error
    return bound


def check(port: int, key: str) -> None:
    """Raise ConfigError unless the port is free."""
    with closing(bind(port, key)):
        pass


def first_free() -> int:
    """The first free port that upstream would take for RPC."""
    for port in range(_FIRST_FREE_PORT, 65536):
        try:
            check(port, "rpc_port")
        except ConfigError:
            continue
        return port
    raise ConfigError("no free port from 12000 up; name one", field="rpc_port")
