# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments of a real service: which ranker answers, and what answers and records say."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from clients.rpc_client import RpcRankerClient
from contract.bundle import Bundle
from contract.experiments.assignment import Assignment
from contract.experiments.records import Exposure, Feedback, Record, ShadowComparison, from_line
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES, build_bundle
from tests.pipeline.calls import http_call, rank, rpc_call, upstream_predict
from tests.pipeline.launch import Launched, failure
from tests.pipeline.telemetry.test_metrics import scrape
from tests.services import running_service, small_config

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])
A, B = {"name": "a", "ranker": PAIRWISE}, {"name": "b", "ranker": CROSS_ENCODER}
SPLIT = {
    "name": "ab",
    "salt": "s",
    "variants": [A, B],
    "allow_list": {"tester": "b"},
    "fallback": PAIRWISE,
}
WEIGHTS = {"a": 1.0, "b": 1.0}


def records(directory: Path) -> list[Record]:
    files = sorted((directory / "records").glob("*.jsonl"))
    return [from_line(line) for path in files for line in path.open(encoding="utf-8")]


def wait_for(condition: Callable[[], Any], limit_s: float = 20.0) -> Any:
    """The first true value."""
    deadline = time.monotonic() + limit_s
    while True:
        value = condition()
        if value or time.monotonic() > deadline:
            return value
        time.sleep(0.05)


def record_of(directory: Path, kind: type, request_id: str) -> Any:
    def find() -> list[Any]:
        return [r for r in records(directory) if type(r) is kind and r.request_id == request_id]

    found = wait_for(find)
    assert len(found) == 1, f"{kind.__name__} of {request_id}: {found}"
    return found[0]


def only(units: list[str], **keys: Any) -> dict[str, Any]:
    """An experiment that deals nobody in; its list does."""
    variant = "interleaved" if keys.get("mode") == "interleave" else keys["variants"][0]["name"]
    return {"coverage": 0.0, "allow_list": dict.fromkeys(units, variant), **keys}


@pytest.fixture(scope="module", params=[True, False], ids=["threads", "processes"])
def lab(
    request: pytest.FixtureRequest, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningService, Path]]:
    """A service with an experiment of each kind; the first takes everybody whom no list names."""
    directory = tmp_path_factory.mktemp("lab")
    other = build_bundle(tmp_path_factory.mktemp("other"), PAIRWISE, seed=1)
    config = small_config(bundles)
    config["op"]["ernie"]["more_bundles"] = [str(other)]
    config["dag"] = {"is_thread_op": request.param}
    new = {"name": "new", "ranker": PAIRWISE, "bundle": Bundle.open(other).manifest.version}
    config["experiments"] = [
        only(["mixed"], name="mix", mode="interleave", variants=[A, B]),
        only(["shadowed"], name="dark", mode="shadow", variants=[A, B]),
        only(["twice"], name="versions", mode="interleave", variants=[{**A, "name": "old"}, new]),
        only(["fresh"], name="new-version", variants=[new]),
        SPLIT,
    ]
    config["exposures"] = {"directory": str(directory / "records"), "max_positions": 4}
    with RunningService(config, directory) as service:
        yield service, directory


def test_units_are_dealt_as_the_contract_says_over_both_transports(lab: Any) -> None:
    service, directory = lab
    assignment = Assignment(WEIGHTS, "s")
    seen = Counter()
    with HttpRankerClient(service.url) as http, RpcRankerClient(service.endpoint) as rpc:
        for i in range(20):
            unit = f"用户{i}"
            for client in (http, rpc):
                result = client.rank(QUERY, DOCUMENTS, unit_id=unit)
                assert result.variant == assignment.variant_of(unit)
                assert result.experiment == "ab"
                assert result.ranker == (PAIRWISE if result.variant == "a" else CROSS_ENCODER)
                assert result.request_id
            seen[result.variant] += 1
        by_user = http.rank(QUERY, DOCUMENTS, user_id="用户3")
        assert by_user.variant == assignment.variant_of("用户3")
        by_query = rpc.rank(QUERY, DOCUMENTS)
        assert by_query.variant == assignment.variant_of(QUERY)
    assert set(seen) == {"a", "b"}
    exposure = record_of(directory, Exposure, by_user.request_id)
    assert (exposure.unit, exposure.variant, exposure.reason) == (
        "用户3",
        by_user.variant,
        "bucket",
    )
    assert exposure.order == tuple(d.index for d in by_user.results[:4])
    assert exposure.scores == pytest.approx([d.score for d in by_user.results[:4]], abs=1e-6)
    assert (exposure.served_ranker, exposure.served_bundle) == (by_user.ranker, by_user.bundle)
    assert (exposure.assigned_ranker, exposure.documents) == (by_user.ranker, len(DOCUMENTS))
    assert exposure.latency_ms > exposure.compute_ms > 0
    assert record_of(directory, Exposure, by_query.request_id).unit.startswith("query:")


