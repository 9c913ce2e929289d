# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls one method of a server by gRPC, bytes both ways, and translates its errors."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Callable, Optional

import grpc

from contract.errors import DeadlineExceeded, RankingError, RequestTooLarge, ServiceError
from contract.protobuf_classes import MAX_MESSAGE_BYTES
from contract.wire.caller_errors import ConnectionLost, Unreachable, UnreadableAnswer
from contract.wire.tensor_errors import from_grpc

OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # the service is inside the network; a proxy variable meant for the web breaks it
    ("grpc.enable_http_proxy", 0),
)
# the service's own number, which it sends beside gRPC's status
_ERR_NO = "err_no"
# gRPC's text begins so when a call was never sent; after another text it may have been
_NOT_CONNECTED = "failed to connect"


class GrpcChannel:
    """Calls one method of one server; safe to share between threads."""

    def __init__(
        self,
        endpoint: str,
        service: str,
        method: str,
        connect_timeout_s: float,
        extra_options: Sequence[tuple[str, Any]] = (),
    ) -> None:
        """Prepare a channel; nothing connects before the first call.

        Args:
            endpoint: ``host:port``.
            service: with its package.
            method: of the service.
            connect_timeout_s: how long an attempt to connect may take.
            extra_options: of gRPC's channel, beside those that every caller needs.
        """
        self.endpoint = endpoint
        self._path = f"/{service}/{method}"
        self._options = [
            *OPTIONS,
            *extra_options,
            # despite its name, how long an attempt to connect may take
            ("grpc.min_reconnect_backoff_ms", int(connect_timeout_s * 1000)),
            # else a new channel shares connections, and their back-off, with the one before
            ("grpc.use_local_subchannel_pool", 1),
        ]
        self._lock = threading.Lock()
        self._open()

    def _open(self) -> None:
        self._channel = grpc.insecure_channel(self.endpoint, options=self._options)
        # bytes both ways, so that the caller explains what fails to decode and not grpc
        self._call = self._channel.unary_unary(
            self._path, request_serializer=bytes, response_deserializer=bytes
        )

    def call(
        self,
        payload: bytes,
        timeout_s: float,
        log_id: int,
        metadata: Sequence[tuple[str, str]] = (),
        hear: Optional[Callable[[Callable[[], object]], None]] = None,
    ) -> bytes:
        """Send one request and wait for its answer; the deadline is told to the service.

        Args:
            payload: the request's message.
            timeout_s: longest wait.
            log_id: of no use here.
            metadata: of the call.
            hear: given what cancels the call, which then raises ServiceError.

        Raises:
            RankingError: the service's error, or that of the connection.
        """
        used = self._call
        try:
            if hear is None:
                data: bytes = used(payload, timeout=timeout_s, metadata=tuple(metadata) or None)
            else:
                call = used.future(payload, timeout=timeout_s, metadata=tuple(metadata) or None)
                hear(call.cancel)
                data = call.result()
        except grpc.FutureCancelledError as error:
            raise ServiceError("the call was cancelled", field=self.endpoint) from error
        except grpc.RpcError as error:
            translated = self._translated(error, timeout_s)
            if isinstance(translated, Unreachable):
                self._renew(used)
            raise translated from error
        return data

    def _renew(self, used: grpc.UnaryUnaryMultiCallable[bytes, bytes]) -> None:
        """Take a new channel: one that failed waits, longer each time, before it tries again.

        The old one ends with the last call of another thread that still uses it.
        """
        with self._lock:
            if self._call is used:
                self._open()

    def _translated(self, error: grpc.RpcError, timeout_s: float) -> RankingError:
        code, details = error.code(), error.details() or ""
        err_no = _err_no(error)
        if err_no is not None:
            return from_grpc(code.value[0], err_no, details)
        if code == grpc.StatusCode.DEADLINE_EXCEEDED:
            return DeadlineExceeded(
                f"no answer within {timeout_s:.3g} s; send fewer documents or allow more time",
                field=self.endpoint,
            )
        if code == grpc.StatusCode.UNAVAILABLE:
            never_sent = details.startswith(_NOT_CONNECTED)
            kind = Unreachable if never_sent else ConnectionLost
            return kind(
                f"no connection ({details}); is the tensor service running there?",
                field=self.endpoint,
            )
        if code == grpc.StatusCode.RESOURCE_EXHAUSTED:
            return RequestTooLarge(f"{details}; send fewer documents at once", field="documents")
        return UnreadableAnswer(f"{code.name}: {details}")

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def _err_no(error: grpc.RpcError) -> Optional[int]:
    """The service's number, which no error of gRPC's own has."""
    metadata: Any = error.trailing_metadata() or ()
    numbers = [value for key, value in metadata if key == _ERR_NO]
    return int(numbers[0]) if numbers else None
