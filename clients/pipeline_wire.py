# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""String keys and values in, bytes of Paddle Serving's pipeline protocol out, and back.

Called by the RPC client. The two messages are described here instead of imported, so that a
client needs no server package; they live in a pool of their own, because Paddle Serving's
generated module registers the same names in the default one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from clients.errors import UnreadableAnswer
from contract.errors import InvalidField, RequestTooLarge

PACKAGE = "baidu.paddle_serving.pipeline_serving"
INFERENCE = f"/{PACKAGE}.PipelineService/inference"
# the method name that callers of a pipeline use by convention; the server does not check it
METHOD = "prediction"
MAX_MESSAGE_BYTES = 512 * 1024 * 1024

_FieldProto = descriptor_pb2.FieldDescriptorProto
_Field = tuple[str, int, int, int]
_ONE, _MANY = _FieldProto.LABEL_OPTIONAL, _FieldProto.LABEL_REPEATED
_STRING, _INT32, _INT64 = _FieldProto.TYPE_STRING, _FieldProto.TYPE_INT32, _FieldProto.TYPE_INT64

# The tensors of both messages are left out: rankers take and give strings, and a reader skips
# fields that it does not know.
_REQUEST: Sequence[_Field] = (
    ("key", 1, _MANY, _STRING),
    ("value", 2, _MANY, _STRING),
    ("name", 4, _ONE, _STRING),
    ("method", 5, _ONE, _STRING),
    ("logid", 6, _ONE, _INT64),
    ("clientip", 7, _ONE, _STRING),
)
_RESPONSE: Sequence[_Field] = (
    ("err_no", 1, _ONE, _INT32),
    ("err_msg", 2, _ONE, _STRING),
    ("key", 3, _MANY, _STRING),
    ("value", 4, _MANY, _STRING),
)


@dataclass(frozen=True)
class WireAnswer:
    """A decoded response.

    Attributes:
        err_no: 0 when the request was served.
        err_msg: what went wrong otherwise.
        fields: the response's keys and values.
    """

    err_no: int
    err_msg: str
    fields: Mapping[str, str]


def _message_classes() -> tuple[Any, Any]:
    file = descriptor_pb2.FileDescriptorProto(
        name="pipeline_service.proto", package=PACKAGE, syntax="proto3"
    )
    for name, fields in (("Request", _REQUEST), ("Response", _RESPONSE)):
        described = file.message_type.add(name=name)
        for field, number, label, type_ in fields:
            described.field.add(
                name=field,
                number=number,
                label=label,
                type=type_,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)  # type: ignore[no-untyped-call]
    factory = message_factory.MessageFactory(pool)
    return (
        factory.GetPrototype(pool.FindMessageTypeByName(f"{PACKAGE}.Request")),  # type: ignore
        factory.GetPrototype(pool.FindMessageTypeByName(f"{PACKAGE}.Response")),  # type: ignore
    )


_Request, _Response = _message_classes()


def encode_request(fields: Mapping[str, str], service: str, log_id: int) -> bytes:
    """Serialize one call.

    Raises:
        InvalidField: a text is not well-formed Unicode, or ``log_id`` does not fit in 64 bits.
        RequestTooLarge: the message is over what either side accepts.
    """
    try:
        request = _Request(
            key=list(fields), value=list(fields.values()), name=service, method=METHOD
        )
    except ValueError as error:
        raise InvalidField(
            "a text holds a lone surrogate; send well-formed Unicode", field="query or documents"
        ) from error
    try:
        request.logid = log_id
    except (TypeError, ValueError) as error:
        raise InvalidField(
            f"must be a 64-bit whole number, got {log_id!r}", field="log_id"
        ) from error
    data: bytes = request.SerializeToString()
    if len(data) > MAX_MESSAGE_BYTES:
        raise RequestTooLarge(
            f"{len(data)} bytes, at most {MAX_MESSAGE_BYTES} allowed; send fewer documents at once",
            field="documents",
        )
    return data


def decode_response(data: bytes) -> WireAnswer:
    """Parse one response.

    Raises:
        UnreadableAnswer: the bytes are not a pipeline response.
    """
    try:
        response = _Response.FromString(data)
    except (message.DecodeError, ValueError) as error:
        raise UnreadableAnswer(f"not a pipeline response ({error})") from error
    return WireAnswer(
        response.err_no, response.err_msg, joined(list(response.key), list(response.value))
    )


def joined(keys: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """The response's two parallel lists as one mapping.

    Raises:
        UnreadableAnswer: the lists differ in length or a key stands twice.
    """
    fields = dict(zip(keys, values))
    if not len(fields) == len(keys) == len(values):
        raise UnreadableAnswer(
            f"{len(keys)} keys, {len(fields)} of them distinct, but {len(values)} values"
        )
    return fields
