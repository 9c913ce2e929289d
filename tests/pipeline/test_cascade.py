# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A service with a cascade: what it answers over every edge, and what it says beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

import httpx
import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from contract.bm25 import list_scores
from contract.rankers import BM25, CASCADE, CROSS_ENCODER, PAIRWISE
from contract.scoring import rank_order
from tests.bundles import SENTENCES
from tests.pipeline.calls import gateway_body, http_call, rank, rpc_call
from tests.services import running_service
from tests.waiting import wait_until

QUERY = SENTENCES[2]
TITLES = [*SENTENCES, *(f"{text}吃药{i}" for i, text in enumerate(SENTENCES))]
KEEP = 5
STAGES = [{"ranker": BM25, "keep": KEEP}, {"ranker": CROSS_ENCODER}]
BODY = {"query": QUERY, "documents": TITLES}
CHEAP = rank_order(list_scores(QUERY, TITLES).scores)


@pytest.fixture(scope="module", params=[True, False], ids=["threads", "processes"])
def cascading(
    request: pytest.FixtureRequest, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    dag = {"is_thread_op": request.param}
    with running_service(
        bundles, tmp_path_factory.mktemp("cascade"), dag=dag, cascade={"stages": STAGES},
        model_aliases={"fast": CASCADE},
    ) as running:  # fmt: skip
        yield running


def dear_order(service: RunningService) -> list[int]:
    """The order that the last stage gives to what the first one keeps."""
    kept = CHEAP[:KEEP]
    fields = rank(service.url, "rocketqa", query=QUERY, documents=[TITLES[i] for i in kept]).fields
    return [kept[result["index"]] for result in json.loads(fields["results"])]


def expected_order(service: RunningService) -> list[int]:
    return [*dear_order(service), *CHEAP[KEEP:]]


def test_documents_scored_again_come_first_and_each_part_in_its_stages_order(
    cascading: RunningService,
) -> None:
    answer = rank(cascading.url, "ranker", **BODY, ranker=CASCADE)
    results = answer.decoded("results")
    assert [result["index"] for result in results] == expected_order(cascading)
    assert [result["stage_index"] for result in results] == [1] * KEEP + [0] * (14 - KEEP)
    assert [result["stage"] for result in results] == [CROSS_ENCODER] * KEEP + [BM25] * 9
    runs = answer.decoded("stages")
    assert [(run["ranker"], run["documents"]) for run in runs] == [(BM25, 14), (CROSS_ENCODER, 5)]
    assert answer.fields["ranker"] == CASCADE
    (warning,) = [text for text in answer.decoded("warnings") if "do not compare" in text]
    assert "5 of cross_encoder, 9 of bm25" in warning


def test_a_clients_sort_by_predict_gives_the_same_order(cascading: RunningService) -> None:
    answer = rank(cascading.url, "ranker", **BODY, ranker=CASCADE)
    scores = answer.decoded("predict")
    assert all(0.0 <= score <= 1.0 for score in scores)
    fallen = [scores[i] for i in expected_order(cascading)]
    assert fallen == sorted(fallen, reverse=True)


def test_scores_are_those_of_the_stage(cascading: RunningService) -> None:
    results = rank(cascading.url, "ranker", **BODY, ranker=CASCADE).decoded("results")
    dear = rank(cascading.url, "rocketqa", **BODY).decoded("predict")
    values, most = list_scores(QUERY, TITLES)
    for result in results:
        index = result["index"]
        own = dear[index] if result["stage_index"] else values[index] / most
        assert result["score"] == pytest.approx(own, abs=1e-5)


def test_rpc_answers_as_http_does(cascading: RunningService) -> None:
    fields = {"query": QUERY, "documents": json.dumps(TITLES), "ranker": CASCADE}
    by_rpc = rpc_call(cascading.endpoint, fields, name="ranker")
    by_http = http_call(cascading.url, "/ranker/prediction", gateway_body(fields))
    order = [result["index"] for result in by_rpc.decoded("results")]
    assert order == [result["index"] for result in by_http.decoded("results")]
    assert order == expected_order(cascading)
    assert by_rpc.fields["stages"] == by_http.fields["stages"]


def test_numbered_pairs_of_upstream(cascading: RunningService) -> None:
    pairs = {str(i): json.dumps({"query": QUERY, "title": t}) for i, t in enumerate(TITLES)}
    answer = rpc_call(cascading.endpoint, {**pairs, "ranker": CASCADE}, name="ranker")
    assert [r["index"] for r in answer.decoded("results")] == expected_order(cascading)


def test_a_pair_of_upstream_is_named_by_its_number_in_the_request(
    cascading: RunningService,
) -> None:
    # BM25 puts the second pair first; the first one's query has no token
    texts = [("\u200b", "感冒"), ("感冒", "感冒")]
    pairs = {str(i): json.dumps({"query": q, "title": t}) for i, (q, t) in enumerate(texts)}
    answer = rpc_call(cascading.endpoint, {**pairs, "ranker": CASCADE}, name="ranker")
    assert answer.err_no == 5000
    assert answer.err_msg.startswith("0.query: ")


def test_so_many_are_kept_of_each_query_of_numbered_pairs(cascading: RunningService) -> None:
    texts = [(query, title) for query in (QUERY, SENTENCES[0]) for title in TITLES]
    pairs = {str(i): json.dumps({"query": q, "title": t}) for i, (q, t) in enumerate(texts)}
    answer = rpc_call(cascading.endpoint, {**pairs, "ranker": CASCADE}, name="ranker")
    assert [run["documents"] for run in answer.decoded("stages")] == [28, 2 * KEEP]
    last = [result["index"] for result in answer.decoded("results") if result["stage_index"]]
    assert sorted(i for i in last if i < 14) == sorted(CHEAP[:KEEP])
    assert len([i for i in last if i >= 14]) == KEEP


def test_so_many_are_kept_of_each_query_of_open_inference(cascading: RunningService) -> None:
    queries = [query for query in (QUERY, SENTENCES[0]) for _ in TITLES]
    inputs = [
        {"name": "query", "datatype": "BYTES", "shape": [28], "data": queries},
        {"name": "title", "datatype": "BYTES", "shape": [28], "data": TITLES * 2},
    ]
    url = f"{cascading.url}/v2/models/{CASCADE}/infer"
    answer = httpx.post(url, json={"inputs": inputs}).json()
    stages = json.loads(answer["parameters"]["stages"])
    assert [run["documents"] for run in stages] == [28, 2 * KEEP]
    best = rank_order(answer["outputs"][0]["data"], 2 * KEEP)
    assert sorted(i for i in best if i < 14) == sorted(CHEAP[:KEEP])


@pytest.mark.parametrize("top_n", [None, 3])
def test_a_query_without_a_term_in_any_document_is_ranked_by_the_dear_ranker(
    cascading: RunningService, top_n: Optional[int]
) -> None:
    body = {"query": "zzz qqq", "documents": TITLES, **({"top_n": top_n} if top_n else {})}
    answer = rank(cascading.url, "ranker", **body, ranker=CASCADE)
    dear = rank(cascading.url, "rocketqa", **body)
    orders = [[r["index"] for r in one.decoded("results")] for one in (answer, dear)]
    assert orders[0] == orders[1]
    said = "bm25 gives all 14 documents one score: the next stage scored all of them"
    assert any(text.startswith(said) for text in answer.decoded("warnings"))


@pytest.mark.parametrize("path", ["/rerank", "/v1/rerank", "/v2/rerank"])
def test_rerank_clients_get_scores_that_fall(cascading: RunningService, path: str) -> None:
    answer = httpx.post(cascading.url + path, json={**BODY, "model": CASCADE}).json()
    results = answer["results"]
    assert [result["index"] for result in results] == expected_order(cascading)
    scores = [result["relevance_score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert answer["ranker"] == CASCADE
    runs = [(run["ranker"], run["documents"]) for run in answer["stages"]]
    assert runs == [(BM25, len(TITLES)), (CROSS_ENCODER, KEEP)]
    assert results[0]["stage_score"] == results[0]["relevance_score"]
    assert [result["stage"] for result in results] == [CROSS_ENCODER] * KEEP + [BM25] * 9
    assert any("do not compare" in text for text in answer["warnings"])


def test_logits_fall_too(cascading: RunningService) -> None:
    body = {**BODY, "model": CASCADE, "raw_scores": True}
    results = httpx.post(f"{cascading.url}/rerank", json=body).json()["results"]
    scores = [result["relevance_score"] for result in results]
    assert scores == sorted(scores, reverse=True)
    assert [result["index"] for result in results] == expected_order(cascading)


def test_stages_are_those_of_a_cascade_alone(cascading: RunningService) -> None:
    answer = httpx.post(f"{cascading.url}/rerank", json={**BODY, "model": PAIRWISE}).json()
    assert "stages" not in answer


def test_a_bare_list_of_texts(cascading: RunningService) -> None:
    body = {"query": QUERY, "texts": TITLES}
    response = httpx.post(f"{cascading.url}/rerank", json=body, headers={"x-ranker": CASCADE})
    assert [result["index"] for result in response.json()] == expected_order(cascading)
    assert {result["stage"] for result in response.json()} == {CROSS_ENCODER, BM25}
    assert response.headers["x-ranker"] == CASCADE
    assert "do%20not%20compare" in response.headers["x-warnings"]


def test_top_n_within_the_last_stage_has_scores_that_compare(cascading: RunningService) -> None:
    answer = rank(cascading.url, "ranker", **BODY, ranker=CASCADE, top_n=3, return_documents=True)
    results = answer.decoded("results")
    assert [result["index"] for result in results] == expected_order(cascading)[:3]
    assert [result["document"] for result in results] == [TITLES[r["index"]] for r in results]
    assert "warnings" not in answer.fields
    assert len(answer.decoded("predict")) == len(TITLES)


def test_chunks_of_long_documents(cascading: RunningService) -> None:
    long = "语言" * 80
    body = {"query": QUERY, "documents": [long, *TITLES[:3]], "max_chunks_per_doc": 8}
    answer = rank(cascading.url, "ranker", **body, ranker=CASCADE)
    whole = rank(cascading.url, "rocketqa", **body)
    # all four are kept: the last stage has the last word
    assert [r["index"] for r in answer.decoded("results")] == [
        r["index"] for r in whole.decoded("results")
    ]
    assert answer.decoded("usage") == whole.decoded("usage")


def test_what_was_cut_is_told_by_its_place_in_the_request(cascading: RunningService) -> None:
    documents = [*TITLES[:4], f"{QUERY}" * 30]
    answer = rank(cascading.url, "ranker", query=QUERY, documents=documents, ranker=CASCADE)
    assert answer.decoded("usage")["truncated"] == [4]


def test_open_inference(cascading: RunningService) -> None:
    url = f"{cascading.url}/v2/models/{CASCADE}"
    inputs = [
        {"name": "query", "datatype": "BYTES", "shape": [len(TITLES)], "data": [QUERY] * 14},
        {"name": "title", "datatype": "BYTES", "shape": [len(TITLES)], "data": TITLES},
    ]
    answer = httpx.post(f"{url}/infer", json={"inputs": inputs}).json()
    assert rank_order(answer["outputs"][0]["data"]) == expected_order(cascading)
    # its parameters are plain values
    runs = json.loads(answer["parameters"]["stages"])
    assert [run["documents"] for run in runs] == [len(TITLES), KEEP]
    assert httpx.get(f"{url}/ready").json() == {"name": CASCADE, "ready": True}
    assert [one["name"] for one in httpx.get(url).json()["inputs"]] == ["query", "title"]
    logits = {"inputs": inputs, "outputs": [{"name": "logit"}]}
    assert "do not compare" in httpx.post(f"{url}/infer", json=logits).json()["error"]
    rows = [[1, 2]]
    tokens = [
        {"name": name, "datatype": "INT64", "shape": [1, 2], "data": rows}
        for name in ("input_ids", "token_type_ids")
    ]
    refused = httpx.post(f"{url}/infer", json={"inputs": tokens})
    assert refused.status_code == 422
    assert "a cascade ranks texts" in refused.json()["error"]


def test_it_is_listed_beside_the_rankers(cascading: RunningService) -> None:
    models = httpx.get(f"{cascading.url}/v1/models").json()["data"]
    assert [model["id"] for model in models] == [PAIRWISE, CROSS_ENCODER, CASCADE]
    info = httpx.get(f"{cascading.url}/info").json()
    assert [bundle["ranker"] for bundle in info["bundles"]] == [PAIRWISE, CROSS_ENCODER]
    assert info["cascade"]["version"] == models[-1]["bundle"]
    assert info["cascade"]["stages"][0] == {"ranker": BM25, "keep": KEEP}
    assert info["cascade"]["stages"][1]["bundle"] == models[1]["bundle"]


def test_an_alias_stands_for_it(cascading: RunningService) -> None:
    answer = httpx.post(f"{cascading.url}/rerank", json={**BODY, "model": "fast"}).json()
    assert (answer["model"], answer["ranker"]) == ("fast", CASCADE)


def test_both_and_the_default_are_as_they_were(cascading: RunningService) -> None:
    both = rank(cascading.url, "ranker", **BODY, ranker="both")
    assert list(both.decoded("rankings")) == [PAIRWISE, CROSS_ENCODER]
    plain = rank(cascading.url, "ranker", **BODY)
    assert plain.fields["ranker"] == PAIRWISE
    assert "stages" not in plain.fields
    assert set(plain.decoded("results")[0]) == {"index", "score"}


def test_the_python_client_and_its_result(cascading: RunningService) -> None:
    with HttpRankerClient(cascading.url) as client:
        result = client.rank(QUERY, TITLES, ranker=CASCADE, top_n=6)
    assert [document.stage for document in result.results] == [CROSS_ENCODER] * KEEP + [BM25]
    assert result.results[0].stage_index == 1
    assert result.ranker == CASCADE


def test_stages_are_counted(cascading: RunningService) -> None:
    def documents() -> dict[str, float]:
        lines = httpx.get(f"{cascading.url}/metrics").text.splitlines()
        found = [line for line in lines if line.startswith("ranking_cascade_documents_total{")]
        return {line.split()[0].split("{")[1]: float(line.split()[1]) for line in found}

    before = documents()
    rank(cascading.url, "ranker", **BODY, ranker=CASCADE)
    after = documents()
    first, second = 'ranker="bm25",stage="0"}', 'ranker="cross_encoder",stage="1"}'
    assert after[first] - before.get(first, 0.0) == len(TITLES)
    assert after[second] - before.get(second, 0.0) == KEEP


def test_without_a_cascade_the_name_is_refused(service: RunningService) -> None:
    answer = rank(service.url, "ranker", **BODY, ranker=CASCADE)
    assert answer.err_msg == "ranker: cascade is not served here; served: pairwise, cross_encoder"
    assert httpx.post(f"{service.url}/rerank", json={**BODY, "model": CASCADE}).status_code == 404


def experiment(mode: str, **keys: Any) -> dict[str, Any]:
    variants = [{"name": "dear", "ranker": CROSS_ENCODER}, {"name": "quick", "ranker": CASCADE}]
    return {"name": mode, "mode": mode, "variants": variants, **keys}


def records(directory: Path, kind: str) -> list[dict[str, Any]]:
    """Of the one request that has an id; a service is asked at its start too."""
    found = []
    for path in sorted(directory.glob("exposures*")):
        found += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [r for r in found if (r["kind"], r["request_id"]) == (kind, "one")]


@pytest.mark.parametrize("mode", ["split", "interleave", "shadow"])
def test_experiments_may_name_it(bundles: Path, tmp_path: Path, mode: str) -> None:
    given = experiment(mode, allow_list={"u": "quick"} if mode == "split" else {})
    with running_service(
        bundles, tmp_path, cascade={"stages": STAGES}, experiments=[given],
        exposures={"directory": "records", "fsync": "always"}, default_ranker=CASCADE,
    ) as running:  # fmt: skip
        answer = rank(running.url, "ranker", **BODY, unit_id="u", request_id="one")
        order = expected_order(running)
        version = httpx.get(f"{running.url}/info").json()["cascade"]["version"]
    shown = [result["index"] for result in answer.decoded("results")]
    assert sorted(shown) == list(range(len(TITLES)))
    (exposure,) = records(tmp_path / "records", "exposure")
    assert exposure["order"] == shown
    if mode == "split":
        assert shown == order
        assert (exposure["served_ranker"], exposure["served_bundle"]) == (CASCADE, version)
        assert exposure["stages"] == [1] * KEEP + [0] * (len(TITLES) - KEEP)
    elif mode == "interleave":
        assert {result["team"] for result in answer.decoded("results")} == {"dear", "quick"}
        rankings = answer.decoded("rankings")
        assert rankings[CASCADE]["order"] == order
        assert len(exposure["teams"]) == len(TITLES)
    else:
        assert answer.fields["ranker"] == CROSS_ENCODER
        (seen,) = records(tmp_path / "records", "shadow")
        assert (seen["shadow_ranker"], seen["err_no"]) == (CASCADE, 0)
        assert seen["kendall_tau"] < 1.0
        assert not {"score_difference", "score_distance", "incomplete"} & set(seen)


def test_a_shadow_that_dropped_a_stage_is_incomplete(bundles: Path, tmp_path: Path) -> None:
    with running_service(
        bundles, tmp_path, cascade={"stages": STAGES, "max_ms": 1},
        experiments=[experiment("shadow")], exposures={"directory": "records", "fsync": "always"},
        # a row waits for others for longer than the cascade waits for its stage
        scheduler={"max_wait_ms": 200},
    ) as running:  # fmt: skip
        rank(running.url, "ranker", **BODY, unit_id="u", request_id="one")
        counted = 'ranking_shadowed_total{outcome="incomplete"}'
        wait_until(lambda: counted in httpx.get(f"{running.url}/metrics").text, counted)
    (seen,) = records(tmp_path / "records", "shadow")
    assert (seen["incomplete"], seen["err_no"]) == (1, 0)
