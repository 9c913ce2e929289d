# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The remote engine on real tensor services: which of them die, hang, fill up or are another's."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from benchmarks import tensor_process
from benchmarks.child import free_port
from benchmarks.tensor_process import TensorProcess
from contract.bundle import CROSS_ENCODER, GOLDEN_FILE, PAIRWISE, RANKERS, Bundle
from contract.errors import (
    BundleError,
    ConfigError,
    DeadlineExceeded,
    InferenceFailed,
    Overloaded,
    RankingError,
    SetUpError,
)
from contract.golden import check_golden, read_golden
from pipeline.config import SchedulerConfig
from pipeline.engines import Engine
from pipeline.engines.endpoint import Endpoints
from pipeline.engines.remote import RemoteEngines
from pipeline.engines.remote_engine import RemoteEngine
from pipeline.metrics import Metrics
from pipeline.scheduler import Scheduler
from tests.bundles import SENTENCES, build_bundle
from tests.clients.peers import Serve
from tests.tensor_service import StartTensorService

LIMIT_S = 30.0
Admit = Callable[[Engine], str]


@pytest.fixture
def bundle(bundles: Path) -> Bundle:
    return Bundle.open(bundles / PAIRWISE)


def endpoint(service: TensorProcess) -> str:
    return f"127.0.0.1:{service.port}"


def golden_check(bundle: Bundle) -> Admit:
    pairs = read_golden(bundle.root / GOLDEN_FILE)
    encoder = bundle.encoder()
    return lambda engine: f"{check_golden(pairs, encoder, engine.run, bundle.score):.0e}"


def opened(bundle: Bundle, *endpoints: str, timeout_s: float = LIMIT_S, **keys: Any) -> Any:
    source = RemoteEngines(
        endpoints, bundle, timeout_s=timeout_s, admit=golden_check(bundle), **keys
    )
    return source.open()


def feed_of(bundle: Bundle, count: int = 7) -> Any:
    encoder = bundle.encoder()
    titles = [SENTENCES[i % len(SENTENCES)] for i in range(count)]
    return encoder.pad(encoder.encode(SENTENCES[2], titles))


def until(met: Callable[[], bool]) -> None:
    end = time.monotonic() + LIMIT_S
    while not met():
        assert time.monotonic() < end, "has not come about in time"
        time.sleep(0.02)


def answers(engine: Any, feed: Any) -> bool:
    try:
        engine.run(feed)
    except RankingError:
        return False
    return True


def kill(service: TensorProcess) -> None:
    os.killpg(service.process.pid, signal.SIGKILL)
    service.process.wait()


@pytest.mark.parametrize("ranker", RANKERS)
def test_logits_are_those_of_export(
    bundles: Path, tensor_service: StartTensorService, ranker: str
) -> None:
    bundle = Bundle.open(bundles / ranker)
    golden = read_golden(bundle.root / GOLDEN_FILE)
    encoder = bundle.encoder()
    rows = encoder.encode_pairs([(pair.query, pair.title) for pair in golden])
    engine = opened(bundle, endpoint(tensor_service(bundle.root)))
    logits = engine.run(encoder.pad(rows))
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, [pair.logits for pair in golden], atol=1e-4)
    engine.close()


def test_one_killed_under_load_fails_no_request_and_comes_back(
    bundle: Bundle, tensor_service: StartTensorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = [tensor_service(bundle.root), tensor_service(bundle.root)]
    source = RemoteEngines(
        [endpoint(s) for s in services],
        bundle,
        timeout_s=LIMIT_S,
        connections=2,
        admit=golden_check(bundle),
    )
    assert source.count == 4
    encoder = bundle.encoder()
    scheduler = Scheduler(
        PAIRWISE, "1", source, encoder.pad, SchedulerConfig(), Metrics().of(PAIRWISE)
    )
    scheduler.start()
    first = source.endpoints.all[0]

    def request(number: int) -> Any:
        rows = encoder.encode(f"{SENTENCES[number % 7]}{number}", list(SENTENCES))
        if number == 60:
            kill(services[0])
        return scheduler.submit(rows).result(LIMIT_S).logits

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(request, range(240)))
    assert [logits.shape for logits in got] == [(len(SENTENCES), 1)] * 240
    assert not first.breaker.closed
    monkeypatch.setattr(tensor_process, "free_port", lambda: services[0].port)
    tensor_service(bundle.root)
    until(lambda: first.breaker.closed)
    assert scheduler.stop(LIMIT_S)


