# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers the calls of the RPC service: in comes a gRPC call, out goes Paddle Serving's message.

Errors travel in the answer's err_no and err_msg, as Paddle's clients expect.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, NamedTuple, Optional, Union

from google.protobuf.message import DecodeError

from contract.errors import MalformedRequest, RankingError, RequestError
from pipeline.dag.paddle_serving import pipeline_service_pb2 as pb
from pipeline.door.admission import Admission, Ticket
from pipeline.door.front_door import FrontDoor
from pipeline.door.services import DEFAULT_SERVICE, FEEDBACK_SERVICE, RANKER_HEADER, Services
from pipeline.edges.answer import Answer
from pipeline.edges.feedback import FeedbackDesk
from pipeline.edges.paddle_wire import read_feedback_wire, read_wire
from pipeline.edges.rpc.intake import Intake, Message
from pipeline.edges.rpc.server import RpcServer
from pipeline.process.thread_pool import started_pool
from pipeline.request.call import Arrival, Call
from pipeline.request.cancel import Cancel
from pipeline.request.trace import TRACEPARENT, TRACESTATE
from pipeline.settings.service import LimitsConfig
from pipeline.telemetry.metrics import Metrics

_PATH = ("baidu.paddle_serving.pipeline_serving.PipelineService", "inference")
# a message a little too large is still read, so that the answer can say so
_SPARE_BYTES = 1024 * 1024
# beyond those in flight, for large messages and feedback
_SPARE_THREADS = 8
_LONGEST_DEADLINE_S = 86_400.0
# a message below that is parsed in less time than a change of threads takes
_SMALL_BYTES = 32 * 1024

Request = Union[pb.Request, RequestError]


class _Begun(NamedTuple):
    """A call that was let in.

    Attributes:
        request: of it; an error: it could not be parsed.
        arrival: how it came in.
        ticket: its place.
    """

    request: Request
    arrival: Arrival
    ticket: Ticket


