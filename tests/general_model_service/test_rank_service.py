# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service by config_nlp.yml, both rankers in one process, answers as the Pipeline does.

The tests of one bundle that are imported here run again, with the pair-wise ranker as the default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import pytest

from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.general_model_service.test_texts import (  # noqa: F401
    check,
    test_a_deadline_that_passes,
    test_another_method_than_get,
    test_each_field,
    test_each_path,
    test_header_fields,
    test_objects,
    test_texts_that_are_cut_or_empty,
    test_the_gateways_path,
    test_what_real_clients_send,
    test_what_the_pipeline_refuses,
)
from tests.general_model_service.text_cases import (
    BODY,
    LENGTHS,
    OF_THE_GATEWAY,
    ONE,
    PAIR,
    TEXTS,
    wire,
)
from tests.general_model_service.twins import Body, Twins, config_twins, openvino_config

ALIASES = {"best": CROSS_ENCODER, "bge-reranker": PAIRWISE}


@pytest.fixture(scope="module")
def both(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twins]:
    config = openvino_config(bundles, (PAIRWISE, CROSS_ENCODER))
    config["model_aliases"] = ALIASES
    with config_twins(config, tmp_path_factory.mktemp("twins")) as running:
        yield running


def as_both(body: dict[str, Any]) -> dict[str, Any]:
    """The same request to both rankers, in either shape of the gateway."""
    if "key" not in body:
        return {**body, "ranker": "both"}
    keys, values = body["key"], body["value"]
    if not isinstance(keys, list) or not isinstance(values, list):
        return body
    return {**body, "key": [*keys, "ranker"], "value": [*values, "both"]}


@pytest.mark.parametrize("body", OF_THE_GATEWAY)
def test_both_rankers(both: Twins, body: dict[str, Any]) -> None:
    check(both, "/ranker/prediction", as_both(body))


@pytest.mark.parametrize("extra", LENGTHS)
@pytest.mark.parametrize(("query", "texts"), TEXTS)
def test_both_rankers_of_texts_that_are_cut(
    both: Twins, query: str, texts: list[str], extra: dict[str, Any]
) -> None:
    body = {"query": query, "documents": texts, "ranker": "both", **extra}
    check(both, "/ranker/prediction", body)


def test_both_rankers_by_name(both: Twins) -> None:
    body = {**BODY, "ranker": "both", "top_n": 2, "return_documents": True}
    assert check(both, "/ranker/prediction", body) == 200
    assert check(both, "/ranker/prediction", BODY, **{"x-ranker": "both"}) == 200
    answer = both.program.post("/ranker/prediction", json=body).json()
    told = dict(zip(answer["key"], answer["value"]))
    assert told["ranker"] == "both"
    rankings = json.loads(told["rankings"])
    assert list(rankings) == [PAIRWISE, CROSS_ENCODER]
    assert [len(ranking["order"]) for ranking in rankings.values()] == [2, 2]


@pytest.mark.parametrize("path", ["/rerank", "/ernie/prediction", "/rocketqa/prediction"])
@pytest.mark.parametrize("ranker", ["both", PAIRWISE, CROSS_ENCODER, "none"])
def test_a_header_names_the_ranker(both: Twins, path: str, ranker: str) -> None:
    check(both, path, BODY, **{"x-ranker": ranker})


@pytest.mark.parametrize("service", ["ernie", "rocketqa", "ranker", "nobody"])
@pytest.mark.parametrize("ranker", ["both", PAIRWISE, CROSS_ENCODER, None])
def test_each_service(both: Twins, service: str, ranker: Optional[str]) -> None:
    check(both, f"/{service}/prediction", {**BODY, "ranker": ranker})


@pytest.mark.parametrize(
    "model",
    [*ALIASES, PAIRWISE, CROSS_ENCODER, "ernie", "rocketqa", "ranker", "", "both", "other", "牙"],
)
def test_each_model(both: Twins, model: str) -> None:
    check(both, "/v1/rerank", {**BODY, "model": model})
    check(both, "/v1/rerank", {**BODY, "model": model}, **{"x-ranker": CROSS_ENCODER})


@pytest.mark.parametrize(
    "body",
    [
        {**ONE, "ranker": "both", "query": "\u200b"},
        {**ONE, "ranker": "both", "documents": []},
        {"query": "q", "documents": ["a b c d e f g h"] * 1001, "ranker": "both"},
        {**ONE, "ranker": "all"},
        {**ONE, "ranker": ["both"]},
        wire(**{"0": PAIR, "ranker": "both", "top_n": "0"}),
    ],
)
def test_what_both_rankers_refuse(both: Twins, body: Body) -> None:
    assert check(both, "/ranker/prediction", body) >= 400


def test_tokens_of_both_rankers_are_counted_together(both: Twins) -> None:
    text = "牙结石脱落小妙招" * 200
    body = {"query": text, "documents": [text] * 1000, "max_chunks_per_doc": 64}
    for ranker in ("both", PAIRWISE):
        check(both, "/ranker/prediction", {**body, "ranker": ranker})


def test_both_rankers_too_late(both: Twins) -> None:
    body = {"query": "q", "documents": ["a b c"] * 500, "ranker": "both", "request_id": "late"}
    assert check(both, "/ranker/prediction", body, **{"x-timeout-ms": "0.01"}) == 504


def test_what_is_served(both: Twins) -> None:
    assert check(both, "/v1/models", method="GET") == 200
    pipeline, program = (client.get("/info").json() for client in both)
    for left_out in ("max_concurrent_requests", "version"):
        del pipeline[left_out]
    limits = program.pop("limits")
    assert limits.items() <= pipeline.pop("limits").items()
    assert program == pipeline
    assert [bundle["ranker"] for bundle in program["bundles"]] == [PAIRWISE, CROSS_ENCODER]


def test_metrics_name_each_bundle(both: Twins) -> None:
    lines = both.program.get("/metrics").text.splitlines()
    told = [line for line in lines if line.startswith("tensor_service_bundle_info{")]
    assert [line.split('"')[1] for line in told] == [PAIRWISE, CROSS_ENCODER]
