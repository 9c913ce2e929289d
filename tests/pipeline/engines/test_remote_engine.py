# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The remote engine on real tensor services that die, hang, fill up or refuse."""

from __future__ import annotations

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from child_services import tensor_process
from contract.bundle import Bundle
from contract.bundle.files import GOLDEN_FILE
from contract.bundle.golden import read_golden
from contract.errors import (
    DeadlineExceeded,
    InferenceFailed,
    Overloaded,
)
from contract.rankers import PAIRWISE, RANKERS
from pipeline.batching.scheduler import Scheduler
from pipeline.engines.remote.endpoints import Endpoints
from pipeline.engines.remote.engine import RemoteEngine
from pipeline.engines.remote.source import RemoteEngines
from pipeline.settings.service import SchedulerConfig
from pipeline.telemetry.metrics import Metrics
from tests.bundles import SENTENCES
from tests.clients.peers import Serve
from tests.pipeline.engines.remote_services import (
    LIMIT_S,
    answers,
    endpoint,
    feed_of,
    golden_check,
    kill,
    opened,
    until,
)
from tests.tensor_service import StartTensorService


@pytest.fixture
def bundle(bundles: Path) -> Bundle:
    return Bundle.open(bundles / PAIRWISE)


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
