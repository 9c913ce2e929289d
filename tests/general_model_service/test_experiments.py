# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments in the C++ service are those of the Pipeline: by one configuration, both deal, answer
and record alike.

Times, ids that the services make, and the last digits of scores differ.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import httpx
import pytest

from contract.rankers import CROSS_ENCODER, PAIRWISE
from experiments.report import main as report
from tests.general_model_service.experiment_lab import (
    EXPERIMENTS,
    FEEDBACK,
    HOLDOUT,
    UNITS,
    Lab,
    key,
    plain,
)
from tests.general_model_service.text_cases import BARE, BODY, DOCUMENTS, QUERY
from tests.general_model_service.twins import Body, config_twins, openvino_config
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def lab(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Lab]:
    directory = tmp_path_factory.mktemp("experiments")
    config = {
        **openvino_config(bundles, (PAIRWISE, CROSS_ENCODER)),
        "experiments": EXPERIMENTS,
        "holdout": HOLDOUT,
        "exposures": {"directory": "records", "keep_texts": True, "max_positions": 3},
    }
    with config_twins(config, directory) as both:
        yield Lab(both, directory)


def check(
    lab: Lab, path: str, body: Optional[Body] = None, method: str = "POST", **headers: str
) -> int:
    pipeline, program = lab.both.ask(path, body, headers, method)
    assert program._replace(numbers=[]) == pipeline._replace(numbers=[])
    assert program.numbers == pytest.approx(pipeline.numbers, abs=1e-5)
    return program.status


def same_text(lab: Lab, method: str, path: str, **options: Any) -> httpx.Response:
    one, other = (client.request(method, path, **options) for client in lab.both)
    assert (other.status_code, other.text) == (one.status_code, one.text)
    return other


def test_every_unit_gets_its_variant(lab: Lab) -> None:
    seen = set()
    for unit in UNITS:
        fields = {"unit_id": unit} if unit.strip() else {"query": "q" + unit}
        told = same_text(lab, "GET", "/v1/assignments", params=fields).json()
        assert same_text(lab, "POST", "/v1/assignments", json=fields).json() == told
        seen.add((told["experiment"], told["variant"], told["held_out"]))
    assert len(seen) == 6, "a variant was dealt to nobody"


@pytest.mark.parametrize("experiment", [e["name"] for e in EXPERIMENTS])
def test_of_one_experiment(lab: Lab, experiment: str) -> None:
    for unit in ("tester", "测试", *UNITS[:10]):
        same_text(lab, "GET", "/v1/assignments", params={"user_id": unit, "experiment": experiment})


@pytest.mark.parametrize(
    "query", ["牙", "长" * 256, "长" * 257, "长" * 9000, " a b ", "q" * 10_001]
)
def test_a_query_is_a_unit(lab: Lab, query: str) -> None:
    same_text(lab, "POST", "/v1/assignments", json={"query": query})


@pytest.mark.parametrize(
    "url",
    [
        "",
        "?unit_id=",
        "?unit_id=a%0Ab",
        "?unit=u",
        "?unit_id=u&unit_id=v",
        "?user_id=a+b%2B%E7%94%A8%FF&query=x",
        "?unit_id=" + "u" * 300,
        "?unit_id=u&experiment=no%20pe",
        "?unit_id=u&experiment=",
        "?&&unit_id=u&",
        "?unit_id=%zz",
    ],
)
def test_a_question_by_url(lab: Lab, url: str) -> None:
    same_text(lab, "GET", "/v1/assignments" + url)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/assignments", b"{"),
        ("/v1/assignments", b"[]"),
        ("/v1/assignments", b'{"unit_id": 7}'),
        ("/v1/assignments", b'{"unit_id": {}, "query": [], "user_id": 0.0}'),
        ("/v1/assignments", b'{"unit_id": "\\ud800"}'),
        ("/v1/assignments", b'{"query": "q", "experiment": 5}'),
        ("/v1/assignments", b'{"query": "' + b"q" * 300_000 + b'"}'),
        ("/v1/interleave", b"{}"),
        ("/v1/interleave", b'{"orders": [[0], [0]], "seed": null}'),
        ("/v1/interleave", b'{"orders": [[0], [0]], "seed": "\\ud800"}'),
        ("/v1/interleave", b'{"orders": [[0, 1], [1]]}'),
        ("/v1/interleave", b'{"orders": [[0, 1], [1, 1]]}'),
        ("/v1/interleave", b'{"orders": [[0, 1.0], [1, 0]]}'),
        ("/v1/interleave", b'{"orders": [[true, 0], [1, 0]]}'),
        ("/v1/interleave", b'{"orders": [[], []]}'),
        ("/v1/interleave", b'{"orders": [[0], [0]], "else": 1}'),
    ],
)
def test_a_bad_question(lab: Lab, path: str, body: bytes) -> None:
    same_text(lab, "POST", path, content=body)


