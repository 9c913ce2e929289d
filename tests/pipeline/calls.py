# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Requests as clients send them: raw HTTP, the RPC stub, and upstream's own PipelineClient."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
from typing import Any, NamedTuple, Optional, Union
from urllib.parse import urlsplit

FIVE_FIELDS = ["err_no", "err_msg", "key", "value", "tensors"]


class Reply(NamedTuple):
    """An answer of either transport; ``status`` is HTTP's."""

    err_no: int
    err_msg: str
    fields: dict[str, str]
    status: int = 0
    headers: Optional[dict[str, str]] = None

    def decoded(self, name: str) -> Any:
        return json.loads(self.fields[name])


def http_call(
    url: str,
    path: str,
    body: Union[bytes, str, dict[str, Any], None] = None,
    method: str = "POST",
    headers: Optional[dict[str, str]] = None,
) -> Reply:
    """One HTTP request; a dictionary is sent as JSON. The answer must have the five fields.

    That of /ready says more beside them.
    """
    if isinstance(body, dict):
        body = json.dumps(body)
    data = body.encode("utf-8") if isinstance(body, str) else body
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    with contextlib.closing(connection):
        connection.request(method, path, data, headers or {})
        response = connection.getresponse()
        content = json.loads(response.read().decode("utf-8"))
    beside = ["service", "rankers"] if path == "/ready" else []
    assert list(content) == [*FIVE_FIELDS, *beside]
    assert content["tensors"] == []
    return Reply(
        content["err_no"],
        content["err_msg"],
        dict(zip(content["key"], content["value"])),
        response.status,
        {name.lower(): value for name, value in response.getheaders()},
    )


def rank(url: str, service: str = "ranker", **fields: Any) -> Reply:
    """The fuller shape over HTTP."""
    return http_call(url, f"/{service}/prediction", fields)


def gateway_body(fields: dict[str, str]) -> dict[str, Any]:
    """The gateway's shape of string fields."""
    return {"key": list(fields), "value": list(fields.values())}


def rpc_call(endpoint: str, fields: dict[str, str], name: str = "", **parts: Any) -> Reply:
    """One RPC request by the generated stub."""
    import grpc
    from paddle_serving_server.pipeline.proto import pipeline_service_pb2 as pb
    from paddle_serving_server.pipeline.proto import pipeline_service_pb2_grpc as services

    request = pb.Request(
        key=list(fields), value=list(fields.values()), name=name, method="prediction", **parts
    )
    with grpc.insecure_channel(endpoint, _options()) as channel:
        response = services.PipelineServiceStub(channel).inference(request, timeout=60)
    return reply_of(response)


def rpc_bytes(endpoint: str, data: bytes) -> Reply:
    """One RPC request of any bytes."""
    import grpc
    from paddle_serving_server.pipeline.proto import pipeline_service_pb2 as pb

    with grpc.insecure_channel(endpoint, _options()) as channel:
        call = channel.unary_unary(
            "/baidu.paddle_serving.pipeline_serving.PipelineService/inference",
            response_deserializer=pb.Response.FromString,
        )
        return reply_of(call(data, timeout=60))


def upstream_client(endpoint: str) -> Any:
    """Upstream's PipelineClient, connected; unmodified."""
    from paddle_serving_server.pipeline import PipelineClient

    client = PipelineClient()
    client.connect([endpoint])
    return client


def upstream_predict(endpoint: str, feed: dict[str, Any], **options: Any) -> Any:
    """PipelineClient.predict, without what it prints."""
    client = upstream_client(endpoint)
    with contextlib.redirect_stdout(io.StringIO()):
        return client.predict(feed_dict=feed, **options)


def reply_of(response: Any) -> Reply:
    """An RPC response."""
    return Reply(response.err_no, response.err_msg, dict(zip(response.key, response.value)))


def _options() -> list[tuple[str, int]]:
    limit = 256 * 1024 * 1024
    return [("grpc.max_send_message_length", limit), ("grpc.max_receive_message_length", limit)]
