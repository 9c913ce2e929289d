# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml under ``http``: who may call, from where, and over what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Optional

from pydantic import AfterValidator, WithJsonSchema

from contract.errors import ConfigError
from pipeline.settings.key_types import LIST, Count, Section, Text, Texts, refusal

_HOST = re.compile(r"\*|(?:\*\.)?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?")
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
    """

    name: Text = ""
    sha256: Digest = ""
    requests_per_minute: Optional[Count] = None
    max_in_flight: Optional[Count] = None
    documents_per_day: Optional[Count] = None


@dataclass(frozen=True)
class HttpConfig(Section):
    """http: who may call, from where, and over what.

    Attributes:
        api_keys: without any, everybody may call.
        cors_origins: of pages in browsers that may call; ``*`` is all.
        allowed_hosts: names of the service that Host may hold; ``*.`` before one stands for any.
        tls_certificate: PEM file of the certificate and its chain; without it, plain HTTP.
        tls_key: PEM file of its private key.
    """

    api_keys: Annotated[tuple[ApiKeyConfig, ...], LIST] = ()
    cors_origins: Texts = ()
    allowed_hosts: Texts = ()
    tls_certificate: Optional[Text] = None
    tls_key: Optional[Text] = None


def check_http(config: HttpConfig) -> None:
    """Checks that need more than one key.

    Raises:
        ConfigError: with the yaml path of what cannot be.
    """
    for i, one in enumerate(config.api_keys):
        where = f"http.api_keys[{i}]"
        if not one.name or not one.sha256:
            missing = "name" if not one.name else "sha256"
            raise ConfigError("missing", field=f"{where}.{missing}")
        if [k.name for k in config.api_keys].count(one.name) > 1:
            raise ConfigError(f"{one.name} stands twice", field=f"{where}.name")
    for i, host in enumerate(config.allowed_hosts):
        if not _HOST.fullmatch(host):
            raise ConfigError(
                "must be a name without scheme, port and path, such as rank.example.com or "
                f"*.example.com, got {host!r:.80}",
                field=f"http.allowed_hosts[{i}]",
            )
    if (config.tls_certificate is None) != (config.tls_key is None):
        missing = "tls_key" if config.tls_key is None else "tls_certificate"
        raise ConfigError("missing; certificate and key go together", field=f"http.{missing}")
