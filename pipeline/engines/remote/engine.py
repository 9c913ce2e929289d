# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""An engine that has a GeneralModelService in another process compute its batches."""

from __future__ import annotations

import time
from collections import deque
from typing import Callable, Optional

import numpy as np

from contract.bundle import Bundle
from contract.errors import (
    DeadlineExceeded,
    InferenceFailed,
    Overloaded,
    RankingError,
    ShuttingDown,
    UnknownService,
)
from contract.wire.caller_errors import ConnectionLost, Unreachable, UnreadableAnswer
from contract.wire.grpc_channel import GrpcChannel
from contract.wire.tensor_codec import METHOD, SERVICE, ProtoCodec, TensorAnswer, TensorRequest
from contract.wire.tensor_codec import Feed as SentTensor
from contract.wire.tensor_errors import from_response
from pipeline.engines.engine import Feed, Logits
from pipeline.engines.remote.endpoints import Asked, Endpoint
from pipeline.request.trace import outgoing

_CONNECT_TIMEOUT_S = 2.0
_RANKER_HEADER = "x-ranker"
# A machine that is gone sends not even a refusal. The service answers no ping on a connection whose
# batch it computes, so the limit has to be longer than any batch.
_KEEPALIVE = (
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
)
# a batch that breaks connections may be what ends the services: it is sent so often at most
_MOST_LOST = 2
# takes what cancels a call
Hear = Callable[[Callable[[], object]], None]
# of an error, that of the caller's request, if it is one
CallersError = Callable[[RankingError], Optional[RankingError]]
_NOT_ANSWERED = (Unreachable, UnreadableAnswer, ShuttingDown, UnknownService)


class RemoteEngine:
    """Asks one service after the other; opened, used and closed by one thread.

    It has a connection of its own to each, because a service reads nothing from a connection while
    it computes a batch that came by it.
    """

    def __init__(
        self,
        bundle: Bundle,
        endpoints: Asked,
        timeout_s: float,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        """Bind the services; nothing connects before the first batch.

        Args:
            bundle: which all of them serve.
            endpoints: those to ask.
            timeout_s: longest a batch may take, all tries together.
            on_close: called once.
        """
        self._manifest = bundle.manifest
        # which of its bundles a service of several shall take
        name = f"{bundle.manifest.ranker}@{bundle.manifest.version}"
        self._named = ((_RANKER_HEADER, name),)
        self._endpoints = endpoints
        self._timeout_s = timeout_s
        self._on_close = on_close
        self._codec = ProtoCodec()
        self._channels: dict[str, GrpcChannel] = {}

    def run(self, feed: Feed) -> Logits:
        """Run one batch; see :class:`pipeline.engines.engine.Engine`.

        Each service is asked once; one batch may break two connections, not more.

        Raises:
            Overloaded: a queue is full, and no other service takes the batch.
            DeadlineExceeded: no answer in time.
            InferenceFailed: no service answers, or one cannot compute this batch.
        """
        payload = self._codec.encode(self._request(feed))
        rows = len(next(iter(feed.values())))
        answer, endpoint = self.exchange(payload, self._timeout_s)
        return self.logits_of(answer, rows, endpoint)

    def exchange(
        self,
        payload: bytes,
        timeout_s: float,
        hear: Optional[Hear] = None,
        callers: Optional[CallersError] = None,
    ) -> tuple[TensorAnswer, Endpoint]:
        """Ask one service after the other; a good answer, and whose it is.

        Args:
            payload: a request's message.
            timeout_s: longest wait, all tries together. One below the engine's own is its caller's,
                and says nothing of a service that does not answer within it.
            hear: given what cancels the call that is under way.
            callers: what the service says of the request itself, or ``None`` where it does not.

        Raises:
            RankingError: as :meth:`run`, and what ``callers`` makes of an error.
        """
        deadline = time.monotonic() + timeout_s
        full: Optional[Overloaded] = None
        waiting = deque(self._endpoints.in_order())
        lost = 0
        while waiting and lost < _MOST_LOST:
            endpoint = waiting.popleft()
            left = deadline - time.monotonic()
            if left <= 0:
                raise DeadlineExceeded(f"no answer within {timeout_s:g} s ({self._endpoints})")
            try:
                patient = timeout_s >= self._timeout_s
                return self._ask(endpoint, payload, left, patient, hear, callers), endpoint
            except Overloaded as error:
                full = error
            except (ConnectionLost, UnreadableAnswer):
                lost += 1
                if not waiting:
                    waiting.append(endpoint)
            except _NOT_ANSWERED:
                pass
        # a full queue is worth another try by the caller, whoever else is down
        raise full or InferenceFailed(f"no tensor service answers ({self._endpoints})")

    def _request(self, feed: Feed) -> TensorRequest:
        try:
            sent = [SentTensor(spec, feed[spec.alias]) for spec in self._manifest.feeds]
        except KeyError as error:
            raise InferenceFailed("not fed", field=str(error.args[0])) from error
        return TensorRequest(sent, [self._manifest.logits])

    def _ask(
        self,
        endpoint: Endpoint,
        payload: bytes,
        timeout_s: float,
        patient: bool,
        hear: Optional[Hear],
        callers: Optional[CallersError],
    ) -> TensorAnswer:
        """Send it to one service, and count how that ended."""
        try:
            with endpoint.calling():
                channel = self._channel(endpoint.address)
                metadata = (*self._named, *outgoing())
                data = channel.call(payload, timeout_s, 0, metadata, hear)
            answer = self._codec.decode(data)
        except (DeadlineExceeded, *_NOT_ANSWERED) as error:
            if patient or not isinstance(error, DeadlineExceeded):
                endpoint.failed(error.message)
            raise _at(endpoint, error) from error
        except RankingError as error:
            endpoint.breaker.succeeded()
            own = callers(error) if callers is not None else None
            raise own or _refused(endpoint, error) from error
        endpoint.breaker.succeeded()
        if answer.err_no != 0:
            raise _refused(endpoint, from_response(answer.err_no, answer.err_msg))
        return answer

    def _channel(self, address: str) -> GrpcChannel:
        if address not in self._channels:
            self._channels[address] = GrpcChannel(
                address, SERVICE, METHOD, _CONNECT_TIMEOUT_S, _KEEPALIVE
            )
        return self._channels[address]

    def logits_of(self, answer: TensorAnswer, rows: int, endpoint: Endpoint) -> Logits:
        """Those of so many rows.

        Raises:
            InferenceFailed: there are others.
        """
        logits = answer.tensors.get(self._manifest.logits)
        if logits is None or logits.ndim != 2 or len(logits) != rows:
            got = {alias: list(array.shape) for alias, array in answer.tensors.items()}
            raise InferenceFailed(
                f"answered {got} to {rows} rows, which is not {self._manifest.logits} of bundle "
                f"{self._manifest.version}; is this its service?",
                field=endpoint.address,
            )
        return np.asarray(logits, dtype=np.float32)

    def close(self) -> None:
        """Close the connections."""
        channels, self._channels = self._channels, {}
        for channel in channels.values():
            channel.close()
        self._on_close()


def _at(endpoint: Endpoint, error: RankingError) -> RankingError:
    """The error, naming the service."""
    return type(error)(error.message, field=endpoint.address)


def _refused(endpoint: Endpoint, error: RankingError) -> RankingError:
    """What a service that answers says of this batch; another one would say the same."""
    if isinstance(error, Overloaded):
        return _at(endpoint, error)
    return InferenceFailed(f"refuses the batch ({error})", field=endpoint.address)
