# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the tensor clients send and read, against Paddle Serving's own messages and real bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paddle_serving_app.proto import general_model_service_pb2 as generated

from clients.transport.baidu_std import decode_answer, encode_call
from contract.errors import DeadlineExceeded, InvalidField, Overloaded
from contract.tensors import ELEM_TYPES, TensorSpec
from contract.wire.caller_errors import UnreadableAnswer
from contract.wire.tensor_codec import SERVICE, Feed, JsonCodec, ProtoCodec, TensorRequest

IDS = TensorSpec("input_ids", "ids", "int64", (-1,))
REQUEST = TensorRequest(
    [Feed(IDS, np.array([[1, 2, 3]])), Feed(IDS, np.array([[4], [2**40]]))], ["predict"], 2**63
)
CODECS = pytest.mark.parametrize("codec", [JsonCodec(), ProtoCodec()])
NUMPY_TYPES = [item for item in ELEM_TYPES.items() if item[1] != "bfloat16"]


def test_paddle_servings_message_reads_the_request() -> None:
    request = generated.Request.FromString(ProtoCodec().encode(REQUEST))
    assert request.SerializeToString() == ProtoCodec().encode(REQUEST)
    first, second = request.tensor
    assert (first.name, first.alias_name, first.elem_type) == ("input_ids", "ids", 0)
    assert (list(first.shape), list(second.shape)) == ([1, 3], [2, 1])
    assert np.frombuffer(second.tensor_content, "<i8").tolist() == [4, 2**40]
    assert (list(request.fetch_var_names), request.log_id) == (["predict"], 2**63)


def test_the_json_is_that_of_upstreams_curl_line() -> None:
    body = json.loads(JsonCodec().encode(REQUEST))
    assert body["tensor"][0] == {
        "int64_data": [1, 2, 3],
        "elem_type": 0,
        "shape": [1, 3],
        "name": "input_ids",
        "alias_name": "ids",
    }
    assert (body["fetch_var_names"], body["log_id"]) == (["predict"], 2**63)


@CODECS
@pytest.mark.parametrize("log_id", [-1, 2**64, 1.5, None])
def test_a_log_id_that_does_not_fit_is_refused(codec: Any, log_id: Any) -> None:
    with pytest.raises(InvalidField, match="log_id"):
        TensorRequest([], [], log_id)


@pytest.mark.parametrize(("number", "dtype"), NUMPY_TYPES)
def test_each_type_that_is_sent_is_also_read(number: int, dtype: str) -> None:
    values = np.array([[0, 1], [1, 1]]).astype(dtype)
    request = TensorRequest([Feed(TensorSpec("n", "a", dtype, ()), values)])
    sent = generated.Request.FromString(ProtoCodec().encode(request))
    assert sent.tensor[0].elem_type == number
    message = generated.Response(outputs=[generated.ModelOutput(tensor=sent.tensor)])
    tensors = json.loads(JsonCodec().encode(request))["tensor"]
    assert tensors[0]["elem_type"] == number
    body = json.dumps({"outputs": [{"tensor": tensors}]}).encode()
    for answer in (ProtoCodec().decode(message.SerializeToString()), JsonCodec().decode(body)):
        assert answer.tensors["a"].dtype == np.dtype(dtype)
        assert answer.tensors["a"].tolist() == values.tolist()


@CODECS
def test_bfloat16_comes_as_the_float32_it_is_half_of(codec: Any) -> None:
    halves = (np.array([1.0, -2.5], dtype="<f4").view("<u4") >> 16).astype("<u2").tobytes()
    message = generated.Response()
    message.outputs.add().tensor.add(
        alias_name="a", elem_type=6, shape=[2, 1], tensor_content=halves
    )
    body = message.SerializeToString()
    if isinstance(codec, JsonCodec):
        content = base64.b64encode(halves).decode()
        tensor = {"alias_name": "a", "elem_type": 6, "shape": [2, 1], "tensor_content": content}
        body = json.dumps({"outputs": [{"tensor": [tensor]}]}).encode()
    assert codec.decode(body).tensors["a"].tolist() == [[1.0], [-2.5]]


def test_floats_that_are_no_numbers_are_words_in_json() -> None:
    tensor = {
        "alias_name": "a",
        "elem_type": 1,
        "shape": [3],
        "float_data": ["NaN", "-Infinity", 1],
    }
    body = json.dumps({"outputs": [{"tensor": [tensor]}]}).encode()
    assert str(JsonCodec().decode(body).tensors["a"]) == "[ nan -inf   1.]"


