# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What the running service answers, over RPC and over HTTP, to upstream's requests and to ours."""

from __future__ import annotations

import ast
import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from child_services.running_service import RunningService
from contract.bundle import Bundle
from contract.bundle.golden import read_golden
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from tests.bundles import SENTENCES
from tests.pipeline.calls import (
    gateway_body,
    http_call,
    rank,
    rpc_call,
    upstream_client,
    upstream_predict,
)
from tests.services import running_service

QUERY = SENTENCES[0]
TITLES = list(SENTENCES)
SERVICE_OF_RANKER = {PAIRWISE: "ernie", CROSS_ENCODER: "rocketqa"}


def pairs(query: str = QUERY, titles: Any = TITLES) -> dict[str, str]:
    """Upstream's fields, each value as JSON."""
    values = (json.dumps({"query": query, "title": title}) for title in titles)
    return {str(i): value for i, value in enumerate(values)}


def literal_pairs(query: str = QUERY, titles: Any = TITLES) -> dict[str, str]:
    """Upstream's fields as its own clients send them: str(dict)."""
    return {str(i): str({"query": query, "title": title}) for i, title in enumerate(titles)}


def scores_of(service: RunningService, ranker: str) -> list[float]:
    answer = rank(service.url, SERVICE_OF_RANKER[ranker], query=QUERY, documents=TITLES)
    scores = answer.decoded("predict")
    return [row[0] for row in scores] if ranker == PAIRWISE else scores


def test_upstreams_rpc_client_gets_scores_in_input_order(service: RunningService) -> None:
    response = upstream_predict(service.endpoint, literal_pairs())
    assert (response.err_no, response.err_msg) == (0, "")
    assert response.key[0] == "predict"
    scores = np.array(ast.literal_eval(response.value[0]))
    assert scores.shape == (len(TITLES), 1)
    np.testing.assert_allclose(scores[:, 0], scores_of(service, PAIRWISE), atol=1e-5)


def test_upstreams_rpc_client_in_its_other_forms(service: RunningService) -> None:
    expected = json.loads(upstream_predict(service.endpoint, literal_pairs()).value[0])

    def same(answer: Any) -> bool:
        return np.allclose(json.loads(answer.value[0]), expected, rtol=0, atol=1e-5)

    feed = {"query": QUERY, "documents": TITLES}
    assert same(upstream_predict(service.endpoint, feed)), "a list by numpy's repr"
    tensors = upstream_predict(service.endpoint, literal_pairs(), pack_tensor_format=True)
    assert same(tensors), "tensors of strings"
    future = upstream_client(service.endpoint).predict(literal_pairs(), asyn=True, log_id=7)
    assert same(future.result()), "asynchronously"


def test_profile_brings_the_dags_timeline(service: RunningService) -> None:
    response = upstream_predict(service.endpoint, literal_pairs(), profile=True)
    fields = dict(zip(response.key, response.value))
    timeline = fields["pipeline.profile"]
    for op in ("tokenize", "ernie", "rocketqa", "sort"):
        assert f"midp#[{op}|" in timeline
    assert response.key[0] == "predict"


@pytest.mark.parametrize("ranker", RANKERS)
def test_the_scores_are_those_of_export(
    service: RunningService, bundles: Path, ranker: str
) -> None:
    golden = read_golden(bundles / ranker / "golden.jsonl")
    fields = {
        str(i): json.dumps({"query": p.query, "title": p.title}) for i, p in enumerate(golden)
    }
    answer = rpc_call(service.endpoint, fields, name=SERVICE_OF_RANKER[ranker])
    scores = np.array(answer.decoded("predict")).reshape(-1)
    np.testing.assert_allclose(scores, [pair.score for pair in golden], atol=1e-5)
    assert answer.fields["bundle"] == Bundle.open(bundles / ranker).manifest.version
    assert answer.fields["ranker"] == ranker


def test_the_gateways_body_over_http(service: RunningService) -> None:
    answer = http_call(service.url, "/ernie/prediction", gateway_body(pairs()))
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    expected = [[score] for score in scores_of(service, PAIRWISE)]
    np.testing.assert_allclose(answer.decoded("predict"), expected, atol=1e-5)
    extended = {**gateway_body(pairs()), "logid": "7", "clientip": "1.2.3.4", "tensors": []}
    extended.update(name="ernie", method="prediction")
    assert http_call(service.url, "/ernie/prediction", extended).status == 200


def test_tensors_of_strings_over_http(service: RunningService) -> None:
    tensors = [
        {"name": name, "elem_type": 12, "str_data": [value[:5], value[5:]]}
        for name, value in pairs().items()
    ]
    answer = http_call(service.url, "/ernie/prediction", {"tensors": tensors})
    expected = [[score] for score in scores_of(service, PAIRWISE)]
    np.testing.assert_allclose(answer.decoded("predict"), expected, atol=1e-5)


