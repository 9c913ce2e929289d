# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml under ``tracing``, and what the environment adds to them."""

from __future__ import annotations

import importlib.util
import logging
import os
from dataclasses import dataclass, field
from typing import Optional
from urllib.parse import urlsplit

from contract.errors import ConfigError
from pipeline.settings.key_types import Section, Share, Text, TextMap

_LOGGER = logging.getLogger(__name__)
SERVICE_NAME = "ranking-stack"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_DISABLED = "OTEL_SDK_DISABLED"
_EXPORTERS = "OTEL_TRACES_EXPORTER"
_PACKAGE = "opentelemetry"
_INSTALL = (
    "pip install 'opentelemetry-sdk==1.26.*' 'opentelemetry-exporter-otlp-proto-http==1.26.*'"
)


@dataclass(frozen=True)
class TracingConfig(Section):
    """tracing: where traces are sent, and how many.

    Attributes:
        endpoint: of a collector, by OTLP over HTTP; without it the environment's, else no traces.
        sample_ratio: share of the requests traced whose caller does not say.
        service_name: of the resource; without it the environment's, else ranking-stack.
        headers: of each export, such as an API key.
    """

    endpoint: Optional[Text] = None
    sample_ratio: Share = 1.0
    service_name: Optional[Text] = None
    headers: TextMap = field(default_factory=dict)

    @property
    def traces_endpoint(self) -> Optional[str]:
        """Where spans are posted to; ``None`` leaves it to the environment."""
        if self.endpoint is None:
            return None
        base = self.endpoint.rstrip("/")
        return base if urlsplit(base).path else f"{base}/v1/traces"


def check_tracing(config: TracingConfig) -> None:
    """Checks that need more than a type.

    Raises:
        ConfigError: the endpoint is no URL.
    """
    if config.endpoint is None:
        return
    url = urlsplit(config.endpoint)
    if url.scheme not in ("http", "https") or not url.netloc:
        raise ConfigError(
            f"must be a URL like http://127.0.0.1:4318, got {config.endpoint!r}",
            field="tracing.endpoint",
        )


def tracing_asked(config: TracingConfig) -> bool:
    """Whether spans are to be told, by the file or by OpenTelemetry's variables.

    Raises:
        ConfigError: the file asks for it, and what it needs is not installed.
    """
    environment = os.environ
    if environment.get(_DISABLED, "").lower() == "true":
        return False
    by_environment = any(environment.get(name) for name in _ENDPOINTS)
    if config.endpoint is None and (
        not by_environment or environment.get(_EXPORTERS, "otlp") == "none"
    ):
        return False
    if importlib.util.find_spec(_PACKAGE) is not None:
        return True
    if config.endpoint is None:
        # set for all programs of a cluster, perhaps
        _LOGGER.warning("OTEL_* asks for traces, which need: %s", _INSTALL)
        return False
    raise ConfigError(f"needs what is not installed; {_INSTALL}", field="tracing.endpoint")
