# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes requests to the tensor service and reads its answers, as JSON or protobuf.

The messages are those of general_model_service/proto/general_model_service.proto.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from google.protobuf import message
from numpy.typing import NDArray

from contract.errors import InvalidField
from contract.protobuf_classes import (
    BOOL,
    BYTES,
    DOUBLE,
    FLOAT,
    INT32,
    INT64,
    STRING,
    UINT32,
    UINT64,
    Field,
    message_classes,
)
from contract.tensors import ELEM_TYPES, TensorSpec
from contract.wire.caller_errors import UnreadableAnswer

PACKAGE = "baidu.paddle_serving.predictor.general_model"
SERVICE = f"{PACKAGE}.GeneralModelService"
METHOD = "inference"

Array = NDArray[Any]

_ELEM_TYPE_OF = {name: number for number, name in ELEM_TYPES.items()}
# where elements of a type stand; all others travel in tensor_content
_DATA_FIELDS = {
    "int64": "int64_data",
    "float32": "float_data",
    "int32": "int_data",
    "float64": "float64_data",
    "int16": "int_data",
    "uint8": "int_data",
    "int8": "int_data",
    "bool": "bool_data",
}
_CONTENT = "tensor_content"
_LARGEST_LOG_ID = 2**64 - 1
_STRINGS = 20

_Tensor, _Request, _ModelOutput, _Response = message_classes(
    PACKAGE,
    {
        "Tensor": (
            Field("int64_data", 1, INT64, many=True),
            Field("float_data", 2, FLOAT, many=True),
            Field("int_data", 3, INT32, many=True),
            Field("float64_data", 4, DOUBLE, many=True),
            Field("uint32_data", 5, UINT32, many=True),
            Field("bool_data", 6, BOOL, many=True),
            Field("data", 9, STRING, many=True),
            Field("elem_type", 10, INT32),
            Field("shape", 11, INT32, many=True),
            Field("name", 13, STRING),
            Field("alias_name", 14, STRING),
            Field("tensor_content", 15, BYTES),
        ),
        "Request": (
            Field("tensor", 1, "Tensor", many=True),
            Field("fetch_var_names", 2, STRING, many=True),
            Field("profile_server", 3, BOOL),
            Field("log_id", 4, UINT64),
        ),
        "ModelOutput": (
            Field("tensor", 1, "Tensor", many=True),
            Field("engine_name", 2, STRING),
        ),
        "Response": (
            Field("outputs", 1, "ModelOutput", many=True),
            Field("profile_time", 2, INT64, many=True),
            Field("log_id", 4, UINT64),
            Field("err_no", 5, INT32),
            Field("err_msg", 6, STRING),
        ),
    },
)


class Feed(NamedTuple):
    """One tensor of a request; tensors of one alias hold the rows of one input, in order."""

    spec: TensorSpec
    array: Array


@dataclass(frozen=True)
class TensorRequest:
    """What one call sends.

    Attributes:
        feeds: the tensors.
        fetch: aliases or names of the outputs wanted; empty means all.
        log_id: Paddle Serving's number of this call in the service's logs.
    """

    feeds: Sequence[Feed]
    fetch: Sequence[str] = ()
    log_id: int = 0

    def __post_init__(self) -> None:
        """Refuse a number that the wire cannot carry."""
        if not (isinstance(self.log_id, int) and 0 <= self.log_id <= _LARGEST_LOG_ID):
            raise InvalidField(
                f"must be a whole number from 0 to 2^64 - 1, got {self.log_id!r}", field="log_id"
            )


@dataclass(frozen=True)
class TextRequest:
    """Texts in place of rows of tokens: the service tokenizes them as the bundle does.

    Attributes:
        queries: one for all titles, or one for each.
        titles: to be scored.
        numbers: ``max_tokens_per_doc``, ``max_chunks_per_doc`` and ``max_tokens``, as far as they
            are asked for.
        fetch: as of :class:`TensorRequest`; ``rows`` tells what became of the texts.
    """

    queries: Sequence[str]
    titles: Sequence[str]
    numbers: Mapping[str, int]
    fetch: Sequence[str] = ()


@dataclass(frozen=True)
class TensorAnswer:
    """What one call got.

    Attributes:
        err_no: 0 when the request was served.
        err_msg: what went wrong otherwise.
        tensors: the outputs by alias.
        times: when reading, computing and writing began and ended, in microseconds since the
            epoch; empty where they were not asked for.
    """

    err_no: int
    err_msg: str
    tensors: Mapping[str, Array]
    times: Sequence[int] = ()


class Codec(Protocol):
    """One way to write a request and to read an answer."""

    content_type: str

    def encode(self, request: TensorRequest) -> bytes:
        """The request's bytes."""
        ...

    def decode(self, data: bytes) -> TensorAnswer:
        """The answer; UnreadableAnswer when the bytes are none."""
        ...


