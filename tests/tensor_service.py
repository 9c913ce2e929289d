# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts real tensor services, for the tests that call one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Callable

import pytest

from child_services.tensor_process import TensorProcess

StartTensorService = Callable[..., TensorProcess]


@pytest.fixture
def tensor_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartTensorService]:
    """``tensor_service(bundle, *flags)`` starts one; all are stopped after the test."""
    with ExitStack() as stack:

        def start(bundle: Path, *flags: str) -> TensorProcess:
            directory = tmp_path_factory.mktemp("tensor_service")
            return stack.enter_context(TensorProcess(bundle, directory, *flags))

        yield start
