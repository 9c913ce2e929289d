# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Ranks documents over RPC, by Paddle Serving's pipeline protocol.

As a command it prints tables or JSON, see ``python -m clients.rpc_client --help``; applications
import ``RpcRankerClient``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import grpc

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from clients.command import ranker_options
from clients.command.arguments import KEY_VARIABLE
from clients.ranker.errors import rebuild
from clients.ranker.key_value_client import DEFAULT_SERVICE, KeyValueRankerClient
from clients.ranker.pipeline_wire import INFERENCE, decode_response, encode_request
from clients.transport.client_tls import ClientTls
from clients.transport.timeouts import DEFAULT_TIMEOUT_S
from contract.errors import (
    DeadlineExceeded,
    InvalidField,
    Overloaded,
    RankingError,
    RequestTooLarge,
)
from contract.wire.caller_errors import Unreachable, UnreadableAnswer
from contract.wire.endpoint import checked_endpoint
from contract.wire.grpc_channel import OPTIONS

# what gRPC says of a call that it refuses before the service knows of it
_TOO_MANY_CALLS = "Concurrent RPC limit exceeded!"
DEFAULT_ENDPOINT = "127.0.0.1:8089"


class RpcRankerClient(KeyValueRankerClient):
    """Calls the service's RPC port; one connection serves all threads."""

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        service: str = DEFAULT_SERVICE,
        *,
        api_key: str = "",
        tls: Optional[ClientTls] = None,
    ) -> None:
        """Prepare a channel; nothing connects before the first call.

        Args:
            endpoint: ``host:port`` of the service's ``rpc_port``.
            timeout_s: deadline of every call, connecting included.
            service: ``ranker``, ``ernie`` or ``rocketqa``.
            api_key: sent as ``authorization: Bearer``; empty sends none.
            tls: whom to trust, and who calls; ``None``: the service's port is not encrypted.

        Raises:
            InvalidField: ``endpoint`` is not ``host:port``, a key cannot be sent, or a file of TLS
                cannot be read.
        """
        super().__init__(timeout_s, service)
        self.endpoint = checked_endpoint(endpoint, DEFAULT_ENDPOINT)
        self._metadata = _metadata(api_key)
        if tls is None:
            self._channel = grpc.insecure_channel(self.endpoint, options=OPTIONS)
        else:
            self._channel = grpc.secure_channel(self.endpoint, tls.credentials(), options=OPTIONS)
        # bytes both ways: what fails to decode is this module's to explain, not grpc's
        self._inference = self._channel.unary_unary(
            INFERENCE, request_serializer=bytes, response_deserializer=bytes
        )

    def _exchange(self, fields: Mapping[str, str], log_id: int, service: str) -> dict[str, str]:
        request = encode_request(fields, service, log_id)
        try:
            data = self._inference(request, timeout=self.timeout_s, metadata=self._metadata)
        except grpc.RpcError as error:
            raise self._translated(error) from error
        answer = decode_response(data)
        if answer.err_no != 0:
            raise rebuild(answer.err_no, answer.err_msg)
        return dict(answer.fields)

    def _translated(self, error: grpc.RpcError) -> RankingError:
        """An error of the connection as one of the contract's."""
        code, details = error.code(), error.details()
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineExceeded(
                f"no answer within {self.timeout_s:g} s; send fewer documents or allow more time",
                field=self.endpoint,
            )
        if code == grpc.StatusCode.UNAVAILABLE:
            return Unreachable(
                f"no connection ({details}); is the service running, and is this its rpc_port?",
                field=self.endpoint,
            )
        if code == grpc.StatusCode.RESOURCE_EXHAUSTED and details == _TOO_MANY_CALLS:
            return Overloaded("too many calls at once; try again later")
        if code == grpc.StatusCode.RESOURCE_EXHAUSTED:
            return RequestTooLarge(f"{details}; send fewer documents at once", field="documents")
        return UnreadableAnswer(
            f"{code.name}: {details}; is this the rpc_port of a Paddle Serving pipeline?",
            field=self.endpoint,
        )

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def _metadata(api_key: str) -> tuple[tuple[str, str], ...]:
    if not api_key:
        return ()
    if not api_key.isascii() or not api_key.isprintable() or api_key != api_key.strip():
        raise InvalidField("gRPC sends printable ASCII only", field="api_key")
    return (("authorization", f"Bearer {api_key}"),)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 for a service error or 2 for a usage error."""
    parser = ranker_options.parser("python -m clients.rpc_client", "RPC")
    parser.add_argument(
        "--endpoint", default=DEFAULT_ENDPOINT, help="host:port of rpc_port [%(default)s]"
    )
    parser.add_argument(
        "--tls", action="store_true", help="the port is encrypted; trust the system's authorities"
    )
    parser.add_argument("--tls_ca", metavar="FILE", help="trust those in this PEM file; --tls")
    parser.add_argument("--tls_certificate", metavar="FILE", help="of the caller, PEM; --tls")
    parser.add_argument("--tls_key", metavar="FILE", help="of the caller's certificate, PEM")
    return ranker_options.run(parser, argv, _connect)


def _connect(args: argparse.Namespace) -> RpcRankerClient:
    files = (args.tls_ca, args.tls_certificate, args.tls_key)
    tls = ClientTls(*files) if args.tls or any(files) else None
    api_key = os.environ.get(KEY_VARIABLE, "")
    return RpcRankerClient(args.endpoint, args.timeout, args.service, api_key=api_key, tls=tls)


if __name__ == "__main__":
    sys.exit(main())
