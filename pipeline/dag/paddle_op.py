# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A Paddle Serving Op around a typed function: the ONE place that meets Paddle's 4-tuples.

Paddle hands an op a dictionary per preceding op and wants tuples with product error codes back.
Here each dictionary holds one message under one key, in a package that forgets it once it is read.
The function gets and returns messages, and a RankingError it raises becomes a product error whose
info is the error itself.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Mapping
from typing import Any, Callable, Optional, Union

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
from pipeline.request.call import Call
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


class Package(Message):
    """A message on its way to the ops that read it; it is gone from here when all have it.

    Each of Paddle's threads keeps what it took and sent last until it gets something new. With a
    thread for every request in flight, so many requests would stay in memory with all their texts.
    """

    def __init__(self, message: Any, readers: int) -> None:
        """For so many ops, each of which takes it once."""
        self._left = [message] * readers

    def take(self) -> Any:
        """The message; any thread may ask."""
        return self._left.pop()


class Request(RequestOp):  # type: ignore[misc]
    """The way into the DAG: packs a call for the first op."""

    def unpack_request_package(self, request: Call) -> tuple[dict[str, Any], int, None, str]:
        """See RequestOp."""
        package: dict[str, Any] = {_MESSAGE: Package(request, 1)}
        if request.profile:
            package[PROFILE_KEY] = "1"
        return package, 0, None, ""


class Response(ResponseOp):  # type: ignore[misc]
    """The way out of the DAG: hands on the last op's outcome, or makes one of an error."""

    def pack_response_package(self, channeldata: Any) -> Outcome:
        """See ResponseOp."""
        code = channeldata.error_code
        if code == CustomExceptionCode.OK.value:
            outcome: Outcome = channeldata.parse()[_MESSAGE].take()
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
        readers: int = 1,
    ) -> None:
        """Describe the op; :meth:`_initialize` runs ``prepare`` where the op will run.

        Args:
            name: unique in the DAG.
            inputs: the ops before it.
            concurrency: threads or processes.
            prepare: makes the function; once for all threads, or once in each process.
            joins: whether the function takes a list of messages, one per op before it.
            readers: ops that take what this one makes.
        """
        super().__init__(name=name, input_ops=inputs, concurrency=concurrency)
        self._joins = joins
        self._readers = readers
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
        """Take the packages out; a list keeps Paddle from treating them as arrays to slice."""
        return [[package[_MESSAGE] for package in input_dicts.values()]], False, None, ""

    def process(self, feed_batch: list[Any], typical_logid: int = 0) -> tuple[Any, int, str]:
        """Run the function; an error is a result too, so that Paddle passes it on unchanged."""
        messages = [package.take() for package in feed_batch[0]]
        result: Union[Package, RankingError]
        try:
            made = self._function(messages if self._joins else messages[0])  # type: ignore[misc]
            result = Package(made, self._readers)
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
        """Hand on the package, or turn an error into a product error."""
        (result,) = fetch_data
        if isinstance(result, RankingError):
            return {}, result.err_no, result
        return {_MESSAGE: result}, None, ""