def test_all_down_names_them_and_recovers(
    bundle: Bundle, tensor_service: StartTensorService, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = [tensor_service(bundle.root), tensor_service(bundle.root)]
    engine = opened(bundle, *map(endpoint, services))
    feed = feed_of(bundle)
    expected = engine.run(feed)
    for service in services:
        kill(service)
    # while the circuits are closed, and when they are open
    for _ in range(6):
        with pytest.raises(InferenceFailed, match="no tensor service answers") as caught:
            engine.run(feed)
        assert all(endpoint(service) in str(caught.value) for service in services)
    monkeypatch.setattr(tensor_process, "free_port", lambda: services[1].port)
    tensor_service(bundle.root)
    until(lambda: answers(engine, feed))
    np.testing.assert_array_equal(engine.run(feed), expected)
    engine.close()


def test_full_queues_everywhere_are_overload(
    bundle: Bundle, tensor_service: StartTensorService
) -> None:
    flags = ("--pad_dynamic", "--runtime_thread_num", "1", "--queue_tokens", "1")
    flags += ("--queue_floor", "0", "--queue_factor", "1")
    services = [tensor_service(bundle.root, *flags) for _ in range(2)]
    source = RemoteEngines([endpoint(s) for s in services], bundle, timeout_s=60.0)
    feed = feed_of(bundle, 2000)

    def run(number: int) -> str:
        engine = source.open()
        try:
            return f"scores of {len(engine.run(feed))} rows"
        except Overloaded as error:
            return str(error)
        finally:
            engine.close()

    keeper = source.open()
    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(run, range(48)))
    assert "scores of 2000 rows" in got
    assert any("the queue is full" in text for text in got)
    assert all("the queue is full" in text or "scores" in text for text in got)
    assert len(keeper.run(feed_of(bundle))) == 7
    keeper.close()


def test_a_service_that_hangs_is_given_up_at_the_deadline_then_left_out(
    bundle: Bundle, tensor_service: StartTensorService
) -> None:
    hung, other = tensor_service(bundle.root), tensor_service(bundle.root)
    source = RemoteEngines([endpoint(hung), endpoint(other)], bundle, timeout_s=1.5)
    engine = source.open()
    feed = feed_of(bundle)
    engine.run(feed)
    engine.run(feed)  # connected to both
    os.killpg(hung.process.pid, signal.SIGSTOP)
    try:
        failures = []
        while source.endpoints.all[0].breaker.closed:
            try:
                engine.run(feed)
            except DeadlineExceeded as error:
                failures.append(str(error))
        assert len(failures) == 3
        assert all(endpoint(hung) in text and "no answer within" in text for text in failures)
        for _ in range(4):
            assert len(engine.run(feed)) == 7
    finally:
        os.killpg(hung.process.pid, signal.SIGCONT)
    engine.close()


def test_a_service_with_another_bundle_is_refused(
    bundle: Bundle, tensor_service: StartTensorService, tmp_path: Path
) -> None:
    other = tensor_service(build_bundle(tmp_path, PAIRWISE, seed=1))
    with pytest.raises(BundleError, match=f"tensor service {endpoint(other)}: .*scores differ"):
        opened(bundle, endpoint(other))
    right = tensor_service(bundle.root)
    source = RemoteEngines(
        [endpoint(other), endpoint(right)], bundle, timeout_s=LIMIT_S, admit=golden_check(bundle)
    )
    engine = source.open()
    assert "scores differ" in source.summary
    feed = feed_of(bundle)
    alone = opened(bundle, endpoint(right))
    for _ in range(4):
        np.testing.assert_array_equal(engine.run(feed), alone.run(feed))
    engine.close()
    alone.close()


