# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Every element type a bundle can declare, in and out, over JSON and protobuf.

The bundles are upstream's kind, without a manifest: one input x, one output y = 2 x (not x for
booleans).
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from paddle_serving_app.proto import general_model_service_pb2 as messages

from tests.general_model_service import wire
from tests.tensor_service import StartTensorService


class Case(NamedTuple):
    """A type on the wire: its number, its typed field, numpy's name for the raw bytes."""

    elem_type: int
    field: str
    raw: str


CASES = {
    "int64": Case(0, "int64_data", "<i8"),
    "float32": Case(1, "float_data", "<f4"),
    "int32": Case(2, "int_data", "<i4"),
    "float64": Case(3, "float64_data", "<f8"),
    "int16": Case(4, "int_data", "<i2"),
    "float16": Case(5, "float_data", "<f2"),
    "bfloat16": Case(6, "float_data", "<u2"),
    "uint8": Case(7, "int_data", "u1"),
    "int8": Case(8, "int_data", "i1"),
    "bool": Case(9, "bool_data", "?"),
}
VALUES = [1, 2, 0, 3, 5, 1]


def as_raw(name: str, values: list[Any]) -> bytes:
    if name == "bfloat16":  # the upper half of a float32
        return (np.array(values, dtype="<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return np.array(values).astype(CASES[name].raw).tobytes()


def values_of(name: str, tensor: Any) -> list[Any]:
    """Elements of an answer's tensor, typed or raw."""
    case = CASES[name]
    if not tensor.tensor_content:
        return list(getattr(tensor, case.field))
    raw = np.frombuffer(tensor.tensor_content, dtype=case.raw)
    if name == "bfloat16":
        return list((raw.astype("<u4") << 16).view("<f4"))
    return list(raw)


@pytest.mark.parametrize("name", CASES)
def test_type(tensor_service: StartTensorService, repository: Path, name: str) -> None:
    case = CASES[name]
    bundle = repository / "general_model_service" / "tests" / "fixtures" / name / "serving_server"
    service = tensor_service(bundle)
    values = [bool(v) for v in VALUES] if name == "bool" else VALUES
    expected = [not v for v in values] if name == "bool" else [2 * v for v in VALUES]

    request = messages.Request()
    tensor = request.tensor.add(alias_name="x", elem_type=case.elem_type, shape=[2, 3])
    getattr(tensor, case.field).extend(values)
    typed = wire.post(service.port, request.SerializeToString())
    assert typed.status == 200, typed.body
    answer = messages.Response.FromString(typed.body).outputs[0].tensor[0]
    assert (list(answer.shape), answer.elem_type) == ([2, 3], case.elem_type)
    assert values_of(name, answer) == expected

    content = base64.b64encode(as_raw(name, values)).decode()
    fields = {"alias_name": "x", "elem_type": case.elem_type, "shape": [2, 3]}
    body = wire.json_request(tensor=[{**fields, "tensor_content": content}], fetch_var_names=[])
    raw = wire.post(service.port, body).json["outputs"][0]["tensor"][0]
    if "tensor_content" in raw:
        back = messages.Tensor(tensor_content=base64.b64decode(raw["tensor_content"]))
        assert values_of(name, back) == expected
    else:
        assert raw[case.field] == expected


def test_another_type_is_refused(tensor_service: StartTensorService, repository: Path) -> None:
    fixtures = repository / "general_model_service" / "tests" / "fixtures"
    service = tensor_service(fixtures / "int32" / "serving_server")
    tensor = {"alias_name": "x", "elem_type": 0, "shape": [1, 2], "int64_data": [1, 2]}
    answer = wire.post(service.port, wire.json_request(tensor=[tensor], fetch_var_names=[]))
    assert answer.status == 400
    assert "x: elem_type is int64, this input takes int32" in answer.json["err_msg"]
