# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers the calls of the RPC service: in comes a gRPC call, out goes Paddle Serving's message.

Errors travel in the answer's err_no and err_msg, as Paddle's clients expect.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, Union

from google.protobuf.message import DecodeError

from contract.errors import MalformedRequest, RankingError, RequestError
from pipeline.dag.paddle_serving import pipeline_service_pb2 as pb
from pipeline.door.admission import Admission, Ticket
from pipeline.door.api_keys import Account, ApiKeys
from pipeline.door.front_door import FrontDoor
from pipeline.door.services import DEFAULT_SERVICE, FEEDBACK_SERVICE, RANKER_HEADER, Services
from pipeline.edges.answer import Answer
from pipeline.edges.feedback import FeedbackDesk
from pipeline.edges.paddle_wire import read_feedback_wire, read_wire
from pipeline.edges.rpc.credentials import reloading_credentials
from pipeline.edges.rpc.intake import Intake, Message
from pipeline.edges.rpc.metadata import address_of, arrival_of, headers_of
from pipeline.edges.rpc.server import RpcServer
from pipeline.edges.tls import TlsFiles
from pipeline.process.thread_pool import started_pool
from pipeline.request.call import Arrival, Call
from pipeline.request.cancel import Cancel
from pipeline.settings.service import LimitsConfig
from pipeline.telemetry.metrics import Metrics

_PATH = ("baidu.paddle_serving.pipeline_serving.PipelineService", "inference")
# a message a little too large is still read, so that the answer can say so
_SPARE_BYTES = 1024 * 1024
# beyond those in flight, for large messages and feedback
_SPARE_THREADS = 8
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


class _Caller(NamedTuple):
    """What a call's metadata say.

    Attributes:
        account: of its key; ``None`` where no key is asked for.
        ranker: named there, or empty.
    """

    account: Optional[Account]
    ranker: str


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
        keys: Optional[ApiKeys],
        workers: int,
    ) -> None:
        """Start what answers; :meth:`bind` and :meth:`start` follow.

        Args:
            front_door: ranks.
            admission: lets requests in.
            services: the names under which the service answers.
            desk: takes feedback.
            limits: of one request, and of all; gRPC itself refuses what is over ``max_body_bytes``
                by a quarter and a MiB.
            metrics: count bytes.
            keys: say who may call; ``None``: everybody.
            workers: requests that may be in work.
        """
        self._keys = keys
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

    def bind(self, address: str, tls: Optional[TlsFiles] = None) -> None:
        """Bind ``host:port``.

        Raises:
            ConfigError: it is in use.
        """
        credentials = reloading_credentials(tls) if tls is not None else None
        self._server.bind(address, credentials)

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
        headers = headers_of(context)
        message: Union[Message, RequestError]
        try:
            account = self._account(context, headers)
        except RankingError as error:
            self._admission.turn_away(error)
            return _encoded(Answer.of_error(error))
        try:
            message = await self._intake.message(context)
        except RequestError as error:
            message = error
        except RankingError as error:
            self._admission.turn_away(error)
            return _encoded(Answer.of_error(error))
        cancel = Cancel()
        arrival = arrival_of(context, headers, received, cancel)
        caller = _Caller(account, headers.get(RANKER_HEADER, ""))
        # not cancelled with the call: a thread may be at work, and has the message until its end
        work = asyncio.ensure_future(self._work(message, arrival, caller))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            cancel.tell()
            raise

    async def _work(
        self, message: Union[Message, RequestError], arrival: Arrival, caller: _Caller
    ) -> bytes:
        """Answer one call, and count its bytes out."""
        loop = asyncio.get_running_loop()
        if isinstance(message, RequestError):
            begun = self._begin(message, 0, arrival, caller)
            return begun if isinstance(begun, bytes) else self._answer(begun, caller)
        try:
            if message.size >= _SMALL_BYTES:
                return await loop.run_in_executor(
                    self._pool, self._answer_large, message, arrival, caller
                )
            begun = self._begin(_parse(message.take()), message.size, arrival, caller)
            if isinstance(begun, bytes):
                return begun
            return await loop.run_in_executor(self._pool, self._answer, begun, caller)
        finally:
            message.give_back()

    def _account(self, context: Any, headers: Mapping[str, str]) -> Optional[Account]:
        if self._keys is None or not self._keys.asked:
            return None
        return self._keys.find(headers, address_of(context.peer()))

    def _begin(
        self, request: Request, size: int, arrival: Arrival, caller: _Caller
    ) -> Union[_Begun, bytes]:
        """Let a call in; bytes are its answer already."""
        account = caller.account
        try:
            if isinstance(request, pb.Request):
                if request.name == FEEDBACK_SERVICE:
                    if account is not None:
                        account.take_request()
                    return self._feedback(request)
                arrival = arrival._replace(service=request.name or DEFAULT_SERVICE)
            if account is not None:
                # a request that is refused for now takes nothing from its key's share
                self._admission.look(size)
                account.take_request()
            ticket = self._admission.enter(size, account)
        except RankingError as error:
            return _encoded(Answer.of_error(error))
        return _Begun(request, arrival, ticket)

    def _feedback(self, request: pb.Request) -> bytes:
        keys, values, limits = request.key, request.value, self._limits
        return _encoded(self._desk.take(lambda: read_feedback_wire(limits, keys, values)))

    def _answer(self, begun: _Begun, caller: _Caller) -> bytes:
        """A call in its thread: read, rank, write."""
        return _encoded(self._rank(begun.arrival, begun.ticket, self._read(begun, caller)))

    def _answer_large(self, message: Message, arrival: Arrival, caller: _Caller) -> bytes:
        """The same for a large message, which is in memory once but for the steps of one call."""
        with self._large:
            begun = self._begin(_parse(message.take()), message.size, arrival, caller)
            if isinstance(begun, bytes):
                return begun
            arrival, ticket, read = begun.arrival, begun.ticket, self._read(begun, caller)
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

    def _read(self, begun: _Begun, caller: _Caller) -> Union[Call, Exception]:
        """The call, or why it cannot be read: whatever that is, the ticket has to be given back."""
        try:
            call = self._read_wire(begun, caller.ranker)
            if caller.account is not None:
                caller.account.take_documents(call.request.documents)
            return call
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
