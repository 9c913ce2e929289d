# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores titles by the C++ tensor service, over RPC.

As a command it prints tables or JSON, see ``python -m clients.tensor_rpc_client --help``;
applications import ``TensorRpcClient``.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Callable, Optional, Protocol, Union

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from clients.command import tensor_options
from clients.tensor.client import CONNECT_TIMEOUT_S, DEFAULT_BUNDLE, TensorClient
from clients.tensor.variants import BundleOrPath
from clients.transport.baidu_std import BaiduChannel
from clients.transport.timeouts import DEFAULT_TIMEOUT_S
from contract.errors import InvalidField
from contract.wire.caller_errors import UnreadableAnswer
from contract.wire.grpc_channel import GrpcChannel
from contract.wire.tensor_codec import METHOD, SERVICE, ProtoCodec, TensorAnswer, TensorRequest


class _Channel(Protocol):
    """The connections to one service."""

    def call(self, payload: bytes, timeout_s: float, log_id: int) -> bytes:
        """Send one request and wait for its answer."""
        ...

    def close(self) -> None:
        """Close the connections."""
        ...


PROTOCOLS: dict[str, Callable[[str, str, str, float], _Channel]] = {
    "grpc": GrpcChannel,
    "baidu_std": BaiduChannel,
}


class TensorRpcClient(TensorClient):
    """Calls tensor services by gRPC, or by baidu_std as Paddle Serving's own client does."""

    def __init__(
        self,
        endpoints: Union[str, Sequence[str]] = (),
        bundle: BundleOrPath = DEFAULT_BUNDLE,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        *,
        protocol: str = "grpc",
        padded: bool = False,
        salt: str = "",
    ) -> None:
        """Open the bundle; nothing connects before the first call.

        Args:
            endpoints: as in ``TensorClient``, and so are the other arguments not named here.
            bundle: the one that the services serve.
            timeout_s: longest a call may take; the service is told.
            protocol: ``grpc``, one connection for all threads, or ``baidu_std``, one for each call
                at a time.
            padded: pad rows on the wire.
            salt: name of the experiment.

        Raises:
            InvalidField: an unknown ``protocol``, or an endpoint that is not ``host:port``.
            BundleError: the bundle cannot be read.
        """
        if protocol not in PROTOCOLS:
            raise InvalidField(
                f"must be one of {', '.join(PROTOCOLS)}, got {protocol!r}", field="protocol"
            )
        super().__init__(endpoints, bundle, timeout_s, padded=padded, salt=salt)
        self._open_channel = PROTOCOLS[protocol]
        self._codec = ProtoCodec()
        self._channels: dict[str, _Channel] = {}
        self._lock = threading.Lock()

    def _exchange(self, endpoint: str, request: TensorRequest, timeout_s: float) -> TensorAnswer:
        payload = self._codec.encode(request)
        channel = self._channel(endpoint)
        try:
            return self._codec.decode(channel.call(payload, timeout_s, request.log_id))
        except UnreadableAnswer as error:
            raise UnreadableAnswer(
                f"{error.message}; is this the tensor service's port?", field=endpoint
            ) from error

    def _channel(self, endpoint: str) -> _Channel:
        with self._lock:
            if endpoint not in self._channels:
                self._channels[endpoint] = self._open_channel(
                    endpoint, SERVICE, METHOD, CONNECT_TIMEOUT_S
                )
            return self._channels[endpoint]

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.close()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 for a service error or 2 for a usage error."""
    parser = tensor_options.parser("python -m clients.tensor_rpc_client", "RPC")
    parser.add_argument("--protocol", choices=list(PROTOCOLS), default="grpc", help="[%(default)s]")
    return tensor_options.run(
        parser, argv, lambda args, **common: TensorRpcClient(protocol=args.protocol, **common)
    )


if __name__ == "__main__":
    sys.exit(main())