@CODECS
def test_an_error_inside_a_response_is_read(codec: Any) -> None:
    body = generated.Response(err_no=-5100, err_msg="why").SerializeToString()
    if isinstance(codec, JsonCodec):
        body = b'{"err_no": -5100, "err_msg": "why"}'
    answer = codec.decode(body)
    assert (answer.err_no, answer.err_msg, answer.tensors) == (-5100, "why", {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"nonsense",
        b'{"outputs": 5}',
        b'{"outputs": [{"tensor": [{"alias_name": "a", "elem_type": 77}]}]}',
        b'{"outputs": [{"tensor": [{"alias_name": "a", "elem_type": 1, "shape": [2]}]}]}',
        b'{"outputs": [{"tensor": [{"elem_type": 1, "shape": [0]}]}]}',
        b'{"outputs": [{"tensor": [{"alias_name": "a", "tensor_content": "%%"}]}]}',
        b'{"err_no": "x"}',
        b"[" * 100_000,
    ],
)
def test_json_that_is_no_answer_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        JsonCodec().decode(body)


@pytest.mark.parametrize("tensor", [{"elem_type": 77}, {"elem_type": 1, "shape": [2]}])
def test_protobuf_that_is_no_answer_is_unreadable(tensor: dict[str, Any]) -> None:
    message = generated.Response(outputs=[generated.ModelOutput(tensor=[tensor])])
    with pytest.raises(UnreadableAnswer):
        ProtoCodec().decode(message.SerializeToString())
    with pytest.raises(UnreadableAnswer):
        ProtoCodec().decode(b"\xff\xff")


@pytest.fixture
def captured(repository: Path) -> Path:
    """A request and a response as a real brpc client and server exchanged them."""
    path = repository.parent / "shared" / "wire"
    if not path.is_dir():
        pytest.skip(f"the captured exchange is not at {path}")
    return path


def test_a_call_is_framed_as_brpc_frames_it(captured: Path) -> None:
    """The meta may hold fields in another order; the frame and the names are the same."""
    data = (captured / "brpc_request.bin").read_bytes()
    meta_size = int.from_bytes(data[8:12], "big")
    payload = data[12 + meta_size :]
    ours = encode_call(SERVICE, "inference", payload, 0, 1.0, 0)
    assert ours[:4] == data[:4]
    assert ours.endswith(payload)
    assert int.from_bytes(ours[4:8], "big") == len(ours) - 12
    for name in (SERVICE.encode(), b"inference"):
        assert name in data[12 : 12 + meta_size]
        assert name in ours[: -len(payload)]


def test_a_real_answer_is_read(captured: Path) -> None:
    data = (captured / "brpc_response.bin").read_bytes()
    meta_size = int.from_bytes(data[8:12], "big")
    meta, rest = data[12 : 12 + meta_size], data[12 + meta_size :]
    correlation_id = correlation_of(meta)
    answer = ProtoCodec().decode(decode_answer(meta, rest, correlation_id))
    assert answer.err_no == 0
    assert "predict" in answer.tensors
    with pytest.raises(UnreadableAnswer, match="an answer to call"):
        decode_answer(meta, rest, correlation_id + 1)


def correlation_of(meta: bytes) -> int:
    """The varint of field 4."""
    at = meta.index(b"\x20") + 1
    number = shift = 0
    while True:
        number |= (meta[at] & 0x7F) << shift
        if meta[at] < 0x80:
            return number
        at, shift = at + 1, shift + 7


@pytest.mark.parametrize(("code", "kind"), [(1011, Overloaded), (1008, DeadlineExceeded)])
def test_an_error_in_the_meta_is_raised(code: int, kind: type[Exception]) -> None:
    response = b"\x08" + bytes([code & 0x7F | 0x80, code >> 7]) + b"\x12\x04full"
    meta = b"\x12" + bytes([len(response)]) + response + b"\x20\x05"
    with pytest.raises(kind, match="full"):
        decode_answer(meta, b"", 5)


def test_an_attachment_is_not_payload() -> None:
    assert decode_answer(b"\x20\x05\x28\x03", b"payloadabc", 5) == b"payload"
