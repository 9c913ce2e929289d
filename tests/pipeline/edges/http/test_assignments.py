# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Questions about experiments that leave no record: assignments, drafts, dry runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from child_services.running_service import RunningService
from contract.experiments.interleaving import team_draft
from tests.pipeline.calls import http_call
from tests.pipeline.calls import rank as rank_over_http
from tests.services import running_service

A, B = {"name": "a", "ranker": "pairwise"}, {"name": "b", "ranker": "cross_encoder"}
EXPERIMENTS: list[dict[str, Any]] = [
    {
        "name": "draft",
        "mode": "interleave",
        "coverage": 0.0,
        "variants": [A, B],
        "allow_list": {"i": "interleaved"},
    },
    {
        "name": "unseen",
        "mode": "shadow",
        "coverage": 0.0,
        "variants": [A, B],
        "allow_list": {"s": "a"},
    },
    {"name": "ab", "coverage": 0.5, "variants": [A, {**B, "weight": 3}], "fallback": "pairwise"},
]
BODY = {"query": "感冒", "documents": ["怎样预防感冒", "牙结石", "天气"]}
DRY = {"x-dry-run": "true"}


@pytest.fixture(scope="module")
def lab(
    bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningService, Path]]:
    directory = tmp_path_factory.mktemp("lab")
    exposures = {"directory": "records", "fsync": "always"}
    with running_service(
        bundles, directory, experiments=EXPERIMENTS, exposures=exposures
    ) as service:
        yield service, directory / "records"


def assigned(url: str, **fields: str) -> httpx.Response:
    return httpx.get(f"{url}/v1/assignments", params=fields)


