# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Scores titles by the C++ tensor service, over HTTP.

As a command it prints tables or JSON, see ``python -m clients.tensor_http_client --help``;
applications import ``TensorHttpClient``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional, Union

import httpx

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from clients.command import tensor_options
from clients.tensor.client import CONNECT_TIMEOUT_S, DEFAULT_BUNDLE, TensorClient
from clients.tensor.variants import BundleOrPath
from clients.transport.http_exchange import Answer, connections, post
from clients.transport.timeouts import DEFAULT_TIMEOUT_S
from contract.errors import DeadlineExceeded, InvalidField
from contract.wire.caller_errors import Unreachable, UnreadableAnswer
from contract.wire.tensor_codec import Codec, JsonCodec, ProtoCodec, TensorAnswer, TensorRequest
from contract.wire.tensor_errors import from_http

WIRES: dict[str, Codec] = {"proto": ProtoCodec(), "json": JsonCodec()}
PATH = "/GeneralModelService/inference"
# below the 600 s after which the service closes an idle connection
_IDLE_S = 300.0


class TensorHttpClient(TensorClient):
    """Calls the HTTP side of tensor services; connections are kept and shared by all threads."""

    def __init__(
        self,
        endpoints: Union[str, Sequence[str]] = (),
        bundle: BundleOrPath = DEFAULT_BUNDLE,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        *,
        wire: str = "proto",
        padded: bool = False,
        salt: str = "",
    ) -> None:
        """Open the bundle; nothing connects before the first call.

        Args:
            endpoints: as in ``TensorClient``, and so are the other arguments not named here.
            bundle: the one that the services serve.
            timeout_s: longest a call may take; the service is told.
            wire: ``proto`` (application/proto) or ``json``.
            padded: pad rows on the wire.
            salt: name of the experiment.

        Raises:
            InvalidField: an unknown ``wire``, or an endpoint that is not ``host:port``.
            BundleError: the bundle cannot be read.
        """
        if wire not in WIRES:
            raise InvalidField(f"must be one of {', '.join(WIRES)}, got {wire!r}", field="wire")
        super().__init__(endpoints, bundle, timeout_s, padded=padded, salt=salt)
        self._codec = WIRES[wire]
        self._client = connections(_IDLE_S)

    def _exchange(self, endpoint: str, request: TensorRequest, timeout_s: float) -> TensorAnswer:
        headers = {
            "Content-Type": self._codec.content_type,
            # inside the network, inflating costs more than it saves
            "Accept-Encoding": "identity",
            "X-Timeout-Ms": str(max(1, int(timeout_s * 1000))),
        }
        content = self._codec.encode(request)
        url = f"http://{endpoint}{PATH}"
        try:
            answer = post(self._client, url, content, headers, timeout_s, CONNECT_TIMEOUT_S)
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise DeadlineExceeded(
                f"no answer within {timeout_s:.3g} s; send fewer documents or allow more time",
                field=endpoint,
            ) from error
        except httpx.HTTPError as error:
            raise Unreachable(
                f"no connection ({error or 'timed out'}); is the tensor service running there?",
                field=endpoint,
            ) from error
        return self._read(endpoint, answer)

    def _read(self, endpoint: str, answer: Answer) -> TensorAnswer:
        try:
            if answer.content_type != self._codec.content_type:
                raise UnreadableAnswer(f"a body of type {answer.content_type!r}")
            read = self._codec.decode(answer.body)
        except UnreadableAnswer as error:
            start = answer.body[:80].decode("utf-8", errors="replace")
            raise UnreadableAnswer(
                f"HTTP {answer.status} with a body that is no GeneralModelService answer "
                f"({start!r}...); is this the tensor service's port?",
                field=endpoint,
            ) from error
        if answer.status != httpx.codes.OK:
            raise from_http(answer.status, read.err_no, read.err_msg)
        return read

    def close(self) -> None:
        """Close the pool."""
        self._client.close()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; the exit status is 0, 1 for a service error or 2 for a usage error."""
    parser = tensor_options.parser("python -m clients.tensor_http_client", "HTTP")
    parser.add_argument(
        "--wire", choices=list(WIRES), default="proto", help="format of the body [%(default)s]"
    )
    return tensor_options.run(
        parser, argv, lambda args, **common: TensorHttpClient(wire=args.wire, **common)
    )


if __name__ == "__main__":
    sys.exit(main())
