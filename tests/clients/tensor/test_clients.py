# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Both tensor clients against real services: scores, tensors, variants, and what is refused."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from clients.tensor.client import TensorClient
from clients.tensor_http_client import TensorHttpClient
from clients.tensor_rpc_client import TensorRpcClient
from contract.bundle import Bundle
from contract.bundle.files import GOLDEN_FILE, MANIFEST_FILE
from contract.bundle.golden import GoldenPair, read_golden
from contract.calibration import Calibration
from contract.errors import (
    BundleError,
    DeadlineExceeded,
    InvalidField,
    RequestError,
    RequestTooLarge,
)
from contract.experiments.assignment import Assignment
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.long_query import BEST as LONG_QUERY_BEST
from tests.long_query import LONG_QUERY
from tests.long_query import TITLES as LONG_QUERY_TITLES
from tests.tensor_service import StartTensorService

QUERY = "牙结石脱落小妙招"
TITLES = ["去除牙结石小妙招_不能不知道的窍门", "怎样预防感冒", "", "【图】怎样去除牙石", "牙" * 500]

Make = Callable[..., TensorClient]


def http_proto(*arguments: Any, **options: Any) -> TensorClient:
    return TensorHttpClient(*arguments, **options)


def http_json(*arguments: Any, **options: Any) -> TensorClient:
    return TensorHttpClient(*arguments, wire="json", **options)


def grpc(*arguments: Any, **options: Any) -> TensorClient:
    return TensorRpcClient(*arguments, **options)


def baidu_std(*arguments: Any, **options: Any) -> TensorClient:
    return TensorRpcClient(*arguments, protocol="baidu_std", **options)


@pytest.fixture(params=[http_proto, http_json, grpc, baidu_std])
def make(request: pytest.FixtureRequest) -> Make:
    """One kind of client."""
    made: Make = request.param
    return made


@pytest.fixture
def client(make: Make, pairwise: str) -> Iterator[TensorClient]:
    with make(pairwise, timeout_s=30.0) as made:
        yield made


def golden_lists(bundle: Path) -> list[list[GoldenPair]]:
    """The bundle's golden pairs, one list for each query."""
    lists: dict[int, list[GoldenPair]] = {}
    for pair in read_golden(bundle / GOLDEN_FILE):
        lists.setdefault(pair.group, []).append(pair)
    return list(lists.values())


@pytest.mark.usefixtures("tensor_program")
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize("ranker", RANKERS)
def test_scores_are_those_of_the_export_in_input_order(
    make: Make, models: Path, ranker: str, padded: bool, request: pytest.FixtureRequest
) -> None:
    endpoint = request.getfixturevalue(ranker)
    with make(endpoint, models / ranker, 30.0, padded=padded) as client:
        for pairs in golden_lists(models / ranker):
            result = client.rank(pairs[0].query, [pair.title for pair in pairs])
            assert result.scores == pytest.approx([pair.score for pair in pairs], abs=1e-5)
            assert (result.ranker, result.variant) == (ranker, "")
            assert result.tokens == sum(len(pair.input_ids) for pair in pairs)


def test_results_are_the_scores_from_best_to_worst(client: TensorClient, models: Path) -> None:
    result = client.rank(QUERY, TITLES, return_documents=True, top_n=4, log_id=2**63)
    best = sorted(result.scores, reverse=True)[:4]
    assert [ranked.score for ranked in result.results] == best
    for ranked in result.results:
        assert ranked.score == result.scores[ranked.index]
        assert ranked.document == TITLES[ranked.index]
    assert result.truncated == (4,)
    cut, empty = result.warnings
    assert cut == "1 document had more tokens than a row takes and was cut"
    assert empty.startswith("1 document has no token: nothing, or only spaces and characters")
    assert result.bundle == Bundle.open(models / PAIRWISE).manifest.version


