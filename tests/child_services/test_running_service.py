# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A service as a child process: it leaves nothing behind, and says why it does not start."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from child_services.child import free_port
from child_services.running_service import RunningService, service_config
from clients.http_client import HttpRankerClient
from contract.errors import SetUpError
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.services import running_service


def processes_of_session(leader: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if os.getsid(int(entry.name)) == leader:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_it_answers_tells_its_memory_and_leaves_nothing_behind(
    bundles: Path, tmp_path: Path
) -> None:
    with running_service(bundles, tmp_path) as service:
        with HttpRankerClient(service.url) as client:
            assert client.rank("q", ["t"]).ranker == PAIRWISE
        assert 50 < service.memory_mb() <= service.memory_mb(peak=True)
        assert 0.1 < service.processor_s() <= service.processor_s()
        assert service.first_answer_s > 0
    assert service.process.returncode == 0
    assert processes_of_session(service.process.pid) == []


def test_a_service_that_hangs_is_killed(bundles: Path, tmp_path: Path) -> None:
    with running_service(bundles, tmp_path) as service:
        service.stop_limit_s = 0.2
        os.kill(service.process.pid, signal.SIGSTOP)
    assert service.process.returncode == -signal.SIGKILL
    assert processes_of_session(service.process.pid) == []


def test_a_service_that_cannot_start_says_why(bundles: Path, tmp_path: Path) -> None:
    config = service_config(bundles, RANKERS)
    config["op"]["ernie"]["local_service_conf"]["model_config"] = str(tmp_path / "nowhere")
    with pytest.raises(SetUpError, match=r"the service ended: .*nowhere"):
        RunningService(config, tmp_path)


def test_only_the_rankers_asked_for_are_configured(bundles: Path) -> None:
    config = service_config(bundles, (CROSS_ENCODER,))
    assert "ernie" not in config["op"]
    assert config["default_ranker"] == CROSS_ENCODER
    model = config["op"]["rocketqa"]["local_service_conf"]["model_config"]
    assert Path(model) == bundles.resolve() / CROSS_ENCODER / "serving_server"


def test_free_ports_differ_from_the_default_ones() -> None:
    assert {free_port(), free_port()}.isdisjoint({8088, 8089})
