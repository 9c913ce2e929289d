# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests that grow when they are read: memory stays, and the service goes on answering."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from child_services.tensor_process import TensorProcess
from tests.general_model_service import bombs, wire
from tests.tensor_service import StartTensorService

# one bomb that is read to its end takes 3 GB
GROWTH_MB = 300.0
# eight bodies as large as one may be, of all of which the default keeps 384 MiB
GROWTH_OF_LARGE_MB = 640.0
CASES = [
    *((kind, count, GROWTH_MB) for kind in bombs.COMPRESSED for count in (1, 8)),
    *((kind, 8, GROWTH_OF_LARGE_MB) for kind in bombs.LARGE),
]


@pytest.fixture(scope="module")
def target(
    tensor_program: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TensorProcess]:
    bundle = repository / "serving_models" / "pairwise"
    with TensorProcess(bundle, tmp_path_factory.mktemp("target")) as service:
        yield service


@pytest.mark.parametrize(
    ("kind", "count", "growth_mb"), CASES, ids=lambda value: str(getattr(value, "__name__", value))
)
def test_a_bomb_is_refused_and_takes_no_memory(
    target: TensorProcess, kind: bombs.Bomb, count: int, growth_mb: float
) -> None:
    assert wire.alive(target.port)
    pid = target.process.pid
    before = bombs.memory_mb(pid)
    bombs.forget_peak(pid)
    answers = bombs.together(kind, target.port, count)
    peak = bombs.memory_mb(pid, "VmHWM")
    assert set(answers) <= bombs.REFUSED, answers
    assert peak - before < growth_mb, (before, peak, bombs.memory_mb(pid))
    assert wire.alive(target.port)


def test_bodies_together_are_bounded(tensor_service: StartTensorService, repository: Path) -> None:
    service = tensor_service(
        repository / "serving_models" / "pairwise", "--max_bytes_in_flight", str(16 * 2**20)
    )
    before = bombs.memory_mb(service.process.pid)
    with bombs.half_sent(service.port, connections=12, size=4 * 2**20) as statuses:
        assert bombs.memory_mb(service.process.pid) - before < GROWTH_MB
        assert statuses.count(429) >= 9, "the rest holds all that there is"
        assert wire.alive(service.port), "a small request still has its place"
    assert wire.alive(service.port)
