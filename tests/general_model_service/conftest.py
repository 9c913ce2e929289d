# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Tensor services that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from child_services.tensor_process import TensorProcess
from contract.rankers import CROSS_ENCODER
from tests.general_model_service.rpc_twins import RpcTwins, rpc_twins
from tests.tensor_service import tensor_service  # noqa: F401


@pytest.fixture(scope="session")
def pairwise(
    tensor_program: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TensorProcess]:
    """The default pair-wise bundle behind a service that pads and batches."""
    bundle = repository / "serving_models" / "pairwise" / "serving_server"
    with TensorProcess(bundle, tmp_path_factory.mktemp("pairwise"), "--pad_dynamic") as service:
        yield service


@pytest.fixture(scope="session")
def rpc_both(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RpcTwins]:
    """The Pipeline and the C++ service on one bundle, called over RPC."""
    with rpc_twins(bundles, CROSS_ENCODER, tmp_path_factory.mktemp("rpc_twins")) as running:
        yield running


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take out what a module of adopted tests names in LEFT_OUT."""
    left_out = [
        item
        for item in items
        for name in getattr(getattr(item, "module", None), "LEFT_OUT", ())
        if item.name.startswith(name)
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