class RpcEdge:
    """One gRPC server."""

    def __init__(
        self,
        front_door: FrontDoor,
        admission: Admission,
        services: Services,
        desk: FeedbackDesk,
        limits: LimitsConfig,
        metrics: Metrics,
        port: int,
        workers: int,
    ) -> None:
        """Bind the port; :meth:`start` begins to answer.

        Args:
            front_door: ranks.
            admission: lets requests in.
            services: the names under which the service answers.
            desk: takes feedback.
            limits: of one request, and of all; gRPC itself refuses what is over ``max_body_bytes``
                by a quarter and a MiB.
            metrics: count bytes.
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
        largest = limits.max_body_bytes * 5 // 4 + _SPARE_BYTES
        self._intake = Intake(
            limits.max_body_bytes, largest, limits.body_bytes_in_flight, limits.body_timeout_s
        )
        metrics.rpc_bytes.set_function(lambda: self._intake.held)
        threads = workers + _SPARE_THREADS
        self._pool = started_pool(threads, "rpc")
        # large messages are parsed one by one: each takes several times its size meanwhile
        self._large = threading.Lock()
        self._server = RpcServer(_PATH, self._inference, limits, threads, largest)
        self._server.bind(f"[::]:{port}")

    def start(self) -> None:
        """Begin to answer."""
        self._server.start()

    @property
    def alive(self) -> bool:
        """Whether the server's thread runs."""
        return self._server.alive

    def stop(self, grace_s: float) -> threading.Event:
        """Take no more; the event returned is set when those in work are answered."""
        return self._server.stop(grace_s)

    async def _inference(self, _: Any, context: Any) -> bytes:
        """One call on the event loop."""
        received = time.monotonic()
        message: Union[Message, RequestError]
        try:
            message = await self._intake.message(context)
        except RequestError as error:
            message = error
        except RankingError as error:
            self._admission.turn_away(error)
            return _encoded(Answer.of_error(error))
        cancel = Cancel()
        arrival = _arrival(context, received, cancel)
        ranker = _header(context, RANKER_HEADER)
        # not cancelled with the call: a thread may be at work, and has the message until its end
        work = asyncio.ensure_future(self._work(message, arrival, ranker))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            cancel.tell()
            raise

    async def _work(
        self, message: Union[Message, RequestError], arrival: Arrival, ranker: str
    ) -> bytes:
        """Answer one call, and count its bytes out."""
        loop = asyncio.get_running_loop()
        if isinstance(message, RequestError):
            begun = self._begin(message, 0, arrival)
            return begun if isinstance(begun, bytes) else self._answer(begun, ranker)
        try:
            if message.size >= _SMALL_BYTES:
                return await loop.run_in_executor(
                    self._pool, self._answer_large, message, arrival, ranker
                )
            begun = self._begin(_parse(message.take()), message.size, arrival)
            if isinstance(begun, bytes):
                return begun
            return await loop.run_in_executor(self._pool, self._answer, begun, ranker)
        finally:
            message.give_back()

    def _begin(self, request: Request, size: int, arrival: Arrival) -> Union[_Begun, bytes]:
        """Let a call in; bytes are its answer already."""
        if isinstance(request, pb.Request):
            if request.name == FEEDBACK_SERVICE:
                keys, values, limits = request.key, request.value, self._limits
                return _encoded(self._desk.take(lambda: read_feedback_wire(limits, keys, values)))
            arrival = arrival._replace(service=request.name or DEFAULT_SERVICE)
        try:
            ticket = self._admission.enter(size)
        except RankingError as error:
            return _encoded(Answer.of_error(error))
        return _Begun(request, arrival, ticket)

    def _answer(self, begun: _Begun, ranker: str) -> bytes:
        """A call in its thread: read, rank, write."""
        return _encoded(self._rank(begun.arrival, begun.ticket, self._read(begun, ranker)))

    def _answer_large(self, message: Message, arrival: Arrival, ranker: str) -> bytes:
        """The same for a large message, which is in memory once but for the steps of one call."""
        with self._large:
            begun = self._begin(_parse(message.take()), message.size, arrival)
            if isinstance(begun, bytes):
                return begun
            arrival, ticket, read = begun.arrival, begun.ticket, self._read(begun, ranker)
            del begun
        answer = self._rank(arrival, ticket, read)
        with self._large:
            return _encoded(answer)

    def _rank(self, arrival: Arrival, ticket: Ticket, read: Union[Call, Exception]) -> Answer:
        with ticket:
            if isinstance(read, Exception):
                return Answer.of_outcome(self._front_door.refuse(arrival, read, ticket), "")
            outcome = self._front_door.rank(read, ticket)
        return Answer.of_outcome(outcome, read.request.request_id)

    def _read(self, begun: _Begun, ranker: str) -> Union[Call, Exception]:
        """The call, or why it cannot be read: whatever that is, the ticket has to be given back."""
        try:
            return self._read_wire(begun, ranker)
        except Exception as error:
            return error

    def _read_wire(self, begun: _Begun, ranker: str) -> Call:
        request = begun.request
        if isinstance(request, RequestError):
            raise request
        self._services.check(begun.arrival.service)
        return read_wire(
            begun.arrival,
            self._limits,
            request.key,
            request.value,
            ((t.name, t.elem_type, t.str_data) for t in request.tensors),
            ranker=ranker,
            log_id=request.logid,
        )


def _deadline(context: Any) -> Optional[float]:
    """The caller's, on time.monotonic's clock; gRPC says years for a caller that set none."""
    remaining = context.time_remaining()
    if remaining is None or remaining > _LONGEST_DEADLINE_S:
        return None
    return time.monotonic() + float(remaining)


def _header(context: Any, name: str) -> str:
    """One value of the call's metadata, the first of that name, or empty."""
    values = (str(value) for key, value in context.invocation_metadata() if key == name)
    return next(values, "")


def _arrival(context: Any, received: float, cancel: Cancel) -> Arrival:
    return Arrival(
        "rpc",
        "",
        received,
        deadline=_deadline(context),
        cancel=cancel,
        traceparent=_header(context, TRACEPARENT),
        tracestate=_header(context, TRACESTATE),
    )


def _parse(data: bytes) -> Request:
    """Bytes that are no request are answered like any other bad request, not by gRPC."""
    try:
        return pb.Request.FromString(data)
    except DecodeError:
        return MalformedRequest(
            "not a Request message, or a string in it is not UTF-8", field="request"
        )


def _encoded(answer: Answer) -> bytes:
    response = pb.Response(
        err_no=answer.err_no, err_msg=answer.err_msg, key=answer.key, value=answer.value
    )
    data: bytes = response.SerializeToString()
    return data
