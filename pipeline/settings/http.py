# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml under ``http``: who may call, from where, and over what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Optional, Protocol

from pydantic import AfterValidator, WithJsonSchema

from contract.errors import ConfigError
from pipeline.settings.key_types import LIST, Count, Section, Text, Texts, refusal

_HOST = re.compile(r"\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
_SOURCES = ("sha256", "key_file", "key_env")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def _digest(text: str) -> str:
    digest = text.lower()
    if not _SHA256.fullmatch(digest):
        raise refusal(
            "must be the SHA-256 of the key in hexadecimal; printf %s KEY | sha256sum prints it"
        )
    return digest


Digest = Annotated[
    Text,
    AfterValidator(_digest),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}),
]


@dataclass(frozen=True)
class ApiKeyConfig(Section):
    """http.api_keys[i]: one caller's.

    Attributes:
        name: of the key's owner, in refusals; the key itself stands nowhere.
        sha256: of the key, in hexadecimal.
        requests_per_minute: that the key may send; a burst of as many may come at once.
        max_in_flight: requests of the key in work at once.
        documents_per_day: that the key may have ranked from midnight to midnight, UTC.
        key_file: in place of ``sha256``: a file that holds the key; read again when it changes.
        key_env: in place of ``sha256``: the environment variable that holds the key.
    """

    name: Text = ""
    sha256: Digest = ""
    requests_per_minute: Optional[Count] = None
    max_in_flight: Optional[Count] = None
    documents_per_day: Optional[Count] = None
    key_file: Optional[Text] = None
    key_env: Optional[Text] = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The keys that say what the API key is."""
        return tuple(name for name in _SOURCES if getattr(self, name))


@dataclass(frozen=True)
class HttpConfig(Section):
    """http: who may call, from where, and over what.

    Attributes:
        api_keys: without any, everybody may call.
        cors_origins: of pages in browsers that may call; ``*`` is all.
        allowed_hosts: names of the service that Host may hold; ``*.`` before one stands for any.
        tls_certificate: PEM file of the certificate and its chain; without it, plain HTTP.
        tls_key: PEM file of its private key.
        tls_client_ca: PEM file of authorities; callers need a certificate of one of them.
    """

    api_keys: Annotated[tuple[ApiKeyConfig, ...], LIST] = ()
    cors_origins: Texts = ()
    allowed_hosts: Texts = ()
    tls_certificate: Optional[Text] = None
    tls_key: Optional[Text] = None
    tls_client_ca: Optional[Text] = None


def check_http(config: HttpConfig) -> None:
    """Checks that need more than one key.

    Raises:
        ConfigError: with the yaml path of what cannot be.
    """
    for i, one in enumerate(config.api_keys):
        where = f"http.api_keys[{i}]"
        if not one.name:
            raise ConfigError("missing", field=f"{where}.name")
        if len(one.sources) != 1:
            found = f"{' and '.join(one.sources)} are given" if one.sources else "missing"
            raise ConfigError(
                f"{found}; give one of {', '.join(_SOURCES)}", field=f"{where}.{_SOURCES[0]}"
            )
        if [k.name for k in config.api_keys].count(one.name) > 1:
            raise ConfigError(f"{one.name} stands twice", field=f"{where}.name")
    for i, host in enumerate(config.allowed_hosts):
        if not _HOST.fullmatch(host):
            raise ConfigError(
                "must be a name without scheme, port and path, such as rank.example.com or "
                f"*.example.com, got {host!r:.80}",
                field=f"http.allowed_hosts[{i}]",
            )
    check_tls(config, "http")


class TlsKeys(Protocol):
    """A section with the keys of TLS."""

    @property
    def tls_certificate(self) -> Optional[str]:
        """PEM file."""

    @property
    def tls_key(self) -> Optional[str]:
        """PEM file."""

    @property
    def tls_client_ca(self) -> Optional[str]:
        """PEM file."""


def check_tls(config: TlsKeys, section: str) -> None:
    """Certificate and key go together, and clients' authorities with them.

    Raises:
        ConfigError: with the yaml path of what is missing.
    """
    if (config.tls_certificate is None) != (config.tls_key is None):
        missing = "tls_key" if config.tls_key is None else "tls_certificate"
        raise ConfigError("missing; certificate and key go together", field=f"{section}.{missing}")
    if config.tls_client_ca is not None and config.tls_certificate is None:
        raise ConfigError(
            "missing; tls_client_ca needs a certificate and a key of the service",
            field=f"{section}.tls_certificate",
        )
