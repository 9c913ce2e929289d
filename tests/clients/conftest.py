# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One service of each kind for all tests of the clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from child_services.running_service import RunningService
from child_services.tensor_process import TensorProcess
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.clients.peers import serve  # noqa: F401
from tests.services import running_service
from tests.tensor_service import tensor_service  # noqa: F401


@pytest.fixture(scope="session")
def service(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A running service with limits small enough to exceed in a test."""
    limits = {"max_documents": 50, "max_document_chars": 1000, "max_body_bytes": 200_000}
    with running_service(bundles, tmp_path_factory.mktemp("service"), limits=limits) as running:
        yield running


@pytest.fixture(scope="session")
def models(repository: Path) -> Path:
    """The bundles of the repository."""
    return repository / "serving_models"


@pytest.fixture(scope="session")
def pairwise(
    tensor_program: Path, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The endpoint of a tensor service with the pair-wise bundle, which takes few bytes."""
    directory = tmp_path_factory.mktemp("pairwise")
    flags = ("--pad_dynamic", "--max_body_size", "100000")
    with TensorProcess(models / PAIRWISE, directory, *flags) as service:
        yield f"127.0.0.1:{service.port}"


@pytest.fixture(scope="session")
def cross_encoder(
    tensor_program: Path, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The endpoint of a tensor service with the cross-encoder's bundle."""
    directory = tmp_path_factory.mktemp("cross_encoder")
    with TensorProcess(models / CROSS_ENCODER, directory, "--pad_dynamic") as service:
        yield f"127.0.0.1:{service.port}"
