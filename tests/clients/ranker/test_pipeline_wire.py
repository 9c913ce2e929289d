# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The messages that the client describes itself, against Paddle Serving's generated ones."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Union

import pytest

from clients.ranker.pipeline_wire import INFERENCE, decode_response, encode_request
from contract.environment.serving_packages import messages_of
from contract.errors import InvalidField
from contract.wire.caller_errors import UnreadableAnswer
from tests.sets import ON_CARD


def load_generated() -> Union[ModuleType, SimpleNamespace]:
    """Paddle Serving's module alone: its package writes logs into the working directory."""
    package = importlib.util.find_spec("paddle_serving_server")
    assert package is not None
    assert package.origin is not None
    path = Path(package.origin).parent / "pipeline" / "proto" / "pipeline_service_pb2.py"
    if not ON_CARD:
        return SimpleNamespace(**messages_of(path))
    spec = importlib.util.spec_from_file_location("generated_pipeline_service_pb2", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generated = load_generated()


def test_paddle_servings_module_reads_the_request_and_lives_beside_ours() -> None:
    data = encode_request({"query": "感冒", "documents": '["a"]'}, "ernie", 2**40)
    request = generated.Request.FromString(data)
    assert list(request.key) == ["query", "documents"]
    assert list(request.value) == ["感冒", '["a"]']
    assert (request.name, request.method, request.logid) == ("ernie", "prediction", 2**40)
    assert data == generated.Request.FromString(data).SerializeToString()


def test_the_method_is_the_one_that_paddle_serving_registers() -> None:
    service = generated.DESCRIPTOR.services_by_name["PipelineService"]
    assert f"/{service.full_name}/{service.methods[0].name}" == INFERENCE


@pytest.mark.parametrize("ours_first", [True, False])
def test_both_modules_import_in_either_order(
    ours_first: bool, repository: Path, tmp_path: Path
) -> None:
    imports = [
        "import clients.ranker.pipeline_wire",
        "import pipeline.dag.paddle_serving",
    ]
    program = "\n".join(imports if ours_first else reversed(imports))
    environment = {**os.environ, "PYTHONPATH": str(repository)}
    command = [sys.executable, "-c", program]
    subprocess.run(command, check=True, cwd=tmp_path, env=environment, timeout=60)


def test_a_response_with_tensors_is_read_without_them() -> None:
    response = generated.Response(err_no=0, key=["predict"], value=["[0.5]"])
    response.tensors.add(name="predict", float_data=[0.5], elem_type=1, shape=[1])
    assert decode_response(response.SerializeToString()).fields == {"predict": "[0.5]"}


def test_an_error_keeps_its_number_and_text() -> None:
    data = generated.Response(err_no=3002, err_msg="no such service").SerializeToString()
    answer = decode_response(data)
    assert (answer.err_no, answer.err_msg, answer.fields) == (3002, "no such service", {})


@pytest.mark.parametrize(
    "data",
    [
        b"garbage",
        b"\x1a\x01\xff",
        generated.Response(key=["a"]).SerializeToString(),
        generated.Response(key=["a", "a"], value=["1", "2"]).SerializeToString(),
    ],
    ids=["no message", "invalid UTF-8", "a key without value", "a key twice"],
)
def test_anything_else_is_not_an_answer(data: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        decode_response(data)


@pytest.mark.parametrize("log_id", [2**63, -(2**63) - 1, 1.5])
def test_a_log_id_that_does_not_fit_is_named(log_id: object) -> None:
    with pytest.raises(InvalidField, match="log_id"):
        encode_request({"query": "q"}, "ranker", log_id)  # type: ignore[arg-type]


@pytest.mark.parametrize(("query", "service"), [("\ud800", "ranker"), ("q", "\udcff")])
def test_a_lone_surrogate_is_refused_before_it_is_sent(query: str, service: str) -> None:
    with pytest.raises(InvalidField, match="surrogate"):
        encode_request({"query": query}, service, 0)