def test_only_the_assigned_ranker_runs(lab: Any) -> None:
    service, _ = lab
    name = 'ranking_rows_total{outcome="computed",ranker="%s"}'
    before = scrape(service.url)
    if name % PAIRWISE not in before:
        pytest.skip("rankers in processes of their own are not counted here")
    unit = next(u for u in map(str, range(99)) if Assignment(WEIGHTS, "s").variant_of(u) == "b")
    with HttpRankerClient(service.url) as client:
        client.rank(QUERY, ["中", "西"], unit_id=unit)
    after = scrape(service.url)
    assert after[name % CROSS_ENCODER] == before[name % CROSS_ENCODER] + 2
    assert after[name % PAIRWISE] == before[name % PAIRWISE]


def test_overrides_win_over_the_bucket_and_are_no_exposures(lab: Any) -> None:
    service, directory = lab
    fields = {"query": QUERY, "documents": json.dumps(DOCUMENTS), "unit_id": "u"}
    replies = [
        rank(service.url, query=QUERY, documents=DOCUMENTS, ranker=ranker, request_id=f"o-{ranker}")
        for ranker in (PAIRWISE, CROSS_ENCODER, "both")
    ]
    replies += [
        http_call(
            service.url,
            "/ranker/prediction",
            {"query": QUERY, "documents": DOCUMENTS},
            headers={"X-Ranker": CROSS_ENCODER},
        ),
        http_call(service.url, "/ernie/prediction", {"query": QUERY, "documents": DOCUMENTS}),
        rpc_call(service.endpoint, {**fields, "ranker": PAIRWISE}),
    ]
    assert [r.fields["ranker"] for r in replies] == [
        PAIRWISE, CROSS_ENCODER, "both", CROSS_ENCODER, PAIRWISE, PAIRWISE,
    ]  # fmt: skip
    assert {(r.fields["experiment"], r.fields["variant"]) for r in replies} == {("", "")}
    listed = rank(service.url, query=QUERY, documents=DOCUMENTS, unit_id="tester")
    assert (listed.fields["ranker"], listed.fields["variant"]) == (CROSS_ENCODER, "b")
    exposure = record_of(directory, Exposure, listed.fields["request_id"])
    assert exposure.reason == "allow_list"
    ids = {r.fields["request_id"] for r in replies}
    assert not [r for r in records(directory) if r.request_id in ids]


def test_a_header_that_names_no_ranker_is_refused(lab: Any) -> None:
    reply = http_call(
        lab[0].url, "/ranker/prediction", {"query": "q", "documents": ["a"]},
        headers={"X-Ranker": "bm25"},
    )  # fmt: skip
    assert reply.status == 422
    assert reply.err_msg.startswith("x-ranker: must be one of")


def test_the_header_over_rpc(lab: Any) -> None:
    import grpc
    from paddle_serving_server.pipeline.proto import pipeline_service_pb2 as pb
    from paddle_serving_server.pipeline.proto import pipeline_service_pb2_grpc as services

    request = pb.Request(key=["query", "documents"], value=[QUERY, json.dumps(DOCUMENTS)])
    with grpc.insecure_channel(lab[0].endpoint) as channel:
        response = services.PipelineServiceStub(channel).inference(
            request, timeout=30, metadata=[("x-ranker", CROSS_ENCODER)]
        )
    assert dict(zip(response.key, response.value))["ranker"] == CROSS_ENCODER


