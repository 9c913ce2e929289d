# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""TLS of a gRPC client: whom it trusts, and by which certificate it is known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Optional, Union

import grpc

from contract.errors import InvalidField

File = Union[str, Path]


class ClientTls(NamedTuple):
    """PEM files.

    Attributes:
        root_certificates: authorities that are trusted; ``None``: those that gRPC brings along.
        certificate: of the caller, and its chain, where the service asks for one.
        key: of that certificate.
    """

    root_certificates: Optional[File] = None
    certificate: Optional[File] = None
    key: Optional[File] = None

    def credentials(self) -> grpc.ChannelCredentials:
        """As gRPC takes them.

        Raises:
            InvalidField: a file cannot be read, or only one of certificate and key is given.
        """
        if (self.certificate is None) != (self.key is None):
            missing = "tls_key" if self.key is None else "tls_certificate"
            raise InvalidField("missing; certificate and key go together", field=missing)
        return grpc.ssl_channel_credentials(
            _read(self.root_certificates, "tls_ca"),
            _read(self.key, "tls_key"),
            _read(self.certificate, "tls_certificate"),
        )


def _read(path: Optional[File], name: str) -> Optional[bytes]:
    if path is None:
        return None
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InvalidField(f"cannot read {path} ({error.strerror})", field=name) from error
