# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts real tensor services, for the tests that call one.

Where the program is not built these tests skip, all in one line of the summary. Under make, which
builds it and says so in TENSOR_SERVICE_BUILT, they fail.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Callable, Optional

import pytest

from child_services.tensor_process import PROGRAM, TensorProcess
from general_model_service.program import PROGRAM_VARIABLE

StartTensorService = Callable[..., TensorProcess]

BUILT_VARIABLE = "TENSOR_SERVICE_BUILT"


@pytest.fixture(scope="session")
def tensor_program() -> Path:
    """The built program; tests that take this, or a fixture that does, need it."""
    return PROGRAM


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Look for the program here: what a fixture skips has a line in the summary for each test."""
    if "tensor_program" in getattr(item, "fixturenames", ()):
        require_program(PROGRAM, os.environ)


def require_program(program: Path, environment: Mapping[str, str]) -> None:
    """Skip where the program is not built, fail where someone said that it is."""
    if program.is_file():
        return
    said = "the tensor service's program is not built: make build-tensor-service"
    if environment.get(BUILT_VARIABLE) or environment.get(PROGRAM_VARIABLE):
        pytest.fail(f"{said} ({program})", pytrace=False)
    pytest.skip(said)


@pytest.fixture
def tensor_service(
    tensor_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartTensorService]:
    """``tensor_service(bundle, *flags, tls=None)`` starts one; all are stopped after the test."""
    with ExitStack() as stack:

        def start(bundle: Path, *flags: str, tls: Optional[ssl.SSLContext] = None) -> TensorProcess:
            directory = tmp_path_factory.mktemp("tensor_service")
            return stack.enter_context(TensorProcess(bundle, directory, *flags, tls=tls))

        yield start