class JsonCodec:
    """The body that upstream's curl line sends."""

    content_type = "application/json"

    def encode(self, request: TensorRequest) -> bytes:
        """Write JSON."""
        body = {
            "tensor": [_json_tensor(feed) for feed in request.feeds],
            "fetch_var_names": list(request.fetch),
            "log_id": request.log_id,
        }
        return json.dumps(body, separators=(",", ":")).encode("ascii")

    def decode(self, data: bytes) -> TensorAnswer:
        """Read JSON; a field that is left out has its default."""
        try:
            body = json.loads(data)
            outputs = body.get("outputs", [])
            tensors = outputs[0]["tensor"] if outputs else []
            arrays = dict(_array_of_json(tensor) for tensor in tensors)
            return TensorAnswer(int(body.get("err_no", 0)), str(body.get("err_msg", "")), arrays)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise UnreadableAnswer(f"not a GeneralModelService answer ({error!r})") from error


class ProtoCodec:
    """Protobuf; the elements of a tensor go as they lie in memory."""

    content_type = "application/proto"

    def encode(self, request: TensorRequest) -> bytes:
        """Write protobuf."""
        sent = _Request(fetch_var_names=request.fetch, log_id=request.log_id)
        for spec, array in request.feeds:
            sent.tensor.add(
                name=spec.name,
                alias_name=spec.alias,
                elem_type=_ELEM_TYPE_OF[spec.dtype],
                shape=array.shape,
                tensor_content=_content(spec, array),
            )
        data: bytes = sent.SerializeToString()
        return data

    def encode_texts(self, request: TextRequest) -> bytes:
        """Write protobuf; the answer tells its times."""
        sent = _Request(fetch_var_names=request.fetch, profile_server=True)
        for alias, texts in (("query", request.queries), ("title", request.titles)):
            sent.tensor.add(alias_name=alias, elem_type=_STRINGS, shape=[len(texts)], data=texts)
        for alias, number in request.numbers.items():
            sent.tensor.add(
                alias_name=alias,
                elem_type=_ELEM_TYPE_OF["int64"],
                shape=[1],
                int64_data=[number],
            )
        data: bytes = sent.SerializeToString()
        return data

    def decode(self, data: bytes) -> TensorAnswer:
        """Read protobuf."""
        try:
            answer = _Response.FromString(data)
            tensors = answer.outputs[0].tensor if answer.outputs else []
            arrays = dict(_array_of_message(tensor) for tensor in tensors)
        except (message.DecodeError, ValueError, LookupError) as error:
            raise UnreadableAnswer(f"not a GeneralModelService answer ({error!r})") from error
        return TensorAnswer(answer.err_no, answer.err_msg, arrays, tuple(answer.profile_time))


def _content(spec: TensorSpec, array: Array) -> bytes:
    return np.ascontiguousarray(array, dtype=np.dtype(spec.dtype).newbyteorder("<")).tobytes()


def _json_tensor(feed: Feed) -> dict[str, Any]:
    spec, array = feed
    fields = {
        "elem_type": _ELEM_TYPE_OF[spec.dtype],
        "shape": list(array.shape),
        "name": spec.name,
        "alias_name": spec.alias,
    }
    if spec.dtype in _DATA_FIELDS:
        return {_DATA_FIELDS[spec.dtype]: array.ravel().tolist(), **fields}
    return {_CONTENT: base64.b64encode(_content(spec, array)).decode("ascii"), **fields}


def _array_of_json(tensor: Mapping[str, Any]) -> tuple[str, Array]:
    dtype = ELEM_TYPES[tensor.get("elem_type", 0)]
    content = base64.b64decode(tensor.get(_CONTENT, ""), validate=True)
    elements = tensor.get(_DATA_FIELDS.get(dtype, ""), [])
    alias = tensor.get("alias_name") or tensor["name"]
    return alias, _array(dtype, content, elements, tensor.get("shape", []))


def _array_of_message(tensor: Any) -> tuple[str, Array]:
    dtype = ELEM_TYPES[tensor.elem_type]
    elements = getattr(tensor, _DATA_FIELDS[dtype]) if dtype in _DATA_FIELDS else []
    alias = tensor.alias_name or tensor.name
    return alias, _array(dtype, tensor.tensor_content, elements, tensor.shape)


def _array(dtype: str, content: bytes, elements: Sequence[Any], shape: Sequence[int]) -> Array:
    """Numpy has no bfloat16: those come as the float32 that they are the upper half of."""
    if dtype == "bfloat16":
        halves = np.frombuffer(content, dtype="<u2").astype("<u4")
        return (halves << 16).view("<f4").reshape(tuple(shape))
    if content:
        return np.frombuffer(content, dtype=np.dtype(dtype).newbyteorder("<")).reshape(tuple(shape))
    return np.array(elements, dtype=dtype).reshape(tuple(shape))
