# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""GET /ready and /health tell what cannot rank: tensor services gone, processes stopped, batches.

Each of them is brought about on real processes.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import httpx

from contract.rankers import PAIRWISE
from tests.pipeline.calls import http_call, rank
from tests.pipeline.engines.remote_services import endpoint, kill
from tests.pipeline.launch import Launched
from tests.pipeline.test_life import InTheBackground
from tests.tensor_service import StartTensorService
from tests.waiting import wait_until


def url_of(config: dict[str, Any]) -> str:
    return f"http://127.0.0.1:{config['http_port']}"


def remote(config: dict[str, Any], *endpoints: str) -> dict[str, Any]:
    """One ranker, whose rows others compute."""
    del config["op"]["rocketqa"]
    config["default_ranker"] = PAIRWISE
    config["op"]["ernie"].update(engine="remote", server_endpoints=list(endpoints))
    return config


def test_tensor_services_that_are_gone_are_named(
    bundles: Path, config: dict[str, Any], tensor_service: StartTensorService, tmp_path: Path
) -> None:
    first, second = (tensor_service(bundles / PAIRWISE) for _ in range(2))
    with Launched(remote(config, endpoint(first), endpoint(second)), tmp_path) as service:
        service.wait_ready()
        url = url_of(config)
        assert http_call(url, "/ready", method="GET").status == 200
        kill(first)
        assert rank(url, query="感冒", documents=["感冒灵"]).err_no == 0
        kill(second)
        wait_until(lambda: http_call(url, "/ready", method="GET").status == 503, "it is told")
        reply = http_call(url, "/ready", method="GET")
        assert "no tensor service answers" in reply.err_msg
        assert endpoint(first) in reply.err_msg
        assert endpoint(second) in reply.err_msg
        assert http_call(url, "/health", method="GET").status == 200, "a restart would not help"


def test_an_op_process_that_is_stopped_is_named(config: dict[str, Any], tmp_path: Path) -> None:
    config["dag"] = {"is_thread_op": False}
    with Launched(config, tmp_path) as service:
        service.wait_ready()
        url = url_of(config)
        assert http_call(url, "/ready", method="GET").status == 200
        child = service.children()[0]
        os.kill(child, signal.SIGSTOP)
        reply = http_call(url, "/ready", method="GET")
        assert reply.status == 503
        assert f"(process {child}) is stopped; send it SIGCONT" in reply.err_msg
        os.kill(child, signal.SIGCONT)
        wait_until(lambda: http_call(url, "/ready", method="GET").status == 200, "it goes on")


def test_a_batch_that_hangs_fails_the_health(
    bundles: Path, config: dict[str, Any], tensor_service: StartTensorService, tmp_path: Path
) -> None:
    computing = tensor_service(bundles / PAIRWISE)
    config["scheduler"] = {"max_compute_s": 0.5}
    with Launched(remote(config, endpoint(computing)), tmp_path) as service:
        service.wait_ready()
        url = url_of(config)
        assert http_call(url, "/health", method="GET").status == 200
        os.killpg(computing.process.pid, signal.SIGSTOP)
        request = InTheBackground([lambda: rank(url, query="感冒", documents=["感冒灵"])])
        wait_until(lambda: http_call(url, "/health", method="GET").status == 503, "it is told")
        reply = http_call(url, "/health", method="GET")
        assert "a batch has been computed for" in reply.err_msg
        assert "scheduler.max_compute_s" in reply.err_msg
        assert http_call(url, "/ready", method="GET").status == 503
        assert httpx.get(f"{url}/v2/health/live").status_code == 503
        os.killpg(computing.process.pid, signal.SIGCONT)
        assert request.wait()[0].err_no == 0
        assert http_call(url, "/health", method="GET").status == 200
