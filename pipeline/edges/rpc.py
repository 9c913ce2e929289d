# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The RPC edge: gRPC service baidu.paddle_serving.pipeline_serving.PipelineService on rpc_port.

Errors travel in the answer's err_no and err_msg, as Paddle's clients expect.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Mapping
from typing import Optional, Union

import grpc
from google.protobuf.message import DecodeError

from contract.errors import (
    ConfigError,
    MalformedRequest,
    RankingError,
    RequestError,
    RequestTooLarge,
)
from pipeline.dag.paddle_serving import pipeline_service_pb2 as pb
from pipeline.door.admission import Admission
from pipeline.door.front_door import FrontDoor
from pipeline.door.services import DEFAULT_SERVICE, FEEDBACK_SERVICE, RANKER_HEADER, Services
from pipeline.edges.answer import Answer
from pipeline.edges.feedback import FeedbackDesk
from pipeline.edges.paddle_wire import read_feedback_wire, read_wire
from pipeline.process.thread_pool import started_pool
from pipeline.request.call import Arrival, Call
from pipeline.request.cancel import Cancel
from pipeline.request.trace import TRACEPARENT, TRACESTATE
from pipeline.settings.service import LimitsConfig

_SERVICE = "baidu.paddle_serving.pipeline_serving.PipelineService"
_METHOD = "inference"
_MAX_SENT_BYTES = 256 * 1024 * 1024
# a message a little too large is still read, so that the answer can say so
_SPARE_BYTES = 1024 * 1024
# beyond those in flight, so that a request over the bound is refused at once
_SPARE_THREADS = 8
_LONGEST_DEADLINE_S = 86_400.0


class RpcEdge:
    """One gRPC server."""

    def __init__(
        self,
        front_door: FrontDoor,
        admission: Admission,
        services: Services,
        desk: FeedbackDesk,
        limits: LimitsConfig,
        port: int,
        workers: int,
    ) -> None:
        """Bind the port; :meth:`start` begins to answer.

        Args:
            front_door: ranks.
            admission: lets requests in.
            services: the names under which the service answers.
            desk: takes feedback.
            limits: of one request; gRPC itself refuses what is over ``max_body_bytes`` by a quarter
                and a MiB.
            port: on all addresses.
            workers: requests that may be in work.

        Raises:
            ConfigError: the port is in use.
        """
        self._front_door = front_door
        self._admission = admission
        self._services = services
        self._desk = desk
        self._limits = limits.of_request()
        max_bytes = limits.max_body_bytes
        self._server = grpc.server(
            started_pool(workers + _SPARE_THREADS, "rpc"),
            options=[
                ("grpc.max_send_message_length", _MAX_SENT_BYTES),
                ("grpc.max_receive_message_length", max_bytes * 5 // 4 + _SPARE_BYTES),
                ("grpc.so_reuseport", 0),
            ],
        )
        handler = grpc.unary_unary_rpc_method_handler(
            self._inference,
            request_deserializer=functools.partial(_parse, max_bytes),
            response_serializer=pb.Response.SerializeToString,
        )
        self._server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(_SERVICE, {_METHOD: handler}),)
        )
        try:
            self._server.add_insecure_port(f"[::]:{port}")
        except RuntimeError as error:
            raise ConfigError(
                f"{port} is in use; stop what listens there or choose another", field="rpc_port"
            ) from error

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    def stop(self, grace_s: float) -> threading.Event:
        """Take no more; the event returned is set when those in work are answered."""
        stopped: threading.Event = self._server.stop(grace_s)
        return stopped

    def _inference(
        self, request: Union[pb.Request, RequestError], context: grpc.ServicerContext
    ) -> pb.Response:
        """One call in its thread: let in, read, rank, write."""
        received = time.monotonic()
        if isinstance(request, pb.Request) and request.name == FEEDBACK_SERVICE:
            keys, values, limits = request.key, request.value, self._limits
            return _message(self._desk.take(lambda: read_feedback_wire(limits, keys, values)))
        headers = _headers(context)
        arrival = _arrival(request, headers, context, received)
        call = None
        try:
            ticket = self._admission.enter(_size(request))
        except RankingError as error:
            return _message(Answer.of_error(error))
        with ticket:
            try:
                call = self._read(request, arrival, headers)
            except Exception as error:
                outcome = self._front_door.refuse(arrival, error, ticket)
            else:
                outcome = self._front_door.rank(call, ticket)
        request_id = call.request.request_id if call is not None else ""
        return _message(Answer.of_outcome(outcome, request_id))

    def _read(
        self,
        request: Union[pb.Request, RequestError],
        arrival: Arrival,
        headers: Mapping[str, str],
    ) -> Call:
        if isinstance(request, RequestError):
            raise request
        self._services.check(arrival.service)
        return read_wire(
            arrival,
            self._limits,
            request.key,
            request.value,
            ((t.name, t.elem_type, t.str_data) for t in request.tensors),
            ranker=headers.get(RANKER_HEADER, ""),
            log_id=request.logid,
        )


def _arrival(
    request: Union[pb.Request, RequestError],
    headers: Mapping[str, str],
    context: grpc.ServicerContext,
    received: float,
) -> Arrival:
    service = "" if isinstance(request, RequestError) else request.name or DEFAULT_SERVICE
    return Arrival(
        "rpc",
        service,
        received,
        deadline=_deadline(context),
        cancel=_cancel(context),
        traceparent=headers.get(TRACEPARENT, ""),
        tracestate=headers.get(TRACESTATE, ""),
    )


def _deadline(context: grpc.ServicerContext) -> Optional[float]:
    """The caller's, on time.monotonic's clock; gRPC says years for a caller that set none."""
    remaining = context.time_remaining()
    if remaining is None or remaining > _LONGEST_DEADLINE_S:
        return None
    return time.monotonic() + remaining


def _headers(context: grpc.ServicerContext) -> dict[str, str]:
    """The call's metadata; of a name that stands twice, the first value."""
    headers: dict[str, str] = {}
    for key, value in context.invocation_metadata():
        headers.setdefault(key, str(value))
    return headers


def _cancel(context: grpc.ServicerContext) -> Cancel:
    """Tells when the call ends before its answer: cancelled, or its deadline passed."""
    cancel = Cancel()
    if not context.add_callback(cancel.tell):
        cancel.tell()
    return cancel


def _parse(max_bytes: int, data: bytes) -> Union[pb.Request, RequestError]:
    """Bytes that are no request are answered like any other bad request, not by gRPC."""
    if len(data) > max_bytes:
        return RequestTooLarge(f"{len(data)} bytes, at most {max_bytes} allowed", field="request")
    try:
        return pb.Request.FromString(data)
    except DecodeError:
        return MalformedRequest(
            "not a Request message, or a string in it is not UTF-8", field="request"
        )


def _size(request: Union[pb.Request, RequestError]) -> int:
    """Bytes of what was sent."""
    return int(request.ByteSize()) if isinstance(request, pb.Request) else 0


def _message(answer: Answer) -> pb.Response:
    return pb.Response(
        err_no=answer.err_no, err_msg=answer.err_msg, key=answer.key, value=answer.value
    )
