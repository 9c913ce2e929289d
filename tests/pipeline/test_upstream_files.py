# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Upstream's forms of a configuration serve as upstream's do, services by their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from child_services.running_service import RunningService
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import strip_manifest
from tests.services import small_config
from tests.tensor_service import StartTensorService

PAIR = json.dumps(
    {"query": "感冒了应该吃什么药?", "title": "感冒时可以吃感冒灵颗粒"}, ensure_ascii=False
)


def predict(service: RunningService, name: str) -> Any:
    body = {"key": ["0"], "value": [PAIR]}
    answer = httpx.post(f"{service.url}/{name}/prediction", json=body, timeout=60.0).json()
    assert answer["err_no"] == 0, answer
    return dict(zip(answer["key"], answer["value"]))


@pytest.mark.parametrize("manifest", [True, False])
def test_a_cross_encoder_is_the_service_ernie(
    bundles: Path, tmp_path: Path, manifest: bool
) -> None:
    config = small_config(bundles)
    model = bundles / CROSS_ENCODER
    if not manifest:
        model = strip_manifest(model, tmp_path / "adopted") / "serving_server"
    config["op"] = {"ernie": {"local_service_conf": {"model_config": str(model)}}}
    config.pop("default_ranker", None)
    with RunningService(config, tmp_path) as service:
        answers = [predict(service, name) for name in ("ernie", "rocketqa", "ranker")]
    assert [answer["ranker"] for answer in answers] == [CROSS_ENCODER] * 3
    assert len({answer["predict"] for answer in answers}) == 1


def test_endpoints_and_a_client_config_are_a_remote_engine(
    bundles: Path, tmp_path: Path, tensor_service: StartTensorService
) -> None:
    remote = tensor_service(bundles / PAIRWISE)
    config = small_config(bundles)
    config["op"] = {
        "ernie": {
            "client_type": "brpc",
            "server_endpoints": [f"127.0.0.1:{remote.port}"],
            "client_config": str(bundles / PAIRWISE / "serving_client"),
            "fetch_list": ["predict"],
        }
    }
    config.pop("default_ranker", None)
    with RunningService(config, tmp_path) as service:
        answer = predict(service, "ernie")
        assert answer["ranker"] == PAIRWISE
