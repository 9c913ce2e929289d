# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml under ``rpc``: over what callers come, and whether they need a key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from pipeline.settings.key_types import Flag, Section, Text


@dataclass(frozen=True)
class RpcConfig(Section):
    """rpc: over what callers of rpc_port come, and whether they need a key.

    Attributes:
        ask_for_key: callers need one of ``http.api_keys``, when there are any; false: nobody does.
        tls_certificate: PEM file of the certificate and its chain; without it, plain gRPC.
        tls_key: PEM file of its private key.
        tls_client_ca: PEM file of authorities; callers need a certificate of one of them.
    """

    ask_for_key: Flag = True
    tls_certificate: Optional[Text] = None
    tls_key: Optional[Text] = None
    tls_client_ca: Optional[Text] = None
