# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every folder of tests shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.cpu import prepare_math_library
from contract.serving_packages import make_importable
from tests.bundles import make_bundles

prepare_math_library()
make_importable()

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The development data beside the checkout; where it is absent, the test skips."""
    path = REPOSITORY.parent / "shared" / "data"
    if not path.is_dir():
        pytest.skip(f"development data is not at {path}")
    return path


@pytest.fixture(scope="session")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of both tiny bundles."""
    return make_bundles(tmp_path_factory.mktemp("bundles"))
