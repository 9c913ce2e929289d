# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Fixtures that every folder of tests shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.environment.cpu import prepare_math_library
from contract.environment.serving_packages import make_importable
from tests.bundles import make_bundles
from tests.sets import ON_CARD
from tests.tensor_service import pytest_runtest_setup, tensor_program  # noqa: F401

prepare_math_library()
make_importable()

REPOSITORY = Path(__file__).resolve().parent.parent

# training is PaddleNLP's; teachers of other frameworks need packages of modern's
_TEACHERS = REPOSITORY / "tests" / "train" / "teachers"
_OF_CARD = [path for path in _TEACHERS.parent.iterdir() if path != _TEACHERS]
collect_ignore = [] if ON_CARD else [str(path) for path in _OF_CARD if path.name != "conftest.py"]


def pytest_report_header() -> str:
    """Say which packages are under test, and what is left to the other set's run."""
    if ON_CARD:
        return "set: card (Python 3.9, the packages of Paddle Serving 0.9)"
    return "set: modern; tests/train and what else needs card's packages: make test-card"


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
