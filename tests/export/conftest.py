# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Exports and bundles of tiny real rankers, once for all tests of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.bundles import build_checkpoint, build_export
from tests.tensor_service import tensor_service  # noqa: F401


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``<root>/<ranker>`` as ``export_model`` writes it; read only."""
    root = tmp_path_factory.mktemp("exports")
    for ranker in RANKERS:
        build_export(root, ranker)
    return root


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``<root>/<ranker>`` as training writes it; read only."""
    root = tmp_path_factory.mktemp("checkpoints")
    for ranker in RANKERS:
        build_checkpoint(root, ranker)
    return root


@pytest.fixture(params=[PAIRWISE, CROSS_ENCODER])
def ranker(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def export_dir(exports: Path, ranker: str, tmp_path: Path) -> Path:
    """A copy that the test may damage."""
    return Path(shutil.copytree(exports / ranker, tmp_path / "export"))


@pytest.fixture
def plain_dir(export_dir: Path) -> Path:
    """The same without what upstream's export does not write."""
    for name in ("export.json", "golden.jsonl", "config.json", "parameters.json"):
        (export_dir / name).unlink()
    shutil.rmtree(export_dir / "tokenizer")
    return export_dir
