# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A service that hands texts to its tensor services answers as one that hands them rows.

Alike are status, header fields and every byte, but for times, ids and the last digits of scores,
which batches of another shape may change.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Optional

import httpx
import pytest
import yaml

from child_services.running_service import OP_OF_RANKER, RunningService, service_config
from child_services.tensor_process import TensorProcess
from contract.errors import ConfigError
from contract.rankers import RANKERS
from pipeline.settings.service import load_config
from tests.general_model_service.text_cases import (
    BARE,
    BODY,
    EXTRA_FIELDS,
    LENGTHS,
    LONG,
    OF_THE_GATEWAY,
    ONE,
    TEXTS,
)
from tests.general_model_service.twins import Body, Twins
from tests.pipeline.engines.remote_services import endpoint, kill
from tests.services import small_config

MAX_TOKENS = 2000


def remote_config(bundles: Path, services: dict[str, TensorProcess], given: str) -> dict[str, Any]:
    config = service_config(bundles, RANKERS)
    config["limits"]["max_tokens"] = MAX_TOKENS
    for ranker, service in services.items():
        op = config["op"][OP_OF_RANKER[ranker]]
        op.update(engine="remote", server_endpoints=[endpoint(service)], remote_input=given)
        op["local_service_conf"]["precision"] = "fp32"
    return config


@pytest.fixture(scope="module")
def both(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Twins]:
    """Of the twins, the first hands rows and the second texts."""
    with ExitStack() as stack:
        services = {
            ranker: stack.enter_context(
                TensorProcess(bundles / ranker, tmp_path_factory.mktemp(ranker), "--pad_dynamic")
            )
            for ranker in RANKERS
        }
        clients = []
        for given in ("tensors", "texts"):
            config = remote_config(bundles, services, given)
            running = RunningService(config, tmp_path_factory.mktemp(given))
            url = stack.enter_context(running).url
            clients.append(stack.enter_context(httpx.Client(base_url=url, timeout=60)))
        yield Twins(*clients)


def check(both: Twins, path: str, body: Optional[Body] = None, **headers: str) -> int:
    tensors, texts = both.ask(path, body, headers)
    assert texts._replace(numbers=[]) == tensors._replace(numbers=[])
    assert texts.numbers == pytest.approx(tensors.numbers, abs=1e-5)
    return texts.status


@pytest.mark.parametrize("extra", LENGTHS)
@pytest.mark.parametrize(("query", "texts"), TEXTS)
def test_texts_that_are_cut_or_empty(
    both: Twins, query: str, texts: list[str], extra: dict[str, Any]
) -> None:
    check(both, "/rerank", {"query": query, "documents": texts, **extra})


@pytest.mark.parametrize("extra", EXTRA_FIELDS[::3])
@pytest.mark.parametrize("shape", [BODY, BARE])
def test_each_field(both: Twins, shape: dict[str, Any], extra: dict[str, Any]) -> None:
    check(both, "/rerank", {**shape, **extra})


@pytest.mark.parametrize("body", OF_THE_GATEWAY[::2])
@pytest.mark.parametrize("service", ["ranker", "ernie"])
def test_the_gateways_path(both: Twins, service: str, body: dict[str, Any]) -> None:
    check(both, f"/{service}/prediction", body)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"query": LONG, "documents": [LONG, "", "a"]},
        {"query": "\u200b"},
        {"documents": ["a b c d e f"] * 60},
        {"documents": ["a b c d e f " * 90] * 3, "max_chunks_per_doc": 9},
        {"documents": ["a b c d e f " * 90] * 3, "max_chunks_per_doc": 2},
        {"documents": ["a", "a"]},
    ],
)
def test_both_rankers(both: Twins, fields: dict[str, Any]) -> None:
    """Also of tokens that are within the limit of each, and not together."""
    body = {**BODY, "ranker": "both", "return_documents": True, **fields}
    check(both, "/ranker/prediction", body)