def test_existing_clients_take_part_without_knowing(lab: Any) -> None:
    service, directory = lab
    feed = {str(i): str({"query": QUERY, "title": title}) for i, title in enumerate(DOCUMENTS)}
    ret = upstream_predict(service.endpoint, feed)
    answer = dict(zip(ret.key, ret.value))
    assert ret.key[0] == "predict"
    assert answer["variant"] == Assignment(WEIGHTS, "s").variant_of(QUERY)
    assert record_of(directory, Exposure, answer["request_id"]).documents == len(DOCUMENTS)


def test_interleaving_shows_both_orders_and_whose_each_place_is(lab: Any) -> None:
    service, directory = lab
    with RpcRankerClient(service.endpoint) as client:
        both = client.rank(QUERY, DOCUMENTS, ranker="both")
        mixed = client.rank(QUERY, DOCUMENTS, unit_id="mixed", return_documents=True)
        cut = client.rank(QUERY, DOCUMENTS, unit_id="mixed", top_n=2, request_id=mixed.request_id)
    assert (mixed.experiment, mixed.variant, mixed.ranker) == ("mix", "interleaved", "both")
    assert sorted(d.index for d in mixed.results) == list(range(len(DOCUMENTS)))
    teams = [d.team for d in mixed.results]
    assert abs(teams.count("a") - teams.count("b")) <= 1
    ranker_of = {"a": PAIRWISE, "b": CROSS_ENCODER}
    for place, document in enumerate(mixed.results):
        scores = both.rankings[ranker_of[document.team]]
        assert document.score == pytest.approx(scores.scores[document.index], abs=1e-5)
        left = [i for i in scores.order if i not in [d.index for d in mixed.results[:place]]]
        assert document.index == left[0], "a team picks the best that is left"
        assert document.document == DOCUMENTS[document.index]
    # who sorts by the scores, as existing clients do, sees the same list
    by_score = sorted(range(len(DOCUMENTS)), key=lambda i: -mixed.scores[i])
    assert by_score == [d.index for d in mixed.results]
    assert [d.index for d in cut.results] == by_score[:2], "the same request, the same draft"
    exposures = wait_for(
        lambda: [r for r in records(directory) if r.request_id == mixed.request_id][1:]
    )
    assert exposures
    exposure = next(r for r in records(directory) if r.request_id == mixed.request_id)
    assert exposure.order == tuple(by_score[:4])
    assert exposure.teams == tuple(teams[:4])


def test_two_bundles_of_one_ranker(lab: Any) -> None:
    service, _ = lab
    with HttpRankerClient(service.url) as client:
        fresh = client.rank(QUERY, DOCUMENTS, unit_id="fresh")
        plain = client.rank(QUERY, DOCUMENTS, ranker=PAIRWISE)
        twice = client.rank(QUERY, DOCUMENTS, unit_id="twice")
    assert fresh.ranker == plain.ranker == PAIRWISE
    assert fresh.bundle != plain.bundle
    assert fresh.scores != plain.scores
    assert set(twice.rankings) == {f"pairwise@{plain.bundle}", f"pairwise@{fresh.bundle}"}
    assert {d.team for d in twice.results} == {"old", "new"}


def test_a_shadow_is_compared_after_the_answer(lab: Any) -> None:
    service, directory = lab
    with HttpRankerClient(service.url) as client:
        both = client.rank(QUERY, DOCUMENTS, ranker="both")
        result = client.rank(QUERY, DOCUMENTS, unit_id="shadowed", top_n=1)
    assert (result.experiment, result.variant, result.ranker) == ("dark", "a", PAIRWISE)
    comparison = record_of(directory, ShadowComparison, result.request_id)
    assert (comparison.variant, comparison.shadow_variant) == ("a", "b")
    assert (comparison.ranker, comparison.shadow_ranker) == (PAIRWISE, CROSS_ENCODER)
    assert comparison.documents == len(DOCUMENTS)
    one, other = both.rankings[PAIRWISE].scores, both.rankings[CROSS_ENCODER].scores
    distance = sum(abs(y - x) for x, y in zip(one, other)) / len(one)
    assert comparison.score_distance == pytest.approx(distance, abs=1e-5)
    assert comparison.top1_same == int(one.index(max(one)) == other.index(max(other)))
    assert scrape(service.url)['ranking_shadowed_total{outcome="scored"}'] >= 1