def test_orders_are_drafted_alike(lab: Lab) -> None:
    dice = random.Random(5)
    for size in (1, 2, 7, 50, 1000):
        for seed in ("", "种子", f"s{size}", "x" * 1024, "x" * 1025):
            orders = [dice.sample(range(size), size) for _ in range(2)]
            body = {"orders": orders, "seed": seed}
            same_text(lab, "POST", "/v1/interleave", json=body)


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/v1/assignments"), ("GET", "/v1/interleave"), ("PUT", "/v1/traffic"),
     ("GET", "/feedback"), ("DELETE", "/feedback")],
)  # fmt: skip
def test_another_method(lab: Lab, method: str, path: str) -> None:
    assert check(lab, path, method=method) == 405


def test_a_path_that_could_be_a_service(lab: Lab) -> None:
    assert check(lab, "/v1/traffic", {}) == 404


@pytest.mark.parametrize("path", ["/rerank", "/ranker/prediction"])
def test_answers_of_dealt_units(lab: Lab, path: str) -> None:
    for number, unit in enumerate(UNITS[:25]):
        ids = {"unit_id": unit} if unit.strip() else {"user_id": "u" + unit}
        assert check(lab, path, {**BODY, **ids, "request_id": f"{path[1]}{number}"}) == 200


@pytest.mark.parametrize("name", ["mixed", "beside", "narrow", "later"])
@pytest.mark.parametrize(
    "extra",
    [{}, {"top_n": 2}, {"raw_scores": True, "return_documents": True}, {"top_k": 3},
     {"max_chunks_per_doc": 3, "documents": [DOCUMENTS[0] * 30, "", "a"]},
     {"documents": ["a"]}, {"documents": ["a", "a", "a"]}, {"query": "\u200b"},
     {"truncation": False, "documents": [DOCUMENTS[0] * 90, "a"]}],
)  # fmt: skip
def test_a_model_that_is_an_experiment(lab: Lab, name: str, extra: dict[str, Any]) -> None:
    for unit in ("user3", "user7"):
        body = {**BODY, "model": name, "unit_id": unit, "request_id": f"m{unit}", **extra}
        check(lab, "/v1/rerank", body)
        check(lab, "/v1/rerank", body, **{"x-ranker": CROSS_ENCODER})
    check(lab, "/rerank", {**BARE, "model": name, "unit_id": "user3", "request_id": "bare"})


def test_drafts_over_the_gateway(lab: Lab) -> None:
    units = [u for u in UNITS if u.strip()]
    drafted = 0
    for number, unit in enumerate(units[:20]):
        body = {**BODY, "unit_id": unit, "request_id": f"d{number}", "return_documents": True}
        assert check(lab, "/ranker/prediction", {**body, "top_n": 4}) == 200
        answer = lab.both.program.post("/ranker/prediction", json=body).json()
        drafted += dict(zip(answer["key"], answer["value"]))["variant"] == "interleaved"
    assert drafted > 2


@pytest.mark.parametrize("model", ["none", "narrow ", "ranker", "both", PAIRWISE])
def test_another_model(lab: Lab, model: str) -> None:
    check(lab, "/v1/rerank", {**BODY, "model": model, "unit_id": "tester"})


def test_whom_a_request_names_takes_part_in_nothing(lab: Lab) -> None:
    body = {**BODY, "unit_id": "tester", "request_id": "named"}
    assert check(lab, "/rerank", body, **{"x-ranker": PAIRWISE}) == 200
    assert check(lab, "/ernie/prediction", body) == 200
    assert check(lab, "/ranker/prediction", {**body, "ranker": "both"}) == 200
    assert lab.lines("exposures", "named") == [[], []]


def test_what_is_served(lab: Lab) -> None:
    assert check(lab, "/v1/models", method="GET") == 200
    pipeline, program = (client.get("/info").json()["experiments"] for client in lab.both)
    assert program == pipeline == [e["name"] for e in EXPERIMENTS]