def test_a_long_query_leaves_its_titles_their_place(
    make: Make, tensor_service: StartTensorService, repository: Path
) -> None:
    """By a shipped bundle, whose scores mean something."""
    bundle = repository / "serving_models" / PAIRWISE
    service = tensor_service(bundle)
    with make(f"127.0.0.1:{service.port}", bundle, 30.0) as client:
        result = client.rank(LONG_QUERY, LONG_QUERY_TITLES)
    assert result.results[0].index == LONG_QUERY_BEST
    assert result.results[0].score > 1.2 * result.results[1].score
    (said,) = result.warnings
    assert said.startswith("the query had more than 381 tokens, of which 36")
    assert result.truncated == ()


def test_scores_are_calibrated_by_the_client_and_tensors_are_not(
    make: Make, tensor_service: StartTensorService, models: Path, tmp_path: Path
) -> None:
    """The service proves its golden pairs, and returns what the graph returns."""
    bundle = Path(shutil.copytree(models / PAIRWISE, tmp_path / "calibrated"))
    steps = {"logits": [-40.0, -0.25, 0.5, 40.0], "scores": [0.125, 0.25, 0.25, 0.875]}
    fitted_on = {"sha256": "0" * 64, "rows": 1000, "relevant": 200, "lists": 50}
    plain = Bundle.open(bundle).manifest
    manifest = replace(plain, calibration=Calibration("isotonic", steps, fitted_on)).sealed()
    (bundle / MANIFEST_FILE).write_text(manifest.to_json(), encoding="utf-8")
    service = tensor_service(bundle)
    with make(f"127.0.0.1:{service.port}", bundle, 30.0) as client:
        tensors, result = client.predict(QUERY, TITLES), client.rank(QUERY, TITLES)
    logits = tensors["logits"][:, 0].astype(np.float64)
    assert tensors["predict"][:, 0] == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-5)
    assert result.scores == pytest.approx(np.interp(logits, *steps.values()), abs=1e-6)
    assert [r.index for r in result.results] == np.argsort(-logits, kind="stable").tolist()
    assert result.bundle == manifest.version != plain.version


def test_a_query_without_a_token_is_refused_and_named(client: TensorClient) -> None:
    for call in (client.rank, client.predict):
        with pytest.raises(InvalidField, match=r"^query: has no text that a ranker reads"):
            call("\u200b\ufeff", TITLES)  # type: ignore[operator]


def test_the_graphs_outputs_come_as_they_are(client: TensorClient, models: Path) -> None:
    tensors = client.predict(QUERY, TITLES)
    assert {name: array.shape for name, array in tensors.items()} == {
        "predict": (5, 1),
        "logits": (5, 1),
    }
    assert {array.dtype for array in tensors.values()} == {np.dtype("float32")}
    scores = Bundle.open(models / PAIRWISE).score(tensors["logits"])
    assert client.rank(QUERY, TITLES).scores == pytest.approx(scores.tolist(), abs=1e-6)
    only, tag = client.predict(QUERY, TITLES, ["predict"], need_variant_tag=True)
    assert list(only) == ["predict"]
    assert only["predict"] == pytest.approx(tensors["predict"], abs=1e-6)
    assert tag == "default"


def test_hundreds_of_titles_of_every_length_are_one_call(
    make: Make, cross_encoder: str, models: Path
) -> None:
    """More rows than a request may have tensors."""
    titles = ["牙" * (i % 250) + str(i) for i in range(1300)]
    some = range(0, 1300, 97)
    with make(cross_encoder, models / CROSS_ENCODER, 60.0) as client:
        all_scores = client.rank(QUERY, titles).scores
        alone = [client.rank(QUERY, [titles[i]]).scores[0] for i in some]
    assert [all_scores[i] for i in some] == pytest.approx(alone, abs=1e-5)


def test_an_unknown_output_names_the_known_ones(client: TensorClient) -> None:
    with pytest.raises(InvalidField, match="predict, logits") as caught:
        client.predict(QUERY, TITLES, ["nothing"])
    assert caught.value.field == "fetch_var_names"
    assert client.rank(QUERY, TITLES).results


