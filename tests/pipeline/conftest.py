# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One service for all tests that only call it, and the bundles for those that start their own."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from child_services.running_service import RunningService
from tests.clients.peers import serve  # noqa: F401
from tests.services import running_service, small_config
from tests.tensor_service import tensor_service  # noqa: F401

MAX_BODY_BYTES = 8 * 1024 * 1024


@pytest.fixture(scope="session", autouse=True)
def upstream_logs(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Importing Paddle Serving opens log files; not in the checkout."""
    os.environ["SERVING_LOG_PATH"] = str(tmp_path_factory.mktemp("upstream"))
    import pipeline.dag.paddle_serving  # noqa: F401

    del os.environ["SERVING_LOG_PATH"]
    for logger in logging.root.manager.loggerDict.values():
        # the import disables the loggers that exist
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture(scope="session")
def service(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Both rankers in thread mode, with the default limits but for the body."""
    directory = tmp_path_factory.mktemp("service")
    limits = {"max_body_bytes": MAX_BODY_BYTES}
    with running_service(bundles, directory, limits=limits) as running:
        yield running


@pytest.fixture()
def config(bundles: Path) -> dict[str, Any]:
    """Keys of a configuration on free ports, to change and to start a service with."""
    return small_config(bundles)