def test_both_transports_agree_for_either_shape(service: RunningService) -> None:
    fuller = {"query": QUERY, "documents": json.dumps(TITLES), "ranker": CROSS_ENCODER}
    answers = [
        rpc_call(service.endpoint, fuller),
        rpc_call(service.endpoint, pairs(), name="rocketqa"),
        http_call(service.url, "/rocketqa/prediction", gateway_body(pairs())),
        rank(service.url, query=QUERY, documents=TITLES, ranker=CROSS_ENCODER),
    ]
    for answer in answers:
        np.testing.assert_allclose(
            answer.decoded("predict"), answers[0].decoded("predict"), atol=1e-5
        )


def test_three_names_and_none(service: RunningService) -> None:
    for name, ranker in (("ernie", PAIRWISE), ("rocketqa", CROSS_ENCODER), ("ranker", PAIRWISE)):
        assert rpc_call(service.endpoint, pairs(), name=name).fields["ranker"] == ranker
        answer = http_call(service.url, f"/{name}/prediction", gateway_body(pairs()))
        assert answer.fields["ranker"] == ranker
    assert rpc_call(service.endpoint, pairs()).fields["ranker"] == PAIRWISE


def test_both_rankers_at_once(service: RunningService) -> None:
    answer = rank(service.url, query=QUERY, documents=TITLES, ranker="both")
    assert answer.fields["ranker"] == "both"
    rankings = answer.decoded("rankings")
    assert list(rankings) == [PAIRWISE, CROSS_ENCODER], "the default ranker first"
    for ranker in RANKERS:
        scores = rankings[ranker]["scores"]
        np.testing.assert_allclose(scores, scores_of(service, ranker), atol=1e-5)
        assert rankings[ranker]["order"] == sorted(
            range(len(scores)), key=lambda i, scores=scores: -scores[i]
        )
    assert rankings[PAIRWISE]["order"] != rankings[CROSS_ENCODER]["order"]


@pytest.mark.parametrize("top_n", [1, 3, len(TITLES), 1000])
def test_top_n_cuts_results_and_not_scores(service: RunningService, top_n: int) -> None:
    answer = rank(service.url, query=QUERY, documents=TITLES, top_n=top_n, return_documents=True)
    results, scores = answer.decoded("results"), answer.decoded("predict")
    assert len(results) == min(top_n, len(TITLES))
    assert len(scores) == len(TITLES)
    assert [r["score"] for r in results] == sorted((s[0] for s in scores), reverse=True)[:top_n]
    for result in results:
        assert result["document"] == TITLES[result["index"]]
        assert result["score"] == scores[result["index"]][0]


def test_equal_scores_keep_their_input_order(service: RunningService) -> None:
    answer = rank(service.url, query=QUERY, documents=[TITLES[1]] * 5)
    assert [result["index"] for result in answer.decoded("results")] == [0, 1, 2, 3, 4]
    assert "document" not in answer.decoded("results")[0]


def test_the_answer_says_what_it_took(service: RunningService) -> None:
    answer = rank(service.url, query=QUERY, documents=["短", TITLES[1] * 20], request_id="abc-1")
    assert answer.fields["request_id"] == "abc-1"
    usage = answer.decoded("usage")
    assert usage["truncated"] == [1]
    assert usage["tokens"] > 64
    timings = answer.decoded("timings_ms")
    assert set(timings) == {"tokenize", "queue", "compute"}
    assert timings["compute"] > 0


@pytest.mark.parametrize(
    "title",
    ["it's", 'a "quote"', "", "换\n行", "<b>&amp;</b>", "{'a': 1}", "😀", "\u2028", "[SEP]"],
)
def test_any_title_is_text(service: RunningService, title: str) -> None:
    fuller = rank(service.url, query="it's", documents=[title], return_documents=True)
    assert fuller.decoded("results")[0]["document"] == title
    for fields in (pairs("it's", [title]), literal_pairs("it's", [title])):
        answer = rpc_call(service.endpoint, fields)
        assert answer.err_no == 0, answer.err_msg
        assert answer.fields["predict"] == fuller.fields["predict"]


def test_a_score_does_not_depend_on_its_company(service: RunningService) -> None:
    together = scores_of(service, CROSS_ENCODER)
    for title, expected in zip(TITLES, together):
        answer = rank(service.url, "rocketqa", query=QUERY, documents=[title])
        assert answer.decoded("predict")[0] == pytest.approx(expected, abs=1e-5)


def test_a_thousand_documents(service: RunningService) -> None:
    answer = rank(service.url, query=QUERY, documents=[f"{i}{TITLES[i % 7]}" for i in range(1000)])
    assert len(answer.decoded("predict")) == 1000


