# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A Paddle Serving Op around a typed function: the ONE place that meets Paddle's 4-tuples.

Paddle hands an op a dictionary per preceding op and wants tuples with product error codes back.
Here each dictionary holds one message under one key, the function gets and returns messages, and
a RankingError it raises becomes a product error whose info is the error itself.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Mapping
from typing import Any, Callable, Optional

from contract.errors import RankingError, ServiceError, ShuttingDown
from contract.wire.request import PROFILE_KEY
from pipeline.dag.channel_wakeups import WakeOnePerOp, name_thread
from pipeline.dag.paddle_serving import (
    CustomExceptionCode,
    Op,
    RequestOp,
    ResponseOp,
    ThreadChannel,
    UnsafeTimeProfiler,
)
from pipeline.request.outcome import Outcome
from pipeline.telemetry.failures import log_failure

_LOGGER = logging.getLogger(__name__)
_MESSAGE = "message"

# takes the number of the op's process or thread, returns the op's function
Prepare = Callable[[int], Callable[[Any], Any]]


class Message:
    """Something that several ops read.

    Paddle's thread channel deep-copies a message for every op but the last that takes it; nothing
    here is ever changed, so a copy would only cost time.
    """

    def __deepcopy__(self, memo: dict[int, Any]) -> Message:
        return self


class Parcel:
    """What Paddle carries in place of a message, so that its threads cannot keep the message.

    Each thread of an op holds what it handled last until it is given something else: with all
    threads of the rankers that would be a hundred requests, of 20 MB each when they are long.

    Attributes:
        message: until the call is answered; then ``None``.
    """

    __slots__ = ("_of_call", "message")

    def __init__(self, message: Any, former: Optional[Parcel] = None) -> None:
        """``former``: any parcel of the same call; ``None``: it is the call's first."""
        self.message = message
        self._of_call: list[Parcel] = former._of_call if former is not None else []
        self._of_call.append(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parcel:
        return self

    def empty_all(self) -> None:
        """Let go of all messages of this call.

        In a process of its own an op has copies, and keeps the last of them.
        """
        for parcel in self._of_call:
            parcel.message = None
        self._of_call.clear()


class Request(RequestOp):  # type: ignore[misc]
    """The way into the DAG: packs a call for the first op."""

    def unpack_request_package(self, request: Parcel) -> tuple[dict[str, Any], int, None, str]:
        """See RequestOp."""
        package: dict[str, Any] = {_MESSAGE: request}
        if request.message.profile:
            package[PROFILE_KEY] = "1"
        return package, 0, None, ""


class Response(ResponseOp):  # type: ignore[misc]
    """The way out of the DAG: hands on the last op's outcome, or makes one of an error."""

    def pack_response_package(self, channeldata: Any) -> Outcome:
        """See ResponseOp."""
        code = channeldata.error_code
        if code == CustomExceptionCode.OK.value:
            outcome: Outcome = channeldata.parse()[_MESSAGE].message
            return outcome
        if code == CustomExceptionCode.PRODUCT_ERROR.value:
            return Outcome(channeldata.prod_error_info)
        if code == CustomExceptionCode.CLOSED_ERROR.value:
            return Outcome(ShuttingDown(channeldata.error_info))
        _LOGGER.error("the DAG failed with code %s: %s", code, channeldata.error_info)
        return Outcome(ServiceError("the service failed on this request; its log says why"))


class PaddleOp(Op):  # type: ignore[misc]
    """One op of the DAG around one function.

    The function gets the message of the op before it; an op that joins several gets a list.
    """

    def __init__(
        self,
        name: str,
        inputs: list[Op],
        concurrency: int,
        prepare: Prepare,
        *,
        joins: bool = False,
    ) -> None:
        """Describe the op; :meth:`_initialize` runs ``prepare`` where the op will run.

        Args:
            name: unique in the DAG.
            inputs: the ops before it.
            concurrency: threads or processes.
            prepare: makes the function; once for all threads, or once in each process.
            joins: whether the function takes a list of messages, one per op before it.
        """
        super().__init__(name=name, input_ops=inputs, concurrency=concurrency)
        self._joins = joins
        self._prepare = prepare
        self._function: Optional[Callable[[Any], Any]] = None
        # upstream prints while it reads these
        with contextlib.redirect_stdout(io.StringIO()):
            self.init_from_dict(
                {
                    "concurrency": concurrency,
                    "timeout": -1,
                    "retry": 1,
                    "batch_size": 1,
                    "auto_batching_timeout": -1,
                    "local_service_conf": {},
                }
            )
        # an op without a model of Paddle's own would never reach process()
        self.with_serving = True

    def prepare(self, index: int = 0) -> None:
        """Make the function here; what it raises is the caller's to handle."""
        self._function = self._prepare(index)

    def add_input_channel(self, channel: Any) -> None:
        """Called by Paddle when it builds the graph, before any thread runs."""
        super().add_input_channel(channel)
        if isinstance(channel, ThreadChannel) and not isinstance(channel._cv, WakeOnePerOp):
            channel._cv = WakeOnePerOp(channel.queue)

    def _initialize(self, is_thread_op: bool, concurrency_idx: int) -> UnsafeTimeProfiler:
        """Called by Paddle in each thread or process before its loop."""
        name_thread(self.name)
        if not is_thread_op:
            self.prepare(concurrency_idx)
        profiler = UnsafeTimeProfiler()
        profiler.enable(True)
        return profiler

    def preprocess(
        self, input_dicts: Mapping[str, Mapping[str, Any]], data_id: int = 0, log_id: int = 0
    ) -> tuple[list[Any], bool, None, str]:
        """Take the parcels out; a list keeps Paddle from treating them as arrays to slice."""
        return [[package[_MESSAGE] for package in input_dicts.values()]], False, None, ""

    def process(self, feed_batch: list[Any], typical_logid: int = 0) -> tuple[Any, int, str]:
        """Run the function; an error is a result too, so that Paddle passes it on unchanged."""
        parcels: list[Parcel] = feed_batch[0]
        messages = [parcel.message for parcel in parcels]
        try:
            if any(message is None for message in messages):
                raise ShuttingDown("the service is stopping")
            result = self._function(messages if self._joins else messages[0])  # type: ignore[misc]
            result = Parcel(result, parcels[0])
        except RankingError as error:
            # the frames of its trace hold the messages
            result = error.with_traceback(None)
        except Exception as error:
            log_failure(f"op {self.name}", error)
            result = ServiceError(f"the op {self.name} failed; the service's log says where")
        return result, CustomExceptionCode.OK.value, ""

    def postprocess(
        self, input_data: Any, fetch_data: list[Any], data_id: int = 0, log_id: int = 0
    ) -> tuple[dict[str, Any], Optional[int], Any]:
        """Pack the message, or turn an error into a product error."""
        (made,) = fetch_data
        if isinstance(made, RankingError):
            return {}, made.err_no, made
        return {_MESSAGE: made}, None, ""
