# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads and writes the tensors of the Open Inference Protocol v2.

A tensor's data stands in the JSON, or, by the binary tensor data extension, after it: the header
``Inference-Header-Content-Length`` says where the JSON ends.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

import numpy as np
from numpy.typing import NDArray

from contract.errors import InvalidField, MalformedRequest
from pipeline.edges.http.json_body import parse_object

INT64, BYTES, FP32 = "INT64", "BYTES", "FP32"
LENGTH_HEADER = "inference-header-content-length"
_BINARY_SIZE = "binary_data_size"
_BODY_FIELDS = ("id", "parameters", "inputs", "outputs")
_TENSOR_FIELDS = ("name", "shape", "datatype", "parameters", "data")
_MOST_DIMENSIONS = 2
_MOST_ELEMENTS = 2**40
_MOST_DIGITS = 20
_INT64 = np.iinfo(np.int64)


@dataclass(frozen=True)
class Tensor:
    """One input.

    Attributes:
        datatype: INT64 or BYTES.
        shape: one or two dimensions.
        values: ``shape`` int64, or a flat list of texts.
    """

    datatype: str
    shape: tuple[int, ...]
    values: Any


@dataclass(frozen=True)
class Wanted:
    """One output that the caller asks for.

    Attributes:
        name: of the output.
        binary: whether its data shall stand after the JSON.
    """

    name: str
    binary: bool


@dataclass(frozen=True)
class Inference:
    """One request.

    Attributes:
        id: the caller's, or empty.
        inputs: by name.
        outputs: asked for; empty: all.
        binary: whether outputs that are not asked for by name shall be binary.
    """

    id: str
    inputs: Mapping[str, Tensor]
    outputs: tuple[Wanted, ...]
    binary: bool


def read_inference(body: bytes, header_length: Optional[str]) -> Inference:
    """Read a body.

    Args:
        body: as received.
        header_length: value of ``Inference-Header-Content-Length``; ``None``: all of it is JSON.

    Raises:
        RequestError: which field, and what is wrong with it.
    """
    fields, rest = _split(body, header_length)
    for name in fields:
        if name not in _BODY_FIELDS:
            raise InvalidField(f"unknown; known are {', '.join(_BODY_FIELDS)}", field=name[:200])
    parameters = _object(fields.get("parameters"), "parameters")
    binary = _flag(parameters.get("binary_data_output"), "parameters.binary_data_output")
    inputs: dict[str, Tensor] = {}
    start = 0
    for index, one in enumerate(_list(fields.get("inputs"), "inputs")):
        name, tensor, start = _read_tensor(one, f"inputs[{index}]", rest, start)
        if name in inputs:
            raise MalformedRequest(f"{name} stands twice", field=f"inputs[{index}].name")
        inputs[name] = tensor
    if start != len(rest):
        raise MalformedRequest(
            f"{len(rest)} bytes follow the JSON, and the inputs' {_BINARY_SIZE} are {start}",
            field="body",
        )
    wanted = _list(fields.get("outputs", []), "outputs")
    outputs = tuple(_read_wanted(one, f"outputs[{i}]", binary) for i, one in enumerate(wanted))
    request_id = fields.get("id")
    return Inference("" if request_id is None else request_id, inputs, outputs, binary)


def _split(body: bytes, header_length: Optional[str]) -> tuple[dict[str, Any], bytes]:
    if header_length is None:
        return parse_object(body), b""
    digits = header_length.isdecimal() and len(header_length) <= _MOST_DIGITS
    if not digits or int(header_length) > len(body):
        raise MalformedRequest(
            f"must be the number of bytes of the JSON, at most the body's {len(body)}",
            field=LENGTH_HEADER,
        )
    length = int(header_length)
    return parse_object(body[:length]), body[length:]


def _read_tensor(one: Any, where: str, rest: bytes, start: int) -> tuple[str, Tensor, int]:
    """Name and tensor, and where the next one's binary data begins."""
    fields = _object(one, where, required=True)
    for key in fields:
        if key not in _TENSOR_FIELDS:
            raise InvalidField(
                f"unknown; known are {', '.join(_TENSOR_FIELDS)}", field=f"{where}.{key:.80}"
            )
    name, datatype = fields.get("name"), fields.get("datatype")
    if not isinstance(name, str):
        raise MalformedRequest("must be a string", field=f"{where}.name")
    if datatype not in (INT64, BYTES):
        raise InvalidField(
            f"must be {INT64} or {BYTES}, got {datatype!r:.40}", field=f"{where}.datatype"
        )
    shape = _shape(fields.get("shape"), f"{where}.shape")
    size = _object(fields.get("parameters"), f"{where}.parameters").get(_BINARY_SIZE)
    count = math.prod(shape)
    if size is None:
        return name, Tensor(datatype, shape, _from_json(fields, datatype, shape, where)), start
    field = f"{where}.parameters.{_BINARY_SIZE}"
    if "data" in fields:
        raise MalformedRequest("does not go with data", field=field)
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= len(rest) - start:
        raise MalformedRequest(
            f"must be a number of bytes that follow the JSON, got {size!r:.40}", field=field
        )
    data = rest[start : start + size]
    values = _from_bytes(data, datatype, count, field)
    if datatype == INT64:
        values = values.reshape(shape)
    return name, Tensor(datatype, shape, values), start + size