def test_feedback_is_kept_over_both_transports(lab: Any) -> None:
    service, directory = lab
    with HttpRankerClient(service.url) as http, RpcRankerClient(service.endpoint) as rpc:
        for name, client in (("f-http", http), ("f-rpc", rpc)):
            client.feedback(name, clicks=[2, 0], grades={1: 3.0})
            feedback = record_of(directory, Feedback, name)
            assert (feedback.clicks, feedback.grades) == ((2, 0), ((1, 3.0),))
            assert abs(feedback.time - time.time()) < 60
    plain = http_call(service.url, "/feedback", {"request_id": "f-curl", "clicks": [1]})
    assert (plain.status, plain.fields) == (200, {"request_id": "f-curl"})
    assert record_of(directory, Feedback, "f-curl").clicks == (1,)


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({"request_id": "r"}, 422, "clicks"),
        ({"request_id": "r", "clicks": [-1]}, 422, "clicks[0]"),
        ({"key": ["request_id"], "value": []}, 400, "value"),
        (b"[", 400, "body"),
        ({"request_id": "r", "clicks": [0] * 1001}, 413, "clicks"),
    ],
)
def test_bad_feedback_is_named(lab: Any, body: Any, status: int, named: str) -> None:
    reply = http_call(lab[0].url, "/feedback", body)
    assert (reply.status, reply.err_msg.split(":")[0]) == (status, named)


def test_the_fallback_answers_and_both_names_are_kept(bundles: Path, tmp_path: Path) -> None:
    config = small_config(bundles)
    config["op"]["rocketqa"].update(timeout=1, engine="paddle")
    config["experiments"] = [SPLIT]
    config["exposures"] = {"directory": str(tmp_path / "records")}
    documents = [f"{i} {SENTENCES[i % 7]}" for i in range(300)]
    with RunningService(config, tmp_path) as service:
        reply = rank(service.url, query=QUERY, documents=documents, unit_id="tester")
        assert (reply.err_no, reply.fields["variant"]) == (0, "b")
        assert reply.fields["ranker"] == PAIRWISE
        exposure = record_of(tmp_path, Exposure, reply.fields["request_id"])
        assert (exposure.assigned_ranker, exposure.served_ranker) == (CROSS_ENCODER, PAIRWISE)
        routed = 'ranking_routed_total{experiment="ab",fallback="true",ranker="%s",variant="b"}'
        assert scrape(service.url)[routed % PAIRWISE] == 1
        # who names the ranker gets its error
        named = rank(service.url, query=QUERY, documents=documents, ranker=CROSS_ENCODER)
        assert named.status == 504
        _change(config, tmp_path, experiments=[{**SPLIT, "name": "bare", "fallback": None}])
        failed = wait_for(lambda: _failed(service.url, documents))
        exposure = record_of(tmp_path, Exposure, failed.fields["request_id"])
        assert failed.fields["experiment"] == "bare"
        assert (exposure.err_no, exposure.served_ranker, exposure.order) == (6000, "", ())


def _failed(url: str, documents: list[str]) -> Any:
    reply = rank(url, query=QUERY, documents=documents, unit_id="tester")
    return reply if reply.err_no else None


def _change(config: dict[str, Any], directory: Path, **keys: Any) -> None:
    new = directory / "config.new"
    new.write_text(yaml.safe_dump({**config, **keys}), encoding="utf-8")
    new.replace(directory / "config.yml")


