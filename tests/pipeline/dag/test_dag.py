# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Paddle's DAG around our functions: errors keep their class, and a dead op is noticed."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable, Optional

import pytest

from contract.bundle import Bundle
from contract.encoding import PairEncoder
from contract.errors import (
    DeadlineExceeded,
    InvalidField,
    ServiceError,
    ShuttingDown,
)
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.wire.request import RankRequest
from contract.wire.response import RankResponse
from pipeline.batching.job import Scored
from pipeline.batching.scheduler import Scheduler
from pipeline.dag.graph import Dag
from pipeline.dag.messages import Encoded, RankerLogits
from pipeline.dag.paddle_op import Prepare, Request
from pipeline.dag.paddle_serving import RequestOp
from pipeline.dag.rank import Rank
from pipeline.dag.sort import Sort
from pipeline.dag.tokenize import Tokenize
from pipeline.request.call import Arrival, Call
from pipeline.request.route import Target
from pipeline.routing.plan import Plan
from pipeline.routing.router import Router
from pipeline.settings.service import OPS, SORT, TOKENIZE, ServiceConfig, load_config
from pipeline.telemetry.metrics import Metrics
from tests.waiting import wait_until

SECRET = "绝密文字"
TARGETS = {PAIRWISE: Target(PAIRWISE, "1"), CROSS_ENCODER: Target(CROSS_ENCODER, "1")}

MAX_TOKENS = 100_000


@pytest.fixture()
def two_rankers(tmp_path: Path) -> ServiceConfig:
    path = tmp_path / "config_nlp.yml"
    path.write_text(
        "rpc_port: 8089\nlimits: {max_in_flight: 4}\nop:\n"
        "  ernie: {local_service_conf: {model_config: m}}\n"
        "  rocketqa: {local_service_conf: {model_config: m}}\n",
        encoding="utf-8",
    )
    return load_config(path)


class Switch:
    """Stands in the tokenize op before the real function, and does what the test says."""

    def __init__(self, function: Callable[[Call], Encoded]) -> None:
        self._function = function
        self.failure: Optional[BaseException] = None

    def __call__(self, call: Call) -> Encoded:
        if self.failure is not None:
            raise self.failure
        return self._function(call)


class Zeros:
    """A ranker op that scores every row alike; its rankers need no engine."""

    def __init__(self, ranker: str, encoder: PairEncoder, width: int) -> None:
        self._ranker, self._encoder, self._width = ranker, encoder, width

    def __call__(self, encoded: Encoded) -> RankerLogits:
        import numpy as np

        scored = {
            target: Scored(np.zeros((len(rows.rows), self._width), dtype=np.float32), 0.0, 0.0)
            for target, rows in encoded.rows.items()
            if target.ranker == self._ranker
        }
        return RankerLogits(encoded, scored)  # type: ignore[arg-type]


def router() -> Router:
    return Router(Plan(TARGETS[PAIRWISE], TARGETS))


@pytest.fixture()
def switch(bundles: Path) -> Switch:
    encoders = {target: Bundle.open(bundles / r).encoder() for r, target in TARGETS.items()}
    return Switch(Tokenize(encoders, router(), MAX_TOKENS))


@pytest.fixture()
def dag(two_rankers: ServiceConfig, switch: Switch, bundles: Path) -> Iterator[Dag]:
    opened = {r: Bundle.open(bundles / r) for r in (PAIRWISE, CROSS_ENCODER)}
    scorings = {TARGETS[r]: bundle.score for r, bundle in opened.items()}
    prepares: dict[str, Prepare] = {
        TOKENIZE: lambda _: switch,
        "ernie": lambda _: Zeros(PAIRWISE, opened[PAIRWISE].encoder(), 1),
        "rocketqa": lambda _: Zeros(CROSS_ENCODER, opened[CROSS_ENCODER].encoder(), 2),
        SORT: lambda _: Sort(scorings),
    }
    dag = Dag(two_rankers, prepares)
    dag.start()
    yield dag
    dag.fail_all("the test is over")


def call(*rankers: str) -> Call:
    request = RankRequest((("感冒", SECRET), ("感冒", "b")))
    return Call(request, Arrival("rpc", "ranker", 0.0), asked=rankers or (PAIRWISE,))


def test_upstreams_own_reading_of_requests_is_never_used() -> None:
    """It unpickles arrays of a request: ``numpy.load(..., allow_pickle=True)``."""
    assert Request.unpack_request_package is not RequestOp.unpack_request_package
    assert "unpack_request_package" in vars(Request)


def test_a_call_comes_out_as_a_response(dag: Dag) -> None:
    outcome = dag.call(call(CROSS_ENCODER, PAIRWISE))
    assert isinstance(outcome.result, RankResponse)
    assert [ranking.ranker for ranking in outcome.result.rankings] == [CROSS_ENCODER, PAIRWISE]
    assert [ranking.scores for ranking in outcome.result.rankings] == [(0.5, 0.5), (0.5, 0.5)]
    assert outcome.key == []