def traces(url: str) -> list[str]:
    """What the service has counted for experiments."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    names = ("ranking_routed_total{", "ranking_shadowed_total{", "ranking_records_total{")
    traced = [line for line in lines if line.startswith(names)]
    return [line for line in traced if not line.endswith(" 0.0")]


def test_a_unit_is_assigned_as_its_requests_are(lab: tuple[RunningService, Path]) -> None:
    url = lab[0].url
    for unit in ("i", "s", *(f"user{n}" for n in range(12))):
        told = assigned(url, unit_id=unit).json()
        reply = http_call(url, "/ranker/prediction", {**BODY, "unit_id": unit}, headers=DRY)
        assert (told["experiment"], told["variant"]) == (
            reply.fields["experiment"],
            reply.fields["variant"],
        )
        assert told["unit"] == unit
        if len(told["answers"]) == 1:
            assert told["answers"][0]["ranker"] == reply.fields["ranker"]
            assert told["answers"][0]["bundle"] == reply.fields["bundle"]
    posted = httpx.post(f"{url}/v1/assignments", json={"unit_id": "s"}).json()
    assert posted == assigned(url, unit_id="s").json()
    assert posted["reason"] == "allow_list"
    assert posted["shadow"]["ranker"] == "cross_encoder"


def test_the_query_stands_for_a_unit(lab: tuple[RunningService, Path]) -> None:
    url = lab[0].url
    long = "长" * 9000
    told = httpx.post(f"{url}/v1/assignments", json={"query": long}).json()
    reply = http_call(url, "/ranker/prediction", {**BODY, "query": long}, headers=DRY)
    assert told["variant"] == reply.fields["variant"]


def test_one_experiment_can_be_asked_of(lab: tuple[RunningService, Path]) -> None:
    told = assigned(lab[0].url, unit_id="i", experiment="unseen").json()
    assert (told["experiment"], told["held_out"]) == ("", False)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "unit_id"),
        ({"unit": "u"}, "unit"),
        ({"unit_id": ""}, "unit_id"),
        ({"unit_id": "a\nb"}, "unit_id"),
        ({"unit_id": "u" * 300}, "unit_id"),
        ({"query": "q" * 10_001}, "query"),
        ({"unit_id": "u", "experiment": "nope"}, "experiment"),
    ],
)
def test_a_bad_question_is_named(
    lab: tuple[RunningService, Path], fields: dict[str, str], field: str
) -> None:
    for reply in (
        assigned(lab[0].url, **fields),
        httpx.post(f"{lab[0].url}/v1/assignments", json=fields),
    ):
        assert reply.status_code in (413, 422), reply.text
        assert reply.json()["error"]["field"] == field


@pytest.mark.parametrize("value", [7, True, ["u"], {}])
def test_a_unit_is_text(lab: tuple[RunningService, Path], value: Any) -> None:
    reply = httpx.post(f"{lab[0].url}/v1/assignments", json={"unit_id": value})
    assert reply.status_code == 422


def test_a_draft_is_the_experiments_own(lab: tuple[RunningService, Path]) -> None:
    orders = [list(range(9)), [8, 0, 7, 1, 6, 2, 5, 3, 4]]
    body = {"orders": orders, "seed": "draft/r-1"}
    told = httpx.post(f"{lab[0].url}/v1/interleave", json=body).json()
    order, teams = team_draft(orders, "draft/r-1", 9)
    assert told == {"order": order, "pickers": teams}
    fields = {**BODY, "unit_id": "i", "request_id": "r-1"}
    reply = http_call(lab[0].url, "/ranker/prediction", fields, headers=DRY)
    served = reply.decoded("results")
    orders = [one["order"] for one in reply.decoded("rankings").values()]
    body = {"orders": orders, "seed": "draft/r-1"}
    told = httpx.post(f"{lab[0].url}/v1/interleave", json=body).json()
    assert [one["index"] for one in served] == told["order"]
    assert [one["team"] for one in served] == ["ab"[picker] for picker in told["pickers"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "orders"),
        ({"orders": [[0]]}, "orders"),
        ({"orders": [[], []]}, "orders[0]"),
        ({"orders": [[0, 0], [0, 1]]}, "orders[0]"),
        ({"orders": [[0, 1], [0, 2]]}, "orders[1]"),
        ({"orders": [[0, 1], [0]]}, "orders[1]"),
        ({"orders": [[True], [0]]}, "orders[0]"),
        ({"orders": [[0.0], [0]]}, "orders[0]"),
        ({"orders": [["0"], [0]]}, "orders[0]"),
        ({"orders": [list(range(1001))] * 2}, "orders[0]"),
        ({"orders": [[0], [0]], "seed": 1}, "seed"),
        ({"orders": [[0], [0]], "length": 1}, "length"),
    ],
)
def test_a_bad_draft_is_named(
    lab: tuple[RunningService, Path], body: dict[str, Any], field: str
) -> None:
    reply = httpx.post(f"{lab[0].url}/v1/interleave", json=body)
    assert reply.status_code == 422
    assert reply.json()["error"]["field"] == field


def test_a_dry_run_leaves_no_trace(lab: tuple[RunningService, Path]) -> None:
    service, records = lab
    before = traces(service.url), sorted(records.glob("exposures-*"))
    for unit in ("i", "s"):
        reply = http_call(service.url, "/ranker/prediction", {**BODY, "unit_id": unit}, headers=DRY)
        assert reply.fields["variant"]
    rerank = httpx.post(f"{service.url}/v1/rerank", json={**BODY, "model": "ab"}, headers=DRY)
    assert rerank.status_code == 200
    assigned(service.url, unit_id="s")
    assert (traces(service.url), sorted(records.glob("exposures-*"))) == before
    lines = httpx.get(f"{service.url}/v1/traffic").json()["lines"]
    assert {line["experiment"] for line in lines} <= {"", "ab"}
    rank_over_http(service.url, **BODY, unit_id="s")
    assert traces(service.url) != before[0]
    lines = httpx.get(f"{service.url}/v1/traffic").json()["lines"]
    assert "unseen" in {line["experiment"] for line in lines}


def test_a_dry_run_is_true_or_false(lab: tuple[RunningService, Path]) -> None:
    reply = http_call(lab[0].url, "/ranker/prediction", dict(BODY), headers={"x-dry-run": "1"})
    assert (reply.status, reply.err_no) == (422, 5000)
    assert "x-dry-run: must be true or false" in reply.err_msg


def test_traffic_names_experiments_and_shares(lab: tuple[RunningService, Path]) -> None:
    report = httpx.get(f"{lab[0].url}/v1/traffic").json()
    states = {one["name"]: one for one in report["experiments"]}
    assert {name: one["state"] for name, one in states.items()} == dict.fromkeys(
        ("draft", "unseen", "ab"), "running"
    )
    shares = [(one["variant"], one["share"]) for one in states["ab"]["variants"]]
    assert shares == [("a", pytest.approx(0.125)), ("b", pytest.approx(0.375))]
    assert [one["shadow"] for one in states["unseen"]["variants"]] == [False, True]
    assert [one["ranker"] for one in report["rankers"]] == ["pairwise", "cross_encoder"]
    assert report["rankers"][0]["rows"]["computed"] >= 1
    assert report["ready"] is True