@pytest.mark.parametrize(
    ("query", "documents", "options", "field"),
    [
        ("", ["t"], {}, "query"),
        ("q", [], {}, "documents"),
        ("q", "text", {}, "documents"),
        ("q", ["t", 5], {}, r"documents\[1\]"),
        ("q", ["\ud800"], {}, r"documents\[0\]"),
        ("q", ["t"], {"top_n": 0}, "top_n"),
        ("q", ["t"], {"log_id": -1}, "log_id"),
    ],
)
def test_a_bad_argument_is_named_before_anything_is_sent(
    query: str, documents: Any, options: dict[str, Any], field: str
) -> None:
    with TensorHttpClient("127.0.0.1:1") as client, pytest.raises(RequestError, match=field):
        client.rank(query, documents, **options)


def test_a_body_that_is_too_large_is_its_class(make: Make, pairwise: str) -> None:
    titles = ["牙" * 300] * 60
    with make(pairwise) as client:
        # brpc has one number for all that is wrong with a message
        kind = RequestError if make is baidu_std else RequestTooLarge
        with pytest.raises(kind, match="max_body_size"):
            client.rank(QUERY, titles)
        assert client.rank(QUERY, titles[:3]).scores


def test_a_service_of_another_bundle_is_noticed(make: Make, pairwise: str, models: Path) -> None:
    wrong = make(pairwise, models / CROSS_ENCODER)
    with wrong as client, pytest.raises(BundleError, match="takes logits of shape"):
        client.rank(QUERY, TITLES)


def test_a_deadline_passes(make: Make, cross_encoder: str, models: Path) -> None:
    hurried = make(cross_encoder, models / CROSS_ENCODER, 0.05)
    with hurried as client, pytest.raises(DeadlineExceeded):
        client.rank(QUERY, ["牙" * 300] * 400)


def test_many_threads_share_one_client(client: TensorClient) -> None:
    titles = TITLES[:4]
    expected = {title: client.rank(QUERY, [title]).scores[0] for title in titles}

    def rank(number: int) -> None:
        rotated = titles[number % 4 :] + titles[: number % 4]
        scores = client.rank(QUERY, rotated).scores
        assert scores == pytest.approx([expected[title] for title in rotated], abs=1e-5)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(rank, range(80)))


@pytest.fixture
def divided(make: Make, pairwise: str, cross_encoder: str, models: Path) -> Iterator[TensorClient]:
    """Two rankers with bundles of their own, one of four units for the second."""
    with make(bundle=models / PAIRWISE, salt="test") as client:
        client.add_variant("first", [pairwise], 75)
        client.add_variant("second", [cross_encoder], 25, models / CROSS_ENCODER)
        yield client


def test_a_unit_keeps_its_variant_and_its_bundle(divided: TensorClient, models: Path) -> None:
    assignment = Assignment({"first": 75, "second": 25}, "test")
    rankers = {"first": PAIRWISE, "second": CROSS_ENCODER}
    seen = set()
    for number in range(12):
        unit = f"user{number}"
        results = [divided.rank(QUERY, TITLES[:2], unit=unit) for _ in range(2)]
        assert {r.variant for r in results} == {assignment.variant_of(unit)}
        assert {r.ranker for r in results} == {rankers[results[0].variant]}
        seen.add(results[0].variant)
    assert seen == {"first", "second"}


def test_without_a_unit_the_query_is_the_unit(divided: TensorClient) -> None:
    assignment = Assignment({"first": 75, "second": 25}, "test")
    for number in range(8):
        query = f"问题{number}"
        _, tag = divided.predict(query, ["t"], need_variant_tag=True)
        assert tag == assignment.variant_of(query)


def test_an_endpoint_that_is_down_is_passed_over(make: Make, pairwise: str) -> None:
    with make(["127.0.0.1:9", pairwise, "127.0.0.1:10"]) as client:
        for _ in range(6):
            assert client.rank(QUERY, ["t"]).scores
