# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests as bytes and answers read back: Paddle Serving's own messages, HTTP and baidu_std."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from google.protobuf.internal import decoder
from numpy.typing import NDArray
from paddle_serving_app.proto import general_model_service_pb2 as messages

from contract.bundle import Bundle
from contract.encoding import Row
from contract.wire.tensor_codec import SERVICE

PATH = "/GeneralModelService/inference"
ROW = ([1, 12, 213, 58, 2, 19, 843, 2], [0, 0, 0, 0, 0, 1, 1, 1])


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def json_request(rows: Sequence[tuple[list[int], list[int]]] = (ROW,), **fields: Any) -> str:
    """A body as upstream's curl line sends it: rows of one length."""
    tensors = [
        {
            "int64_data": [number for row in rows for number in row[part]],
            "elem_type": 0,
            "name": name,
            "alias_name": name,
            "shape": [len(rows), len(rows[0][part])],
        }
        for part, name in enumerate(("input_ids", "token_type_ids"))
    ]
    return json.dumps({"tensor": tensors, "fetch_var_names": ["predict"], "log_id": 0, **fields})


def ragged_request(rows: Sequence[Row], fetch: Sequence[str] = ("predict",)) -> bytes:
    """Rows of any lengths, a tensor for each."""
    request = messages.Request(fetch_var_names=fetch)
    for row in rows:
        for name, ids in (("input_ids", row.input_ids), ("token_type_ids", row.token_type_ids)):
            tensor = request.tensor.add(alias_name=name, elem_type=0, shape=[1, len(ids)])
            tensor.int64_data.extend(ids.tolist())
    data: bytes = request.SerializeToString()
    return data


def post(port: int, body: str | bytes, path: str = PATH, **headers: str) -> Answer:
    """One POST on a connection of its own; header names have underscores for hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if "Content-Type" not in named:
        named["Content-Type"] = "application/json" if isinstance(body, str) else "application/proto"
    try:
        connection.request("POST", path, body.encode() if isinstance(body, str) else body, named)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def get(port: int, path: str) -> Answer:
    """One GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


def floats_of(body: bytes, output: int = 0) -> NDArray[np.float32]:
    """The values of one output of a protobuf answer, which must be a good one."""
    response = messages.Response.FromString(body)
    assert response.err_no == 0, response.err_msg
    return np.array(response.outputs[0].tensor[output].float_data, dtype=np.float32)


def scores(port: int, bundle: Bundle, rows: Sequence[Row]) -> NDArray[np.float32]:
    """The service's scores of rows, of any lengths, in one request."""
    body = post(port, ragged_request(rows, [bundle.manifest.logits])).body
    width = bundle.manifest.fetches[-1].shape[0]
    return bundle.score(floats_of(body).reshape(len(rows), width))


def alive(port: int) -> bool:
    """Whether the service answers an ordinary request, with the score it always gives."""
    answer = post(port, json_request())
    tensor = answer.json["outputs"][0]["tensor"][0]
    return answer.status == 200 and tensor["shape"] == [1, 1] and 0 < tensor["float_data"][0] < 1


def metric(port: int, name: str) -> float:
    """The value of one series of /metrics, named as it stands there."""
    for line in get(port, "/metrics").body.decode().splitlines():
        if line.startswith(f"{name} "):
            return float(line.rsplit(" ", 1)[1])
    raise AssertionError(f"{name} is not in /metrics")


def read_baidu_std(connection: socket.socket) -> tuple[bytes, bytes]:
    """Meta and payload of one message."""
    head = _exactly(connection, 12)
    magic, body_size, meta_size = struct.unpack(">4sII", head)
    assert magic == b"PRPC"
    body = _exactly(connection, body_size)
    return body[:meta_size], body[meta_size:]


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        assert part, "the connection was closed in the middle of a message"
        data += part
    return data


def call_baidu_std(
    port: int,
    payload: bytes,
    compress_type: int = 0,
    service: str = SERVICE,
    response: Any = messages.Response,
) -> tuple[int, Any]:
    """One call: the error code of brpc, and the response, which is empty with an error."""
    request = b"\x0a" + bytes([len(service)]) + service.encode() + b"\x12\x09inference"
    meta = b"\x0a" + bytes([len(request)]) + request + bytes([0x18, compress_type]) + b"\x20\x07"
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"PRPC" + struct.pack(">II", len(meta) + len(payload), len(meta)))
        connection.sendall(meta + payload)
        answered, body = read_baidu_std(connection)
    fields = fields_of(answered)
    assert fields[4] == 7, "the correlation id"
    return fields_of(fields[2]).get(1, 0), response.FromString(body)


def fields_of(message: bytes) -> dict[int, Any]:
    """Field numbers and raw values of a protobuf message, for metas that have no class here."""
    found: dict[int, Any] = {}
    position = 0
    while position < len(message):
        tag, position = decoder._DecodeVarint(message, position)
        if tag & 7 == 0:
            found[tag >> 3], position = decoder._DecodeVarint(message, position)
        else:
            assert tag & 7 == 2, "only varints and bytes stand in a meta"
            size, position = decoder._DecodeVarint(message, position)
            found[tag >> 3], position = message[position : position + size], position + size
    return found
