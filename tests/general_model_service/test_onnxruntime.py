# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime as the engine of the service: on the CPU here, by the code that a GPU runs too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from contract.errors import SetUpError
from general_model_service.onnxruntime_files import LIBRARY_VARIABLE
from tests.make_graph_fixture import FIXTURE
from tests.sets import modern_only
from tests.tensor_service import StartTensorService

SHIPPED = Path(__file__).resolve().parents[2] / "serving_models" / "pairwise"
ENGINE = ("--engine", "onnxruntime")
BODY = {"query": "感冒药", "documents": ["感冒灵颗粒", "苹果手机壳", "合同", "感冒清热"]}


def ranked(url: str) -> dict[int, float]:
    answer: dict[str, Any] = httpx.post(f"{url}/rerank", json=BODY).raise_for_status().json()
    return {one["index"]: one["relevance_score"] for one in answer["results"]}


@modern_only
def test_texts_are_ranked_as_by_openvino(tensor_service: StartTensorService) -> None:
    found = ranked(tensor_service(FIXTURE, *ENGINE).url)
    expected = ranked(tensor_service(FIXTURE).url)
    assert list(found) == list(expected)
    assert found == pytest.approx(expected, abs=1e-4)


@modern_only
@pytest.mark.parametrize(
    ("bundle", "flags", "said"),
    [
        (FIXTURE, ("--gpu_ids", "0"), "--gpu_ids has no effect: this service computes on the CPU"),
        (FIXTURE, ("--precision", "bf16"), "--precision bf16: ONNX Runtime computes in fp32 here"),
        (SHIPPED, (), "no .onnx in it, which ONNX Runtime computes; publish the bundle with one"),
    ],
)
def test_what_it_does_not_do_is_said(
    tensor_service: StartTensorService, bundle: Path, flags: tuple[str, ...], said: str
) -> None:
    if flags[:1] == ("--gpu_ids",):
        assert said in tensor_service(bundle, *ENGINE, *flags).log()
        return
    with pytest.raises(SetUpError, match=said.replace(".", r"\.")):
        tensor_service(bundle, *ENGINE, *flags)


def test_a_library_that_is_none_ends_the_start(
    tensor_service: StartTensorService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "libonnxruntime.so"
    other.write_text("no library", encoding="ascii")
    monkeypatch.setenv(LIBRARY_VARIABLE, str(other))
    with pytest.raises(SetUpError, match="ONNX Runtime cannot be opened"):
        tensor_service(FIXTURE, *ENGINE)
