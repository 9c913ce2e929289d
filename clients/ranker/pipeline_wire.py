# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The messages of Paddle Serving's pipeline protocol: fields of strings to bytes and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf import message

from clients.ranker.key_values import joined
from contract.errors import InvalidField, RequestTooLarge
from contract.protobuf_classes import (
    INT32,
    INT64,
    MAX_MESSAGE_BYTES,
    STRING,
    Field,
    message_classes,
)
from contract.wire.caller_errors import UnreadableAnswer

PACKAGE = "baidu.paddle_serving.pipeline_serving"
INFERENCE = f"/{PACKAGE}.PipelineService/inference"
# the method name that callers of a pipeline use by convention; the server does not check it
METHOD = "prediction"

# The tensors of both messages are left out: rankers take and give strings, and a reader skips
# fields that it does not know.
_Request, _Response = message_classes(
    PACKAGE,
    {
        "Request": (
            Field("key", 1, STRING, many=True),
            Field("value", 2, STRING, many=True),
            Field("name", 4, STRING),
            Field("method", 5, STRING),
            Field("logid", 6, INT64),
            Field("clientip", 7, STRING),
        ),
        "Response": (
            Field("err_no", 1, INT32),
            Field("err_msg", 2, STRING),
            Field("key", 3, STRING, many=True),
            Field("value", 4, STRING, many=True),
        ),
    },
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