def _shape(value: Any, where: str) -> tuple[int, ...]:
    whole = isinstance(value, list) and all(
        isinstance(size, int) and not isinstance(size, bool) and size > 0 for size in value
    )
    if not whole or not 1 <= len(value) <= _MOST_DIMENSIONS or math.prod(value) > _MOST_ELEMENTS:
        raise InvalidField(
            f"must be one or two whole numbers above 0, got {value!r:.40}", field=where
        )
    return tuple(value)


def _from_json(fields: Mapping[str, Any], datatype: str, shape: tuple[int, ...], where: str) -> Any:
    data = fields.get("data")
    if not isinstance(data, list):
        raise MalformedRequest(f"must be a list (or give {_BINARY_SIZE})", field=f"{where}.data")
    if data and isinstance(data[0], list):
        if not all(isinstance(row, list) and len(row) == shape[-1] for row in data):
            raise InvalidField(f"its lists are not of shape {list(shape)}", field=f"{where}.data")
        data = [value for row in data for value in row]
    if len(data) != math.prod(shape):
        raise InvalidField(
            f"holds {len(data)} values, and the shape {list(shape)} wants {math.prod(shape)}",
            field=f"{where}.data",
        )
    if datatype == BYTES:
        if not all(isinstance(value, str) for value in data):
            raise InvalidField("must hold strings", field=f"{where}.data")
        return data
    if not all(type(value) is int and _INT64.min <= value <= _INT64.max for value in data):
        raise InvalidField("must hold whole numbers of 64 bits", field=f"{where}.data")
    return np.array(data, dtype=np.int64).reshape(shape)


def _from_bytes(data: bytes, datatype: str, count: int, where: str) -> Any:
    if datatype == INT64:
        if len(data) != 8 * count:
            raise InvalidField(f"must be {8 * count} by the shape, got {len(data)}", field=where)
        return np.frombuffer(data, dtype="<i8").astype(np.int64, copy=False)
    texts: list[str] = []
    place = 0
    while place < len(data) and len(texts) <= count:
        end = place + 4
        if end <= len(data):
            end += struct.unpack_from("<I", data, place)[0]
        if end > len(data):
            raise MalformedRequest(f"text {len(texts)} ends after the data", field=where)
        try:
            texts.append(data[place + 4 : end].decode("utf-8"))
        except UnicodeDecodeError as error:
            raise MalformedRequest(f"text {len(texts)} is not UTF-8", field=where) from error
        place = end
    if len(texts) != count:
        raise InvalidField(f"holds not the {count} texts of the shape", field=where)
    return texts


def _read_wanted(one: Any, where: str, binary: bool) -> Wanted:
    fields = _object(one, where, required=True)
    name = fields.get("name")
    if not isinstance(name, str):
        raise MalformedRequest("must be a string", field=f"{where}.name")
    parameters = _object(fields.get("parameters"), f"{where}.parameters")
    if parameters.get("classification"):
        raise InvalidField("not supported", field=f"{where}.parameters.classification")
    own = parameters.get("binary_data")
    field = f"{where}.parameters.binary_data"
    return Wanted(name, binary if own is None else _flag(own, field))


def _object(value: Any, where: str, *, required: bool = False) -> dict[str, Any]:
    if value is None and not required:
        return {}
    if not isinstance(value, dict):
        raise MalformedRequest("must be an object", field=where)
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise MalformedRequest("must be a list", field=where)
    return value


def _flag(value: Any, where: str) -> bool:
    if value is None:
        return False
    if not isinstance(value, bool):
        raise InvalidField("must be true or false", field=where)
    return value


def write_outputs(
    values: Sequence[tuple[Wanted, NDArray[np.float32]]],
) -> tuple[list[dict[str, Any]], bytes]:
    """Outputs for the JSON, and the bytes that follow it.

    Args:
        values: FP32, of one dimension.
    """
    described: list[dict[str, Any]] = []
    rest = b""
    for wanted, array in values:
        output: dict[str, Any] = {
            "name": wanted.name,
            "datatype": FP32,
            "shape": list(array.shape),
        }
        if wanted.binary:
            data = array.astype("<f4").tobytes()
            output["parameters"] = {_BINARY_SIZE: len(data)}
            rest += data
        else:
            output["data"] = [float(value) for value in array]
        described.append(output)
    return described, rest
