# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service by config_nlp.yml answers RPC with both rankers as the Pipeline does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

from child_services.rank_process import RankProcess
from child_services.running_service import RunningService
from clients.rpc_client import RpcRankerClient
from contract.errors import RequestError
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.bundles import SENTENCES
from tests.general_model_service.rpc_twins import CHANNEL_OPTIONS, RpcTwins, fields_of
from tests.general_model_service.test_rpc import GOOD, check
from tests.general_model_service.text_cases import OF_THE_GATEWAY, PAIR
from tests.general_model_service.twins import openvino_config, other_ports
from tests.waiting import wait_until

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of the Pipeline and of the program."""
    return tmp_path_factory.mktemp("pipeline"), tmp_path_factory.mktemp("program")


@pytest.fixture(scope="module")
def both(tensor_program: Path, bundles: Path, directories: tuple[Path, Path]) -> Iterator[RpcTwins]:
    config = {
        **openvino_config(bundles, (PAIRWISE, CROSS_ENCODER)),
        "exposures": {"directory": "records"},
    }
    with (
        RunningService(dict(config), directories[0]) as service,
        RankProcess({**config, **other_ports()}, directories[1]) as program,
    ):
        endpoints = (service.endpoint, program.endpoint)
        one, other = (grpc.insecure_channel(each, CHANNEL_OPTIONS) for each in endpoints)
        with one, other:
            yield RpcTwins(one, other, endpoints)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"request_id": "shown"},
        {"request_id": "shown", "clicks": "0"},
        {"request_id": "shown", "clicks": "[0, -1]"},
        {"clicks": "[0]"},
        {"request_id": "shown", "clicks": "[0]", "query": "a"},
        {"request_id": "shown", "grades": "[[0, 1], [1, nan]]"},
    ],
)
def test_feedback_that_is_refused(both: RpcTwins, fields: dict[str, str]) -> None:
    assert check(both, {**fields_of(fields), "name": "feedback"}).err_no == RequestError.err_no


def test_feedback_that_is_kept(both: RpcTwins, directories: tuple[Path, Path]) -> None:
    kept = {"request_id": "shown-by-rpc", "clicks": "[2, 0]", "grades": "[[1, 0.5]]"}
    answer = check(both, {**fields_of(kept), "name": "feedback"})
    assert (answer.err_no, answer.fields) == (0, (("request_id", "shown-by-rpc"),))

    def lines() -> list[dict[str, Any]]:
        files = [file for each in directories for file in each.glob("records/feedback-*.jsonl")]
        texts = [line for file in files for line in file.read_text("utf-8").splitlines()]
        return [json.loads(text) for text in texts if "shown-by-rpc" in text]

    wait_until(lambda: len(lines()) == 2, "both have kept it")
    one, other = ({name: v for name, v in line.items() if name != "time"} for line in lines())
    assert one == other


@pytest.mark.parametrize("ranker", ["both", *RANKERS])
@pytest.mark.parametrize("service", ["", "ranker", "ernie", "rocketqa"])
def test_each_service_and_ranker(both: RpcTwins, service: str, ranker: str) -> None:
    named = {"key": [*GOOD["key"], "ranker"], "value": [*GOOD["value"], ranker], "name": service}
    check(both, named)
    check(both, {**GOOD, "name": service}, [("x-ranker", ranker)])
    check(both, {**named, "key": [*GOOD["key"], "top_n"], "value": [*GOOD["value"], "0"]})


@pytest.mark.parametrize(
    "body",
    [
        body
        for body in OF_THE_GATEWAY
        if isinstance(body.get("key"), list)
        and body["value"]
        and all(isinstance(value, str) for value in body["value"])
    ],
)
def test_both_rankers_of_the_gateways_bodies(both: RpcTwins, body: dict[str, Any]) -> None:
    values = body["value"]
    check(both, {"key": [*body["key"], "ranker"], "value": [*values, "both"]})


def test_both_rankers_of_pairs(both: RpcTwins) -> None:
    fields = {"0": PAIR, "1": PAIR, "ranker": "both", "return_documents": "true", "top_n": "1"}
    answer = check(both, fields_of(fields))
    assert dict(answer.fields)["ranker"] == "both"
    assert json.loads(dict(answer.fields)["usage"])["tokens"] > 0


def test_our_client_reads_both(both: RpcTwins) -> None:
    results = []
    for endpoint in both.endpoints:
        with RpcRankerClient(endpoint) as client:
            results.append(client.rank(QUERY, DOCUMENTS, ranker="both", top_n=2))
    one, other = results
    assert list(other.rankings) == list(one.rankings) == [PAIRWISE, CROSS_ENCODER]
    for ranker, ranking in other.rankings.items():
        assert ranking.scores == pytest.approx(one.rankings[ranker].scores, abs=1e-5)
        assert (ranking.order, ranking.bundle) == (
            one.rankings[ranker].order,
            one.rankings[ranker].bundle,
        )