def test_pairs_with_queries_of_their_own(both: Twins) -> None:
    pairs = [json.dumps({"query": f"感冒 {i}", "title": "多喝水" * i}) for i in range(40)]
    body = {"key": [str(i) for i in range(40)], "value": pairs}
    assert check(both, "/ranker/prediction", body) == 200
    body["value"] = [*pairs[:-1], json.dumps({"query": "\u200b", "title": "a"})]
    assert check(both, "/ranker/prediction", body) == 422


def test_a_deadline_that_passes(both: Twins) -> None:
    body = {"query": "q", "documents": ["a b c"] * 200, "request_id": "late"}
    for path in ("/rerank", "/ranker/prediction"):
        assert check(both, path, body, **{"x-timeout-ms": "0.01"}) == 504


def test_tokens_of_the_caller_are_still_taken(both: Twins) -> None:
    tensors = [
        {"name": "input_ids", "shape": [1, 4], "datatype": "INT64", "data": [1, 5, 2, 2]},
        {"name": "token_type_ids", "shape": [1, 4], "datatype": "INT64", "data": [0, 0, 0, 1]},
    ]
    tensors_given, texts_given = both.ask("/v2/models/pairwise/infer", {"inputs": tensors})
    assert tensors_given.status == texts_given.status == 200
    # before the logit stand times
    assert texts_given.numbers[-1] == pytest.approx(tensors_given.numbers[-1], abs=1e-6)


def test_what_was_scored_is_counted(both: Twins) -> None:
    def counted(client: httpx.Client) -> dict[str, float]:
        lines = client.get("/metrics").text.splitlines()
        return {
            name: float(value)
            for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
            if name.startswith(("ranking_rows_total", "ranking_tokens_total"))
        }

    grown = []
    for client in both:
        before = counted(client)
        assert client.post("/rerank", json=BODY).status_code == 200
        after = counted(client)
        grown.append({name: value - before.get(name, 0.0) for name, value in after.items()})
    assert grown[0] == grown[1]
    assert any(grown[1].values())


def test_services_that_go_and_are_missed(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with ExitStack() as stack:
        services = {
            ranker: stack.enter_context(
                TensorProcess(bundles / ranker, tmp_path_factory.mktemp(ranker), "--pad_dynamic")
            )
            for ranker in RANKERS
        }
        config = remote_config(bundles, services, "texts")
        running = stack.enter_context(RunningService(config, tmp_path_factory.mktemp("left")))
        first, *_ = RANKERS
        kill(services[first])
        gone = httpx.post(f"{running.url}/rerank", json={**ONE, "model": first}, timeout=60)
        assert gone.status_code == 500
        assert "no tensor service answers" in gone.text
        other = httpx.post(f"{running.url}/rerank", json={**ONE, "model": RANKERS[1]}, timeout=60)
        assert other.status_code == 200


@pytest.mark.parametrize(
    ("keys", "op", "message"),
    [
        (
            {},
            {"engine": "openvino", "server_endpoints": None},
            "remote_input: texts goes with engine remote only",
        ),
        ({"scheduler": {"cache_rows": 5}}, {}, "remote_input: texts does not go with scheduler.c"),
        (
            {"limits": {"max_documents": 40_000}, "scheduler": {"max_queue_rows": 40_000}},
            {},
            "remote_input: texts takes at most 32768 documents",
        ),
        ({}, {"remote_input": "rows"}, "remote_input: must be one of tensors, texts"),
    ],
)
def test_what_does_not_go_together_is_refused(
    bundles: Path, tmp_path: Path, keys: dict[str, Any], op: dict[str, Any], message: str
) -> None:
    config = {**small_config(bundles), **keys}
    remote = {"engine": "remote", "server_endpoints": ["127.0.0.1:1"], "remote_input": "texts"}
    config["op"]["ernie"].update({**remote, **op})
    path = tmp_path / "config_nlp.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"^op.ernie.{message}"):
        load_config(path)