def test_threads_that_wait_keep_no_request(dag: Dag, switch: Switch) -> None:
    """Paddle's do: there is one for each request in flight, and each may hold many texts."""
    ended: list[weakref.ref[RankRequest]] = []
    for ranker in (PAIRWISE, CROSS_ENCODER) * 8:
        asked = call(ranker)
        ended.append(weakref.ref(asked.request))
        assert isinstance(dag.call(asked).result, RankResponse)
    del asked

    def kept() -> int:
        gc.collect()
        return sum(request() is not None for request in ended)

    wait_until(lambda: kept() == 0, "every request has been forgotten")


def test_threads_keep_no_request_that_failed(dag: Dag, switch: Switch) -> None:
    switch.failure = InvalidField("must not be empty", field="query")
    asked = call()
    ended = weakref.ref(asked.request)
    dag.call(asked)
    del asked
    wait_until(lambda: gc.collect() >= 0 and ended() is None, "the request has been forgotten")


def test_a_ranking_error_keeps_its_class_and_words(dag: Dag, switch: Switch) -> None:
    switch.failure = InvalidField("must not be empty", field="query")
    result = dag.call(call()).result
    assert type(result) is InvalidField
    assert str(result) == "query: must not be empty"
    switch.failure = None
    assert isinstance(dag.call(call()).result, RankResponse)


def test_a_foreign_error_is_hidden_and_its_words_are_not_logged(
    dag: Dag, switch: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    switch.failure = KeyError(SECRET)
    with caplog.at_level(logging.ERROR, "pipeline"):
        result = dag.call(call()).result
    assert type(result) is ServiceError
    assert SECRET not in str(result)
    assert "op tokenize failed with KeyError" in caplog.text
    assert SECRET not in caplog.text


def test_a_dead_op_is_noticed_and_its_request_answered(dag: Dag, switch: Switch) -> None:
    assert dag.dead() == []
    switch.failure = SystemExit()
    results: list[Any] = []
    caller = threading.Thread(target=lambda: results.append(dag.call(call()).result))
    caller.start()
    deadline = time.monotonic() + 5
    while not dag.dead() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert dag.dead() == ["op tokenize"]
    assert caller.is_alive(), "nobody else would ever answer it"
    switch.failure = KeyError(SECRET)
    late = dag.call(call()).result
    assert isinstance(late, ShuttingDown)
    assert str(late) == "the service is stopping: op tokenize has ended unexpectedly"
    dag.fail_all("op tokenize has ended")
    caller.join(5)
    assert isinstance(results[0], ShuttingDown)
    assert str(results[0]) == "op tokenize has ended"


def test_a_child_of_a_library_may_end(two_rankers: ServiceConfig) -> None:
    # as one that a library starts while an engine loads
    child = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    child.start()
    try:
        prepares = {op: lambda _: lambda message: message for op in OPS}
        dag = Dag(two_rankers, prepares)
        dag.start()
        child.kill()
        child.join(10)
        assert not child.is_alive()
        assert dag.dead() == []
    finally:
        child.kill()


def test_more_requests_than_threads_are_all_answered(dag: Dag) -> None:
    callers = [threading.Thread(target=dag.call, args=(call(),)) for _ in range(50)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(10)
    assert not [caller for caller in callers if caller.is_alive()]


def test_a_request_that_is_tokenized_for_long_does_not_hold_up_the_next(
    bundles: Path, two_rankers: ServiceConfig
) -> None:
    encoder = Bundle.open(bundles / PAIRWISE).encoder()
    real = Tokenize({TARGETS[PAIRWISE]: encoder}, router(), MAX_TOKENS)
    go, entered = threading.Event(), threading.Event()

    def slow_at_first(call: Call) -> Encoded:
        if not entered.is_set():
            entered.set()
            go.wait(30)
        return real(call)

    prepares: dict[str, Prepare] = {
        TOKENIZE: lambda _: slow_at_first,
        "ernie": lambda _: Zeros(PAIRWISE, encoder, 1),
        "rocketqa": lambda _: Zeros(CROSS_ENCODER, encoder, 2),
        SORT: lambda _: Sort({TARGETS[PAIRWISE]: Bundle.open(bundles / PAIRWISE).score}),
    }
    dag = Dag(two_rankers, prepares)
    dag.start()
    long = threading.Thread(target=dag.call, args=(call(),), daemon=True)
    long.start()
    assert entered.wait(30)
    short: list[Any] = []
    caller = threading.Thread(target=lambda: short.append(dag.call(call()).result), daemon=True)
    caller.start()
    caller.join(30)
    assert isinstance(short[0], RankResponse)
    assert long.is_alive()
    go.set()
    long.join(30)
    assert not long.is_alive()


def test_a_ranker_that_takes_too_long(bundles: Path, two_rankers: ServiceConfig) -> None:
    encoder = Bundle.open(bundles / PAIRWISE).encoder()
    opening: Any = None  # the worker is never started, so nothing is ever answered
    scheduler = Scheduler(
        PAIRWISE, "1", opening, encoder.pad, two_rankers.scheduler, Metrics().of(PAIRWISE)
    )
    encoded = Tokenize({TARGETS[PAIRWISE]: encoder}, router(), MAX_TOKENS)(call())
    error = Rank(PAIRWISE, {"1": scheduler}, 0.05)(encoded).scored[TARGETS[PAIRWISE]]
    assert isinstance(error, DeadlineExceeded)
    assert "pairwise did not answer within" in str(error)
    assert (error.err_no, error.http_status) == (6000, 504)
