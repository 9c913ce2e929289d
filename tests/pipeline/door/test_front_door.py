# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The front door: what it tells of each request, and what admission learns from it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Optional

import pytest

from contract.errors import DeadlineExceeded, InferenceFailed, RequestTooLarge
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.wire.request import RankRequest
from contract.wire.response import Ranking, RankResponse
from pipeline.door.admission import Admission
from pipeline.door.front_door import FrontDoor
from pipeline.door.services import Services
from pipeline.records.recorder import Recorder
from pipeline.records.shadow import Shadow
from pipeline.request.call import Arrival, Call, WholeTexts
from pipeline.request.outcome import Outcome
from pipeline.request.route import Route, Target
from pipeline.settings.service import ServiceConfig, load_config
from pipeline.telemetry.metrics import Metrics
from pipeline.telemetry.request_observer import RequestObserver
from pipeline.telemetry.tracer import Tracer

FIRST, SECOND = Target(PAIRWISE, "1"), Target(CROSS_ENCODER, "2")
RESPONSE = RankResponse(
    (Ranking(PAIRWISE, "1", (0.5,), (0,)),), request_id="id", tokens=8, truncated=(0,),
    timings_ms={"tokenize": 1.0, "queue": 1.0, "compute": 1.0},
)  # fmt: skip
SECONDS = 'ranking_request_seconds_sum{service="ranker"}'


class Answers:
    """Stands for the DAG: gives one outcome after the other, and keeps what it was asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        self._outcomes = list(outcomes)
        self.asked: list[Call] = []

    def call(self, call: Call) -> Outcome:
        self.asked.append(call)
        return self._outcomes.pop(0)

    def stopped(self) -> list[str]:
        return []

    def dead(self) -> list[str]:
        return []


class House:
    """A front door with all that is behind it but the DAG."""

    def __init__(self, graph: Answers, tries: int, config: ServiceConfig) -> None:
        self.metrics = Metrics()
        services = Services((PAIRWISE, CROSS_ENCODER))
        observer = RequestObserver(services.names, self.metrics, Tracer())
        recorder = Recorder(config, self.metrics)
        shadow = Shadow(graph, recorder, self.metrics, Tracer(), 1)
        self.admission = Admission(4)
        self.admission.open()
        self.door = FrontDoor(services, graph, tries, observer, recorder, shadow)

    def rank(self, call: Call, begun: Optional[float] = None) -> tuple[Outcome, bool]:
        with self.admission.enter(1) as ticket:
            ticket.begun = ticket.begun if begun is None else begun
            return self.door.rank(call, ticket), ticket.served

    def metric(self, name: str) -> float:
        lines = self.metrics.text().decode().splitlines()
        return float(next(line for line in lines if line.startswith(name)).split()[-1])


def call() -> Call:
    request = RankRequest((("感冒", "感冒灵"),), request_id="id")
    return Call(request, Arrival("rpc", "ranker", 0.0))


@pytest.fixture()
def config(tmp_path: Path) -> ServiceConfig:
    path = tmp_path / "config_nlp.yml"
    text = "rpc_port: 8089\nop: {ernie: {local_service_conf: {model_config: m}}}\n"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_an_answer_refused_for_a_cut_text_counts_as_scored(config: ServiceConfig) -> None:
    """It cost as much as any other, and admission learns how fast requests are scored."""
    house = House(Answers(Outcome(RESPONSE), Outcome(RESPONSE)), 1, config)
    outcome, served = house.rank(replace(call(), whole_texts=WholeTexts("texts", "truncate")))
    assert isinstance(outcome.result, RequestTooLarge)
    assert str(outcome.result) == (
        "texts: 1 of 1 texts have more tokens than the model takes; shorten them, or leave "
        "truncate out"
    )
    assert served
    outcome, served = house.rank(call())
    assert outcome.result is RESPONSE
    assert served


def test_a_request_that_fails_does_not_count_as_scored(config: ServiceConfig) -> None:
    house = House(Answers(Outcome(InferenceFailed("the engine failed"))), 1, config)
    outcome, served = house.rank(call())
    assert isinstance(outcome.result, InferenceFailed)
    assert not served


def test_the_time_of_a_request_begins_before_it_is_read(config: ServiceConfig) -> None:
    house = House(Answers(Outcome(RESPONSE)), 1, config)
    house.rank(call(), begun=time.monotonic() - 5.0)
    assert 5.0 <= house.metric(SECONDS) < 60.0
    with house.admission.enter(1) as ticket:
        ticket.begun = time.monotonic() - 7.0
        house.door.refuse(Arrival("http", "ranker", 0.0), RequestTooLarge("no"), ticket)
    assert 12.0 <= house.metric(SECONDS) < 60.0


def test_what_is_not_done_in_time_is_asked_again(config: ServiceConfig) -> None:
    graph = Answers(Outcome(DeadlineExceeded("late")), Outcome(RESPONSE))
    house = House(graph, 2, config)
    assert house.rank(call())[0].result is RESPONSE
    assert len(graph.asked) == 2


def test_the_fallback_answers_for_a_target_that_fails(config: ServiceConfig) -> None:
    route = Route((FIRST,), "test", "split", "a", fallback=SECOND)
    graph = Answers(Outcome(InferenceFailed("no"), route), Outcome(RESPONSE, route))
    house = House(graph, 1, config)
    assert house.rank(call())[0].result is RESPONSE
    second = graph.asked[1].route
    assert second is not None
    assert (second.targets, second.experiment) == ((SECOND,), "test")


def test_a_failure_that_nobody_foresaw_is_told_without_its_words(
    config: ServiceConfig, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(Answers(), 1, config)
    outcome, served = house.rank(call())
    assert str(outcome.result) == "the service failed; its log says why"
    assert "a request failed with IndexError" in caplog.text
    assert not served
    assert house.admission.in_flight == 0
