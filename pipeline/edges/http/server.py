# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the HTTP app on uvicorn, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from typing import Optional

import uvicorn
import uvloop
from starlette.applications import Starlette

from pipeline.edges.http.layers.connection import bounded_connection
from pipeline.edges.tls import TlsFiles
from pipeline.settings.service import LimitsConfig
from pipeline.telemetry.metrics import Metrics

_LOGGER = logging.getLogger(__name__)
# uvloop takes one new connection from each listening socket in a turn of its loop; under load a
# turn lasts milliseconds, and hundreds of callers would wait for theirs
_ACCEPTED_AT_ONCE = 16


class HttpEdge:
    """One uvicorn server on a socket that is bound already."""

    def __init__(
        self,
        app: Starlette,
        limits: LimitsConfig,
        metrics: Metrics,
        tls: Optional[TlsFiles],
        bound: socket.socket,
    ) -> None:
        """Bind the app; :meth:`start` begins to answer.

        Args:
            app: answers.
            limits: of connections.
            metrics: count them.
            tls: files of TLS; ``None``: not encrypted.
            bound: where callers connect.
        """
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            http=bounded_connection(limits, metrics),  # type: ignore[arg-type]
            ws="none",
            h11_max_incomplete_event_size=limits.max_header_bytes,
            timeout_keep_alive=limits.keep_alive_s,
            server_header=False,
            proxy_headers=False,
            ssl_certfile=tls.certificate if tls else None,
            ssl_keyfile=tls.key if tls else None,
            ssl_ca_certs=str(tls.client_ca) if tls and tls.client_ca else None,
            ssl_cert_reqs=ssl.CERT_REQUIRED if tls and tls.client_ca else ssl.CERT_NONE,
        )
        config.load()
        self._tls = tls
        self._tls_seen = tls.stamps() if tls else ()
        self._context = config.ssl
        self._server = uvicorn.Server(config)
        self._socket = bound
        # with TLS uvloop does not say when a caller stops reading, and cuts off one that is slow
        self._encrypted = tls is not None
        self._thread = threading.Thread(target=self._run, name="http-edge", daemon=True)

    def _run(self) -> None:
        if self._encrypted:
            asyncio.run(self._server.serve(sockets=[self._socket]))
            return
        copies = [self._socket.dup() for _ in range(_ACCEPTED_AT_ONCE - 1)]
        uvloop.run(self._server.serve(sockets=[self._socket, *copies]))

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def follow_tls(self) -> None:
        """Read certificate, key and authorities again if they have changed, for new connections.

        An authority that is taken away stays trusted until a restart.

        Raises:
            ConfigError: they cannot be used; the old ones go on.
        """
        if self._tls is None or self._context is None or self._tls.stamps() == self._tls_seen:
            return
        seen = self._tls.stamps()
        self._tls.check()
        self._context.load_cert_chain(self._tls.certificate, self._tls.key)
        if self._tls.client_ca is not None:
            self._context.load_verify_locations(self._tls.client_ca)
        self._tls_seen = seen
        _LOGGER.info("http: certificate and key are read anew")

    @property
    def alive(self) -> bool:
        """Whether the server's thread runs."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Take no more connections; :meth:`join` waits for the answers still due."""
        self._server.should_exit = True

    def join(self, timeout_s: float) -> None:
        """Wait until the last answer is sent."""
        self._thread.join(timeout_s)
