# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Sends one request and writes down its whole answer: status, headers and body, times masked."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any, NamedTuple, Optional, Union

import grpc

from tests.golden_answers.masks import mask_body, mask_headers, show_bytes
from tests.golden_answers.messages import INFERENCE, PbRequest, PbResponse

Answer = dict[str, Any]
_TIMEOUT_S = 20.0


class Ports(NamedTuple):
    """Where the service listens on 127.0.0.1."""

    http: int
    rpc: int = 0


class Http(NamedTuple):
    """One HTTP request on a connection of its own.

    Attributes:
        name: tells it from the others of its route.
        exact: nothing in the body is masked.
        names_only: of the body, only the names of metrics are kept.
        digest: of the body, only its hash is kept.
        after_s: wait so long before.
    """

    name: str
    method: str
    path: str
    body: Optional[bytes] = None
    headers: tuple[tuple[str, str], ...] = ()
    exact: bool = False
    names_only: bool = False
    digest: bool = False
    after_s: float = 0.0

    @property
    def route(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path.partition('?')[0]}"

    def answer(self, ports: Ports) -> Answer:
        """Send it."""
        time.sleep(self.after_s)
        connection = http.client.HTTPConnection("127.0.0.1", ports.http, timeout=_TIMEOUT_S)
        headers = {name: value.encode().decode("latin-1") for name, value in self.headers}
        try:
            connection.request(self.method, self.path, self.body, headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        shown: Any = mask_body(body, response.getheaders(), exact=self.exact)
        if self.names_only:
            shown = sorted({n.split()[2] for n in shown.splitlines() if n.startswith("# TYPE ")})
        if self.digest:
            shown = show_bytes(body)
        return {
            "status": f"{response.status} {response.reason}",
            "headers": mask_headers(response.getheaders(), body),
            "body": shown,
        }


class Raw(NamedTuple):
    """Bytes on a connection, and all that comes back until it is closed.

    Attributes:
        name: tells it from the others of its route.
        route: under which it is listed.
        data: sent as it is.
        beside: sent before on another connection, which stays open meanwhile.
    """

    name: str
    route: str
    data: bytes
    beside: bytes = b""

    def answer(self, ports: Ports) -> Answer:
        """Send it."""
        with socket.create_connection(("127.0.0.1", ports.http), _TIMEOUT_S) as other:
            if self.beside:
                other.sendall(self.beside)
                # nothing tells that the service has it
                time.sleep(0.3)
            data = self._exchange(ports)
        head, _, body = data.partition(b"\r\n\r\n")
        status, *lines = head.decode("latin-1").split("\r\n")
        headers = [tuple(line.split(": ", 1)) for line in lines if line]
        return {
            "status": status,
            "headers": mask_headers(headers, body),
            "body": mask_body(body, headers),
        }

    def _exchange(self, ports: Ports) -> bytes:
        chunks = []
        with socket.create_connection(("127.0.0.1", ports.http), _TIMEOUT_S) as connection:
            connection.sendall(self.data)
            while chunk := connection.recv(65536):
                chunks.append(chunk)
        return b"".join(chunks)


class Rpc(NamedTuple):
    """One call of the RPC port.

    Attributes:
        name: tells it from the others.
        request: bytes, or the fields of a Request.
        metadata: of the call.
        method: the full name.
    """

    name: str
    request: Union[bytes, dict[str, Any]]
    metadata: tuple[tuple[str, str], ...] = ()
    method: str = INFERENCE

    @property
    def route(self) -> str:
        """The method."""
        return f"RPC {self.method.rpartition('/')[2]}"

    def answer(self, ports: Ports) -> Answer:
        """Send it."""
        data = self.request
        if isinstance(data, dict):
            data = PbRequest(**data).SerializeToString()
        options = [("grpc.max_send_message_length", -1)]
        with grpc.insecure_channel(f"127.0.0.1:{ports.rpc}", options) as channel:
            call = channel.unary_unary(
                self.method, request_serializer=bytes, response_deserializer=bytes
            )
            try:
                reply, ended = call.with_call(data, timeout=_TIMEOUT_S, metadata=self.metadata)
                body = mask_body(_shown(reply), [])
            except grpc.RpcError as error:
                ended, body = error, ""
        return {
            "status": f"{ended.code().name} {ended.details()}".strip(),
            "headers": [
                f"{key}: {value!s}"
                for key, value in (*(ended.initial_metadata() or ()), *ended.trailing_metadata())
            ],
            "body": body,
        }


def _shown(data: bytes) -> bytes:
    """A Response as JSON; bytes that it would not be written as are kept as they are."""
    response = PbResponse.FromString(data)
    if response.SerializeToString(deterministic=True) != data:
        return data
    fields = {
        "err_no": response.err_no,
        "err_msg": response.err_msg,
        "key": list(response.key),
        "value": list(response.value),
        "tensors": [str(tensor) for tensor in response.tensors],
    }
    return json.dumps(fields, ensure_ascii=False).encode()


AnyCall = Union[Http, Raw, Rpc]
