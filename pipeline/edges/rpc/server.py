# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a gRPC server on an event loop, in a thread of its own, with bounds on its connections.

A call that waits, for its message or for its answer, holds no thread.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, Callable, Optional, TypeVar

import grpc
import grpc.aio
import uvloop

from contract.errors import ConfigError
from pipeline.settings.service import LimitsConfig

# calls at once over all connections; gRPC refuses what is beyond. Those over max_in_flight are
# refused too, but in Paddle Serving's words
_MOST_CALLS = 1024
_MOST_SENT_BYTES = 256 * 1024 * 1024
# after it an idle peer is asked whether it still is there
_KEEPALIVE_MS = 60_000
_KEEPALIVE_TIMEOUT_MS = 20_000
_START_S = 30.0
_T = TypeVar("_T")

Handler = Callable[[Any, Any], Coroutine[Any, Any, bytes]]


class RpcServer:
    """One method of one service; bytes both ways."""

    def __init__(
        self,
        path: tuple[str, str],
        handler: Handler,
        limits: LimitsConfig,
        calls: int,
        largest: int,
    ) -> None:
        """Start the loop; nothing is answered before :meth:`start`.

        Args:
            path: service and method.
            handler: answers one call; the first argument is of no use, the second its context.
            limits: of connections.
            calls: of one connection at once; a client keeps further ones until there is room.
            largest: bytes of a message that are still handed over.
        """
        service, method = path
        # as if the caller sent a stream: else gRPC would read the message before the handler runs
        handlers = {method: grpc.stream_unary_rpc_method_handler(handler)}
        self._handler = grpc.method_handlers_generic_handler(service, handlers)
        self._options = _options(limits, calls, largest)
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="rpc-edge", daemon=True)
        self._thread.start()
        self._server: Any = self._wait(self._make())

    def bind(self, address: str, credentials: Optional[grpc.ServerCredentials]) -> None:
        """Bind an address, before :meth:`start`.

        Args:
            address: ``host:port``.
            credentials: of TLS; ``None``: not encrypted.

        Raises:
            ConfigError: it is in use.
        """
        self._wait(self._bind(address, credentials))

    def start(self) -> None:
        """Begin to answer."""
        self._wait(self._server.start())

    @property
    def alive(self) -> bool:
        """Whether the server's thread runs."""
        return self._thread.is_alive()

    def stop(self, grace_s: float) -> threading.Event:
        """Take no more; the event returned is set when those in work are answered."""
        stopped = threading.Event()
        ending = asyncio.run_coroutine_threadsafe(self._server.stop(grace_s), self._loop)
        ending.add_done_callback(lambda _: stopped.set())
        return stopped

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _wait(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_START_S)

    async def _make(self) -> Any:
        # a server belongs to the loop that runs when it is made
        return grpc.aio.server(
            handlers=(self._handler,), options=self._options, maximum_concurrent_rpcs=_MOST_CALLS
        )

    async def _bind(self, address: str, credentials: Optional[grpc.ServerCredentials]) -> None:
        try:
            if credentials is None:
                self._server.add_insecure_port(address)
            else:
                self._server.add_secure_port(address, credentials)
        except RuntimeError as error:
            raise ConfigError(
                f"{address} cannot be bound; stop what listens there or choose another",
                field="rpc_port",
            ) from error


def _options(limits: LimitsConfig, calls: int, largest: int) -> Sequence[tuple[str, int]]:
    return (
        ("grpc.max_send_message_length", _MOST_SENT_BYTES),
        ("grpc.max_receive_message_length", largest),
        ("grpc.so_reuseport", 0),
        ("grpc.http2.bdp_probe", 0),
        # without it one connection could begin and cancel calls without end
        ("grpc.max_concurrent_streams", calls),
        ("grpc.max_allowed_incoming_connections", limits.max_connections),
        ("grpc.max_metadata_size", limits.max_header_bytes),
        ("grpc.absolute_max_metadata_size", limits.max_header_bytes),
        ("grpc.server_handshake_timeout_ms", int(limits.header_timeout_s * 1000)),
        ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
        ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
    )
