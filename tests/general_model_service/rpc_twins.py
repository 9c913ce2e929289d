# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One call of PipelineService sent to the Pipeline and to the C++ service."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Union

import grpc

from child_services.running_service import RunningService
from child_services.tensor_process import TensorProcess
from tests.general_model_service.twins import openvino_config
from tests.golden_answers.messages import INFERENCE, PbRequest, PbResponse

Metadata = Sequence[tuple[str, str]]
Request = Union[bytes, Mapping[str, Any]]

_TIMES = re.compile(r'\{"tokenize":.*?\}')
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")
CHANNEL_OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]


def fields_of(fields: Mapping[str, str]) -> dict[str, Any]:
    """Strings as a message has them."""
    return {"key": list(fields), "value": list(fields.values())}


class Told(NamedTuple):
    """An answer without what differs from call to call.

    Attributes:
        status: of gRPC.
        err_no: of the message.
        err_msg: alike.
        fields: keys and values in their order, but for times, ids that the service made, and
            numbers with a point.
        numbers: with a point, in their order.
        plain: whether the bytes are those that protobuf writes of the message.
    """

    status: str
    err_no: int = 0
    err_msg: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    numbers: tuple[float, ...] = ()
    plain: bool = True


def told(channel: grpc.Channel, data: bytes, metadata: Metadata = (), **options: Any) -> Told:
    """What comes back to one message."""
    call = channel.unary_unary(INFERENCE, request_serializer=bytes, response_deserializer=bytes)
    try:
        answer = call(data, timeout=60, metadata=tuple(metadata), **options)
    except grpc.RpcError as error:
        return Told(error.code().name)
    response = PbResponse.FromString(answer)
    values = [_ID.sub("ID", _TIMES.sub("TIMES", value)) for value in response.value]
    return Told(
        "OK",
        response.err_no,
        response.err_msg,
        tuple((key, _NUMBER.sub("F", value)) for key, value in zip(response.key, values)),
        tuple(float(number) for value in values for number in _NUMBER.findall(value)),
        response.SerializeToString(deterministic=True) == answer,
    )


class RpcTwins(NamedTuple):
    """Both services.

    Attributes:
        pipeline: a channel to the Pipeline.
        program: a channel to the C++ service.
        endpoints: of both, in that order.
    """

    pipeline: grpc.Channel
    program: grpc.Channel
    endpoints: tuple[str, str]

    def ask(self, request: Request, metadata: Metadata = (), **options: Any) -> tuple[Told, Told]:
        """What the Pipeline answers, and what the C++ service does."""
        data = request if isinstance(request, bytes) else PbRequest(**request).SerializeToString()
        one, other = (
            told(channel, data, metadata, **options) for channel in (self.pipeline, self.program)
        )
        return one, other


@contextmanager
def rpc_twins(bundles: Path, ranker: str, directory: Path, *flags: str) -> Iterator[RpcTwins]:
    """Start both on ``bundles/<ranker>``; they end with the context.

    Args:
        bundles: directory of bundles.
        ranker: that both serve.
        directory: for logs; theirs alone.
        flags: of the C++ service.
    """
    config = openvino_config(bundles, (ranker,))
    (directory / "pipeline").mkdir()
    (directory / "program").mkdir()
    with (
        RunningService(config, directory / "pipeline") as service,
        TensorProcess(bundles / ranker, directory / "program", "--pad_dynamic", *flags) as program,
    ):
        endpoints = (service.endpoint, f"127.0.0.1:{program.port}")
        one, other = (grpc.insecure_channel(endpoint, CHANNEL_OPTIONS) for endpoint in endpoints)
        with one, other:
            yield RpcTwins(one, other, endpoints)