def test_records_are_alike(lab: Lab) -> None:
    ids, expected = [], 0
    for number, unit in enumerate(["tester", "测试", *UNITS[:40]]):
        ids.append(f"rec{number}")
        fields = {"unit_id": unit} if unit.strip() and number % 3 else {}
        body = {**BODY, "query": f"{QUERY}{number}", "request_id": ids[-1], **fields}
        assert check(lab, "/rerank", body) == 200
        dry = lab.both.ask("/rerank", {**body, "request_id": "dry"}, {"x-dry-run": "true"})
        assert dry[1].headers == dry[0].headers
        experiment = dry[1].headers.get("x-experiment", "")
        # of a shadow there is a line of its own, before that of the answer or after it
        expected += bool(experiment) + (experiment == "beside")
    exposed, shadowed = 0, 0
    one, other = (sorted(found, key=key) for found in lab.wait("exposures", expected, *ids))
    assert len(other) == len(one) == expected
    for pipeline, program in zip(one, other):
        texts, numbers = zip(plain(pipeline), plain(program))
        assert texts[1] == texts[0]
        assert numbers[1] == pytest.approx(numbers[0], abs=1e-5)
        exposed += '"kind":"exposure"' in program
        shadowed += '"kind":"shadow"' in program
    assert exposed > 20
    assert shadowed > 5
    assert lab.lines("exposures", "dry") == [[], []]


def test_feedback_is_taken_alike(lab: Lab) -> None:
    taken = 0
    for body in FEEDBACK:
        for path in ("/feedback", "/feedback/prediction"):
            taken += check(lab, path, json.dumps(body).encode()) == 200
        check(lab, "/feedback", json.dumps(body).encode(), **{"x-request-id": "mine"})
    assert taken == 8
    check(lab, "/feedback", b"{")
    one, other = lab.wait("feedback", 12, "fb")
    assert [plain(line) for line in other] == [plain(line) for line in one]


def test_the_report_reads_the_records(lab: Lab) -> None:
    directory = lab.directory / "program" / "records"
    ids = []
    for number in range(80):
        ids.append(f"shown{number}")
        body = {**BODY, "model": "narrow", "unit_id": f"reader{number}", "request_id": ids[-1]}
        assert lab.both.program.post("/rerank", json=body).status_code == 200
        clicks = {"request_id": ids[-1], "clicks": [number % 3]}
        assert lab.both.program.post("/feedback", json=clicks).status_code == 200
    wait_until(lambda: len(lab.lines("feedback", *ids)[1]) == len(ids), "all is on disk")
    arguments = ["--exposures", str(directory), "--feedback", str(directory)]
    assert report([*arguments, "--experiment", "narrow"]) in (0, 3)


def counted(client: httpx.Client, name: str) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if line.startswith(name + "{"))
    return {labels: float(value) for labels, value in pairs if float(value)}


def test_what_was_routed_is_counted_alike(lab: Lab) -> None:
    routed = [counted(client, "ranking_routed_total") for client in lab.both]
    # some tests ask the program alone; what there is to count is the same
    assert set(routed[1]) == set(routed[0])
    for client in lab.both:
        assert counted(client, "ranking_records_total")
        assert not any("lost" in labels for labels in counted(client, "ranking_records_total"))
        assert any("scored" in labels for labels in counted(client, "ranking_shadowed_total"))


def test_the_traffic_is_told_alike(lab: Lab) -> None:
    pipeline, program = (client.get("/v1/traffic").json() for client in lab.both)
    assert list(program) == list(pipeline)
    for name in ("interval_s", "quantile_error", "ready", "reason", "in_flight", "default_ranker",
                 "experiments", "holdout"):  # fmt: skip
        assert program[name] == pipeline[name], name
    lines = [
        {(line["experiment"], line["variant"], line["ranker"]) for line in told["lines"]}
        for told in (pipeline, program)
    ]
    assert lines[1] == lines[0]
    assert list(program["lines"][0]) == list(pipeline["lines"][0])
    assert list(program["total"]) == list(pipeline["total"])
    assert program["total"]["answered"] > 100
    assert [row["ranker"] for row in program["rankers"]] == [PAIRWISE, CROSS_ENCODER]
    assert all(row["rows"]["computed"] > 0 for row in program["rankers"])
    assert lab.both.program.get("/v1/traffic").headers["cache-control"] == "no-store"