def test_experiments_change_while_the_service_runs(bundles: Path, tmp_path: Path) -> None:
    config = small_config(bundles)

    def variant(url: str) -> str:
        return rank(url, query=QUERY, documents=DOCUMENTS).fields["variant"]

    with RunningService(config, tmp_path) as service:
        assert variant(service.url) == ""
        to_b = {"name": "x", "variants": [B]}
        _change(config, tmp_path, experiments=[to_b])
        assert wait_for(lambda: variant(service.url) == "b")
        _change(config, tmp_path, experiments=[{**to_b, "variants": [{**B, "bundle": "none"}]}])
        log = tmp_path / "PipelineServingLogs" / "pipeline.log"
        assert wait_for(lambda: "the change is refused" in log.read_text(encoding="utf-8"))
        assert "experiments[0].variants[0].bundle: cross_encoder has no bundle none" in (
            log.read_text(encoding="utf-8")
        )
        assert variant(service.url) == "b"
        _change(config, tmp_path, experiments=[{**to_b, "variants": [A]}])
        assert wait_for(lambda: variant(service.url) == "a")


def test_what_is_answered_is_on_disk_after_a_kill_and_after_a_stop(
    bundles: Path, tmp_path: Path
) -> None:
    config = small_config(bundles)
    config["experiments"] = [SPLIT]
    config["exposures"] = {"directory": str(tmp_path / "records"), "fsync": "always"}
    url = f"http://127.0.0.1:{config['http_port']}"

    def on_disk() -> set[str]:
        return {record.request_id for record in records(tmp_path)}

    for end in (signal.SIGKILL, signal.SIGTERM):
        with Launched(config, tmp_path) as launched:
            launched.wait_ready()
            ids = {rank(url, query=QUERY, documents=["a"]).fields["request_id"] for _ in range(5)}
            if end == signal.SIGKILL:  # what is not written yet may be lost
                assert wait_for(lambda ids=ids: ids <= on_disk())
            launched.process.send_signal(end)
            launched.wait_end()
        assert ids <= on_disk()


def test_a_directory_that_goes_away_fails_no_request(bundles: Path, tmp_path: Path) -> None:
    import shutil

    config = small_config(bundles)
    config["experiments"] = [SPLIT]
    config["exposures"] = {"directory": str(tmp_path / "records"), "max_file_bytes": 1024}
    with RunningService(config, tmp_path) as service:
        rank(service.url, query=QUERY, documents=DOCUMENTS)
        assert wait_for(lambda: records(tmp_path))
        shutil.rmtree(tmp_path / "records")
        (tmp_path / "records").write_text("in the way", encoding="utf-8")
        for _ in range(20):
            assert rank(service.url, query=QUERY, documents=DOCUMENTS).err_no == 0
        (tmp_path / "records").unlink()
        (tmp_path / "records").mkdir()
        assert wait_for(lambda: len(records(tmp_path)) >= 15)


def test_feedback_without_a_directory_is_refused(service: RunningService) -> None:
    reply = http_call(service.url, "/feedback", {"request_id": "r", "clicks": [0]})
    assert (reply.status, reply.err_msg) == (
        422, "feedback: this service keeps no feedback; set exposures.directory",
    )  # fmt: skip


def test_texts_are_recorded_only_when_asked(bundles: Path, tmp_path: Path) -> None:
    keys = {"directory": str(tmp_path / "records"), "keep_texts": True}
    with running_service(bundles, tmp_path, experiments=[SPLIT], exposures=keys) as service:
        request_id = rank(service.url, query=QUERY, documents=DOCUMENTS).fields["request_id"]
        exposure = record_of(tmp_path, Exposure, request_id)
    assert exposure.query == QUERY
    assert exposure.titles == tuple(DOCUMENTS[i] for i in exposure.order)


def test_a_start_names_what_cannot_be(config: dict[str, Any], tmp_path: Path) -> None:
    config["experiments"] = [{"name": "x", "variants": [{**A, "bundle": "0000"}]}]
    assert "experiments[0].variants[0].bundle: pairwise has no bundle 0000" in (
        failure(config, tmp_path)
    )
    config["experiments"] = []
    (tmp_path / "file").write_text("", encoding="utf-8")
    config["exposures"] = {"directory": str(tmp_path / "file" / "sub")}
    assert "exposures.directory: cannot make" in failure(config, tmp_path)
    own = config["op"]["ernie"]["local_service_conf"]["model_config"]
    config["exposures"] = {}
    config["op"]["ernie"]["more_bundles"] = [own]
    assert "op.ernie.more_bundles[0]" in failure(config, tmp_path)
