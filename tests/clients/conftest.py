# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One service for all tests of the clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.service import RunningService
from tests.services import running_service


@pytest.fixture(scope="session")
def service(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A running service with limits small enough to exceed in a test."""
    limits = {"max_documents": 50, "max_document_chars": 1000, "max_body_bytes": 200_000}
    with running_service(bundles, tmp_path_factory.mktemp("service"), limits=limits) as running:
        yield running