def test_a_service_that_restarts_with_another_bundle_is_left_out(
    bundle: Bundle,
    tensor_service: StartTensorService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = tensor_service(bundle.root)
    source = RemoteEngines(
        [endpoint(service)], bundle, timeout_s=LIMIT_S, admit=golden_check(bundle)
    )
    engine = source.open()
    feed = feed_of(bundle)
    kill(service)
    until(lambda: not source.endpoints.in_order() or answers(engine, feed))
    monkeypatch.setattr(tensor_process, "free_port", lambda: service.port)
    tensor_service(build_bundle(tmp_path, PAIRWISE, seed=1))
    until(lambda: "scores differ" in source.summary)
    with pytest.raises(InferenceFailed, match="scores differ"):
        engine.run(feed)
    engine.close()


def test_a_service_of_the_other_ranker_is_refused(
    bundle: Bundle, bundles: Path, tensor_service: StartTensorService
) -> None:
    other = tensor_service(bundles / CROSS_ENCODER)
    with pytest.raises(SetUpError, match=endpoint(other)):
        opened(bundle, endpoint(other))


def test_nobody_listening_stops_the_start_with_the_addresses(bundle: Bundle) -> None:
    ports = [free_port(), free_port()]
    with pytest.raises(SetUpError) as caught:
        opened(bundle, *(f"127.0.0.1:{port}" for port in ports))
    assert all(f"127.0.0.1:{port}" in str(caught.value) for port in ports)
    assert caught.value.field == "server_endpoints"


def test_a_batch_that_breaks_connections_is_sent_twice_only(bundle: Bundle, serve: Serve) -> None:
    """It may be what ends the services."""
    batches: list[int] = []

    def break_off(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(b"\0\0\0\4\0\0\0\0\0")  # SETTINGS, as an HTTP/2 server begins
        connection.settimeout(0.1)
        received = b""
        while not stop.is_set():
            try:
                got = connection.recv(65536)
            except socket.timeout:
                continue
            received += got
            if b"input_ids" in received:
                batches.append(len(received))
            if not got or b"input_ids" in received:
                return

    endpoints = Endpoints([f"127.0.0.1:{serve(break_off)}" for _ in range(3)])
    for each in endpoints.all:
        each.passed("taken as good")
    engine = RemoteEngine(bundle, endpoints, LIMIT_S)
    with pytest.raises(InferenceFailed, match="no tensor service answers"):
        engine.run(feed_of(bundle))
    engine.close()
    assert len(batches) == 2


def test_a_batch_that_is_refused_is_not_the_services_failure(
    bundle: Bundle, tensor_service: StartTensorService
) -> None:
    service = tensor_service(bundle.root, "--max_body_size", "20000")
    engine = opened(bundle, endpoint(service))
    for _ in range(5):
        with pytest.raises(InferenceFailed, match=f"{endpoint(service)}: refuses the batch"):
            engine.run(feed_of(bundle, 500))
    assert len(engine.run(feed_of(bundle))) == 7
    with pytest.raises(InferenceFailed, match="token_type_ids: not fed"):
        engine.run({"input_ids": feed_of(bundle)["input_ids"]})
    engine.close()


@pytest.mark.parametrize("endpoints", [(), ("localhost",), ("http://a:1",)])
def test_an_endpoint_that_is_none_names_the_key(bundle: Bundle, endpoints: Any) -> None:
    with pytest.raises(ConfigError, match=r"server_endpoints: .*127\.0\.0\.1:8600"):
        RemoteEngines(endpoints, bundle, timeout_s=None)
