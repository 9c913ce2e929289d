# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""TLS of the RPC port; its files are read again when they change."""

from __future__ import annotations

import logging
from typing import Optional

import grpc

from contract.errors import ConfigError
from pipeline.edges.tls import TlsFiles

_LOGGER = logging.getLogger(__name__)


def reloading_credentials(files: TlsFiles) -> grpc.ServerCredentials:
    """Credentials that follow the files: they are looked at for each new connection."""
    seen = files.stamps()

    def changed() -> Optional[grpc.ServerCertificateConfiguration]:
        """Called by gRPC; what it raises would end the connection."""
        nonlocal seen
        now = files.stamps()
        if now == seen:
            return None
        try:
            files.check()
            made = _read(files)
        except (ConfigError, OSError) as error:
            # tried again for the next connection; a file may be half written
            _LOGGER.error("rpc: the change of TLS is refused, the old one goes on: %s", error)
            return None
        seen = now
        _LOGGER.info("rpc: certificate and key are read anew")
        return made

    return grpc.dynamic_ssl_server_credentials(
        _read(files),
        changed,  # type: ignore[arg-type]  # gRPC takes None: nothing has changed
        require_client_authentication=files.client_ca is not None,
    )


def _read(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    pair = files.key.read_bytes(), files.certificate.read_bytes()
    authorities = files.client_ca.read_bytes() if files.client_ca is not None else None
    return grpc.ssl_server_certificate_configuration([pair], authorities)
