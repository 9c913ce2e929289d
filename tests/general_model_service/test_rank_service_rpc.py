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
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.bundles import SENTENCES
from tests.general_model_service.rpc_twins import CHANNEL_OPTIONS, RpcTwins, fields_of, other_ports
from tests.general_model_service.test_rpc import GOOD, check
from tests.general_model_service.text_cases import OF_THE_GATEWAY, PAIR
from tests.general_model_service.twins import openvino_config

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])


@pytest.fixture(scope="module")
def both(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RpcTwins]:
    config = openvino_config(bundles, (PAIRWISE, CROSS_ENCODER))
    with (
        RunningService(dict(config), tmp_path_factory.mktemp("pipeline")) as service,
        RankProcess({**config, **other_ports()}, tmp_path_factory.mktemp("program")) as program,
    ):
        endpoints = (service.endpoint, program.endpoint)
        one, other = (grpc.insecure_channel(each, CHANNEL_OPTIONS) for each in endpoints)
        with one, other:
            yield RpcTwins(one, other, endpoints)


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
