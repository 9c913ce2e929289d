# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the service once for each scene, asks all of its requests, and keeps what it left."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from child_services.child import ChildService
from child_services.running_service import service_config
from child_services.tensor_process import PROGRAM, TensorProcess
from contract.rankers import PAIRWISE, RANKERS
from tests.bundles import FIXTURES as BUNDLES
from tests.golden_answers import experiments, gateway, inference, rerank, state, tensors
from tests.golden_answers.calls import AnyCall, Ports
from tests.golden_answers.masks import mask_text

REPOSITORY = Path(__file__).resolve().parents[2]
FIXTURES = REPOSITORY / "tests" / "fixtures" / "golden_answers"
TENSORS = "tensor_service"
SCENES = ("plain", "experiments", "guarded", TENSORS)
_LIMITS = {
    "max_documents": 20,
    "max_query_chars": 200,
    "max_document_chars": 2000,
    "max_body_bytes": 20_000,
    "max_header_bytes": 4096,
    "body_timeout_s": 0.5,
    "max_delay_ms": 0,
}
# shadows are scored after their answers, and written after that
_SHADOWS_S = 1.0
_START_LIMIT_S = 120.0
_POLL_S = 0.05


class Scene(NamedTuple):
    """A service and what it is asked.

    Attributes:
        config: keys that replace those of the shipped file.
        calls: in their order.
    """

    config: dict[str, Any]
    calls: Sequence[AnyCall]


def playable(name: str) -> bool:
    """Whether what a scene needs is there."""
    return name != TENSORS or PROGRAM.is_file()


def scene(name: str) -> Scene:
    """One of :data:`SCENES`."""
    if name == "experiments":
        return Scene({**experiments.CONFIG, "limits": _LIMITS}, experiments.calls())
    if name == "guarded":
        return Scene(_guarded_config(), state.guarded_calls())
    calls = [
        *state.http_calls(),
        *state.page_calls(REPOSITORY),
        *gateway.http_calls(),
        *rerank.http_calls(),
        *inference.http_calls(experiments.VERSION),
        *gateway.rpc_calls(),
        *state.traffic_calls(),
    ]
    config = {"limits": _LIMITS, "model_aliases": {"rerank-v3.5": "cross_encoder"}}
    return Scene(config, calls)


def _guarded_config() -> dict[str, Any]:
    bounds: dict[str, dict[str, int]] = {
        "open": {},
        "slow": {"requests_per_minute": 2},
        "small": {"documents_per_day": 3},
    }
    keys = [{"name": n, "sha256": state.digest(f"key-of-{n}"), **b} for n, b in bounds.items()]
    return {
        "limits": {**_LIMITS, "max_body_bytes_in_flight": 20_000, "max_tokens": 60},
        "http": {"api_keys": keys, "cors_origins": ["https://shop.example"]},
    }


class _Service(ChildService):
    """The service, started and waited for without a request: those are counted."""

    def __init__(self, changes: dict[str, Any], directory: Path, two_versions: bool) -> None:
        config = {**service_config(BUNDLES / "0", RANKERS), "log_format": "json", **changes}
        config["op"]["ernie"]["more_bundles"] = [str(BUNDLES / "1" / PAIRWISE)] * two_versions
        for op in config["op"].values():
            # choosing an engine takes longer than all requests
            op["engine"] = "openvino"
            op["local_service_conf"].update(thread_num=1, precision="fp32")
        self.ports = Ports(config["http_port"], config["rpc_port"])
        path = directory / "config.yml"
        path.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
        command = [sys.executable, "-m", "pipeline.web_service", "--config", str(path)]
        super().__init__(command, directory)
        deadline = time.monotonic() + _START_LIMIT_S
        while "ready after" not in self.log():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise self.failed("did not start")
            time.sleep(_POLL_S)


def play(name: str, directory: Path) -> dict[str, Any]:
    """All answers of a scene and the lines that its requests left.

    Args:
        name: of the scene.
        directory: empty; the service runs in it.
    """
    if name == TENSORS:
        return _play_tensors(directory)
    config, calls = scene(name)
    with _Service(config, directory, name == "experiments") as service:
        answers = _answers(calls, service.ports)
        time.sleep(_SHADOWS_S)
    return {"answers": answers, "lines": _lines(directory)}


def _play_tensors(directory: Path) -> dict[str, Any]:
    """Of the C++ program, which must be built."""
    with TensorProcess(BUNDLES / "0" / PAIRWISE, directory, "--pad_dynamic") as service:
        return {"answers": _answers(tensors.http_calls(), Ports(service.port)), "lines": {}}


def _answers(calls: Sequence[AnyCall], ports: Ports) -> list[dict[str, Any]]:
    return [{"route": call.route, "name": call.name, **call.answer(ports)} for call in calls]


def _lines(directory: Path) -> dict[str, list[str]]:
    """Of the request log, and of the records by kind: a shadow's may come at any time."""
    log = (directory / "PipelineServingLogs" / "pipeline.log").read_text(encoding="utf-8")
    found = {"request log": [ln for ln in log.splitlines() if "request_id" in json.loads(ln)]}
    for path in sorted((directory / "records").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            found.setdefault(f"records of {json.loads(line)['kind']}", []).append(line)
    return {name: [mask_text(line) for line in lines] for name, lines in found.items()}


def fixture(name: str) -> Path:
    """Where a scene's answers are recorded."""
    return FIXTURES / f"{name}.json"


def recorded(name: str) -> dict[str, Any]:
    """What the fixture holds."""
    content: dict[str, Any] = json.loads(fixture(name).read_text(encoding="utf-8"))
    return content
