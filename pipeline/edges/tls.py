# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The files of TLS of either port: found to go together, and told when they change."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Callable, NamedTuple, Optional

from contract.errors import ConfigError
from pipeline.process.file_stamps import Stamp, stamp_of
from pipeline.settings.http import TlsKeys


class TlsFiles(NamedTuple):
    """PEM files.

    Attributes:
        section: of the configuration that names them.
        certificate: and its chain.
        key: of the certificate.
        client_ca: authorities of callers' certificates; ``None``: callers need none.
    """

    section: str
    certificate: Path
    key: Path
    client_ca: Optional[Path] = None

    def stamps(self) -> tuple[Stamp, ...]:
        """What differs when one of them has changed."""
        return tuple(stamp_of(path) for path in self[1:] if path is not None)

    def check(self) -> None:
        """Find out whether they can be used.

        Raises:
            ConfigError: they cannot be read, or do not go together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.certificate, self.key)
        except OSError as error:
            raise ConfigError(
                f"cannot use {self.certificate} with {self.key} ({error})",
                field=f"{self.section}.tls_certificate",
            ) from error
        if self.client_ca is None:
            return
        try:
            context.load_verify_locations(self.client_ca)
        except OSError as error:
            raise ConfigError(
                f"cannot use {self.client_ca} ({error})", field=f"{self.section}.tls_client_ca"
            ) from error


def tls_files(config: TlsKeys, section: str, resolve: Callable[[str], Path]) -> Optional[TlsFiles]:
    """The files of a section, found to be usable; ``None``: it is not encrypted.

    Raises:
        ConfigError: they cannot be read, or do not go together.
    """
    if config.tls_certificate is None or config.tls_key is None:
        return None
    client_ca = config.tls_client_ca
    files = TlsFiles(
        section,
        resolve(config.tls_certificate),
        resolve(config.tls_key),
        resolve(client_ca) if client_ca is not None else None,
    )
    files.check()
    return files