def test_requests_at_once_get_their_own_answers(service: RunningService) -> None:
    """Different requests from many threads, over both transports and to all rankers."""
    asked = []
    for i in range(48):
        query, titles = TITLES[i % 7], [f"{title}{i}" for title in TITLES[: 1 + i % 7]]
        asked.append((query, titles, ("pairwise", "cross_encoder", "both")[i % 3]))

    def ask(number: int) -> dict[str, str]:
        query, titles, ranker = asked[number]
        if number % 2:
            return rank(service.url, query=query, documents=titles, ranker=ranker).fields
        wire = {"query": query, "documents": json.dumps(titles), "ranker": ranker}
        return rpc_call(service.endpoint, wire).fields

    expected = [ask(number) for number in range(len(asked))]
    answers: dict[int, dict[str, str]] = {}

    def work(start: int) -> None:
        for number in range(start, len(asked), 16):
            answers[number] = ask(number)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    for number, fields in enumerate(expected):
        got = answers[number]
        assert got["ranker"] == fields["ranker"]
        np.testing.assert_allclose(
            json.loads(got["predict"]), json.loads(fields["predict"]), atol=1e-5
        )
        if fields["ranker"] == "both":
            for ranker, ranking in json.loads(fields["rankings"]).items():
                scores = json.loads(got["rankings"])[ranker]["scores"]
                np.testing.assert_allclose(scores, ranking["scores"], atol=1e-5)


def test_health_and_ready(service: RunningService) -> None:
    assert http_call(service.url, "/health", method="GET").status == 200
    assert http_call(service.url, "/ready", method="GET").status == 200


def test_the_logs_hold_no_text_of_a_request(service: RunningService) -> None:
    secret = "绝密查询文字"
    rank(service.url, query=secret, documents=[secret])
    rank(service.url, "wrong", query=secret, documents=[secret])
    rank(service.url, query=secret, documents=[secret], top_n=0)
    rank(service.url, query=secret, documents=[secret], request_id="the-last-one")
    directory = Path(f"/proc/{service.process.pid}/cwd").resolve() / "PipelineServingLogs"
    # lines are written after their answers, in order
    deadline = time.monotonic() + 10
    while "the-last-one" not in (directory / "pipeline.log").read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    logs = {path.name: path.read_text(encoding="utf-8") for path in directory.iterdir()}
    assert {"pipeline.log", "pipeline.log.wf", "pipeline.tracer"} <= set(logs)
    assert not [name for name, text in logs.items() if secret in text]
    assert "ranker documents=1 err_no=0" in logs["pipeline.log"]
    assert "err_no=5000" in logs["pipeline.log"]


def test_the_terminal_is_quiet(service: RunningService) -> None:
    lines = service.log().strip().split("\n")
    assert [line.split()[0] for line in lines] == [
        "pairwise:",
        "cross_encoder:",
        "HTTP",
        "RPC",
        "ready",
    ]
    assert "27 golden pairs agree within" in lines[0]


def test_a_long_document_has_the_score_of_its_best_chunk(service: RunningService) -> None:
    filler, found = SENTENCES[2] * 8, SENTENCES[1]
    query, long = SENTENCES[0], filler + found
    alone = rank(service.url, "ernie", query=query, documents=[long])
    divided = rank(service.url, "ernie", query=query, documents=[long, "a"], max_chunks_per_doc=8)
    assert json.loads(alone.fields["usage"])["truncated"] == [0]
    assert json.loads(divided.fields["usage"])["truncated"] == []
    assert len(divided.decoded("predict")) == 2
    assert divided.decoded("predict")[0][0] >= alone.decoded("predict")[0][0] - 1e-6
    short = rank(service.url, "ernie", query=query, documents=[long], max_tokens_per_doc=3)
    cut = rank(service.url, "ernie", query=query, documents=[SENTENCES[2][:3]])
    assert short.decoded("predict")[0][0] == pytest.approx(cut.decoded("predict")[0][0], abs=1e-5)


def test_a_json_log_has_a_line_with_the_facts_of_each_request(
    bundles: Path, tmp_path: Path
) -> None:
    secret = SENTENCES[0]
    with running_service(bundles, tmp_path, log_format="json") as service:
        body = {**gateway_body({"query": secret, "documents": '["a"]'}), "logid": 7}
        http_call(service.url, "/ranker/prediction", body, headers={"x-request-id": "mine-7"})
        rpc_call(service.endpoint, {"query": secret, "documents": '["a"]'}, logid=8)
    log = (tmp_path / "PipelineServingLogs" / "pipeline.log").read_text(encoding="utf-8")
    assert secret not in log
    lines = [json.loads(line) for line in log.splitlines()]
    by_id = {line["log_id"]: line for line in lines if "log_id" in line}
    assert by_id[7]["request_id"] == "mine-7"
    assert by_id[7]["ranker"] == by_id[8]["ranker"] == PAIRWISE
    assert by_id[8]["request_id"]
    assert {"time", "level", "service", "err_no", "ms", "compute_ms", "tokens"} <= set(by_id[8])
