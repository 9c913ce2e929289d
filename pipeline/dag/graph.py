# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The graph of ops that ranks a call, run by Paddle Serving's DAGExecutor.

    request -> tokenize -> ernie    -> sort -> response
                        -> rocketqa ->

A ranker op that is not asked passes the call on.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import multiprocessing
from collections.abc import Mapping
from typing import Any

from contract.errors import ServiceError, ShuttingDown
from pipeline.dag.paddle_op import PaddleOp, Prepare, Request, Response
from pipeline.dag.paddle_serving import ChannelData, CustomExceptionCode, DAGExecutor
from pipeline.process.state import is_stopped
from pipeline.request.call import Call
from pipeline.request.outcome import Outcome
from pipeline.settings.service import OP_OF_RANKER, SORT, TOKENIZE, DagConfig, ServiceConfig

# requests tokenized side by side, so that a long list does not hold up a short one
_TOKENIZING = 4


class Dag:
    """The running graph."""

    def __init__(self, config: ServiceConfig, prepares: Mapping[str, Prepare]) -> None:
        """Build the ops; in thread mode also what they need, so that its errors are raised here.

        Args:
            config: ops, concurrency, and whether they are threads or processes.
            prepares: by op name, what makes the op's function.
        """
        self._config = config
        self._threads = config.dag.is_thread_op
        tokenize = self._op(TOKENIZE, [Request()], prepares, readers=len(config.rankers))
        rankers = [self._op(OP_OF_RANKER[r], [tokenize], prepares) for r in config.rankers]
        sort = self._op(SORT, rankers, prepares, joins=True)
        self._ops = [tokenize, *rankers, sort]
        self._response = Response(input_ops=[sort])
        if self._threads:
            for op in self._ops:
                op.prepare()

    def _op(
        self,
        name: str,
        inputs: list[Any],
        prepares: Mapping[str, Prepare],
        joins: bool = False,
        readers: int = 1,
    ) -> PaddleOp:
        """One op with its concurrency.

        Every ranker op sees every request, and one that waits for its scheduler must not keep the
        next, perhaps the other ranker's, from passing: in thread mode an op has a thread for
        every request that may be in flight. Processes each hold a model, so they are as many as
        the file says.
        """
        concurrency = self._config.other_op(name).concurrency
        if self._threads and name in OP_OF_RANKER.values():
            in_flight = self._config.limits.max_in_flight + self._config.exposures.shadow_threads
            concurrency = max(concurrency, in_flight)
        elif self._threads and name == TOKENIZE:
            concurrency = max(concurrency, _TOKENIZING)
        prepare = prepares[name]
        return PaddleOp(name, inputs, concurrency, prepare, joins=joins, readers=readers)

    def start(self) -> None:
        """Start the ops' threads or processes, and the thread that takes answers."""
        others = multiprocessing.active_children()
        # upstream prints that it did
        with contextlib.redirect_stdout(io.StringIO()):
            self._executor = DAGExecutor(self._response, _server_conf(self._config), 0)
        self._executor.start()
        workers = iter(self._executor._dag._threads_or_proces)
        for op in self._executor._dag._actual_ops:
            for worker in itertools.islice(workers, op.concurrency):
                worker.name = f"op {op.name}"
        # the processes that hold Paddle's channels are among the children; others, such as one that
        # a library starts for a moment while it loads, may end
        self._workers = [
            *self._executor._dag._threads_or_proces,
            self._executor._recive_func,
            *(child for child in multiprocessing.active_children() if child not in others),
        ]

    @property
    def workers(self) -> int:
        """Threads or processes that run ops."""
        return sum(op.concurrency for op in self._ops)

    def call(self, call: Call) -> Outcome:
        """Run one request through the graph; blocks its thread until the answer is there.

        What fails while a part of the graph has ended, and the supervisor has not seen it yet, is
        told as the end of the service, which it is.
        """
        try:
            outcome: Outcome = self._executor.call(call)
        except Exception:
            ended = self.dead()
            if not ended:
                raise
        else:
            ended = self.dead() if type(outcome.result) is ServiceError else []
            if not ended:
                return outcome
        return Outcome(ShuttingDown(f"the service is stopping: {ended[0]} has ended unexpectedly"))

    def dead(self) -> list[str]:
        """Names of threads and processes of the graph that have ended."""
        return [worker.name for worker in self._workers if not worker.is_alive()]

    def stopped(self) -> list[str]:
        """Names of processes of the graph that are stopped, as by SIGSTOP; threads never are."""
        return [
            f"{worker.name} (process {worker.pid})"
            for worker in self._workers
            if isinstance(getattr(worker, "pid", None), int) and is_stopped(worker.pid)
        ]

    def fail_all(self, reason: str) -> None:
        """Answer every request in the graph with ShuttingDown: nobody else will any more."""
        executor = self._executor
        with executor._cv_for_cv_pool:
            waiting = dict(executor._cv_pool)
        for data_id, condition in waiting.items():
            closed = ChannelData(
                error_code=CustomExceptionCode.CLOSED_ERROR.value,
                error_info=reason,
                data_id=data_id,
            )
            with condition:
                if data_id in executor._fetch_buffer:
                    executor._fetch_buffer[data_id] = closed
                    condition.notify_all()


def _server_conf(config: ServiceConfig) -> dict[str, Any]:
    """What DAGExecutor reads, in upstream's form."""
    dag: DagConfig = config.dag
    conf: dict[str, Any] = {
        # the front door retries; the executor's own retry forgets whom to answer, and its
        # receiving thread dies of that
        "retry": 1,
        "use_profile": dag.use_profile,
        "channel_size": 0,
        "is_thread_op": dag.is_thread_op,
        "tracer": {"interval_s": dag.tracer.interval_s},
        "channel_recv_frist_arrive": False,
        "enable_prometheus": dag.enable_prometheus,
    }
    if dag.prometheus_port is not None:
        conf["prometheus_port"] = dag.prometheus_port
    return {
        "build_dag_each_worker": False,
        "worker_num": config.worker_num,
        "dag": conf,
    }
