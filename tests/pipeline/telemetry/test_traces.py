# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Traces of a real service, as a collector gets them: both edges, ops as threads and processes."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from paddle_serving_server.pipeline.proto import pipeline_service_pb2 as pb
from paddle_serving_server.pipeline.proto import pipeline_service_pb2_grpc as services

from child_services.running_service import RunningService
from tests.pipeline.calls import http_call
from tests.pipeline.telemetry.collector import Collector, Told, running_collector
from tests.services import running_service

PARENT = "00f067aa0ba902b7"
STAGES = ("rank", "tokenize", "queue", "compute", "batch", "sort")
QUERY, TITLE = "牙结石脱落小妙招", "去除牙结石小妙招"
SHADOWED = {
    "name": "shadowed",
    "mode": "shadow",
    "variants": [{"name": "a", "ranker": "pairwise"}, {"name": "b", "ranker": "cross_encoder"}],
}


class Traced(NamedTuple):
    service: RunningService
    collector: Collector
    directory: Path
    threads: bool


@pytest.fixture(scope="module", params=["threads", "processes"])
def traced(
    request: Any, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Traced]:
    directory = tmp_path_factory.mktemp("traced")
    threads = request.param == "threads"
    with pytest.MonkeyPatch.context() as patch, running_collector() as collector:
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        patch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
        keys = {
            "tracing": {
                "endpoint": collector.url,
                "sample_ratio": 0.0,
                "service_name": "test-ranking",
                "headers": {"x-tenant": "search"},
            },
            "dag": {"is_thread_op": threads},
            "scheduler": {"max_wait_ms": 150},
            "experiments": [SHADOWED],
            "log_format": "json",
        }
        with running_service(bundles, directory, **keys) as service:
            yield Traced(service, collector, directory, threads)


def new_parent(flags: str = "01") -> tuple[str, dict[str, str]]:
    trace_id = secrets.token_hex(16)
    return trace_id, {"traceparent": f"00-{trace_id}-{PARENT}-{flags}"}


def ask(traced: Traced, headers: dict[str, str], service: str = "ernie", **fields: Any) -> None:
    body = json.dumps({"query": QUERY, "documents": [TITLE, "合同"], **fields})
    reply = http_call(traced.service.url, f"/{service}/prediction", body, headers=headers)
    assert reply.err_no == 0, reply.err_msg


def by_name(spans: list[Told]) -> dict[str, Told]:
    return {span.name: span for span in spans}


def assert_tree(spans: list[Told]) -> None:
    """Each stage below its parent, in its order, within the whole."""
    found = by_name(spans)
    rank = found["rank"]
    assert rank.parent_id == PARENT
    for name in ("tokenize", "queue", "compute", "sort"):
        assert found[name].parent_id == rank.span_id
    assert found["batch"].parent_id == found["compute"].span_id
    order = [rank.start, found["tokenize"].start, found["tokenize"].end, found["queue"].start]
    order += [found["compute"].start, found["batch"].start, found["batch"].end]
    order += [found["compute"].end, found["sort"].start, found["sort"].end, rank.end]
    assert order == sorted(order)
    # a microsecond is what a float of seconds since the machine's start is good for
    assert abs(found["queue"].end - found["compute"].start) < 1000
    assert abs(time.time_ns() - rank.end) < 3600 * 10**9


def test_a_request_over_http_is_told_from_edge_to_engine(traced: Traced) -> None:
    trace_id, headers = new_parent()
    ask(traced, {**headers, "x-request-id": "r-1"})
    spans = traced.collector.trace(trace_id, *STAGES)
    assert sorted(span.name for span in spans) == sorted(STAGES)
    assert_tree(spans)
    found = by_name(spans)
    about = found["rank"].attributes
    assert about["ranking.ranker"] == "pairwise"
    assert about["ranking.edge"] == "http"
    assert about["ranking.request_id"] == "r-1"
    assert about["ranking.documents"] == 2
    assert about["ranking.tokens"] == found["compute"].attributes["ranking.tokens"] > 0
    assert about["ranking.bundle"] == found["compute"].attributes["ranking.bundle"]
    assert found["batch"].attributes["ranking.rows"] == 2
    assert {span.service for span in spans} == {"test-ranking"}
    assert traced.collector.headers[-1]["x-tenant"] == "search"
    assert b"deployment.environment" in traced.collector.bodies[-1]


def test_requests_that_share_a_batch_are_linked(traced: Traced) -> None:
    if not traced.threads:
        pytest.skip("an op process takes one request at a time")
    for round_ in range(20):
        sent = [new_parent() for _ in range(4)]
        with ThreadPoolExecutor(len(sent)) as pool:
            asked = [
                pool.submit(ask, traced, headers, documents=[f"第{round_}次的标题{i}"])
                for i, (_, headers) in enumerate(sent)
            ]
            for one in asked:
                one.result()
        spans = [
            span
            for trace_id, _ in sent
            for span in traced.collector.trace(trace_id, "rank", "compute")
        ]
        shared = [span for span in spans if span.name == "batch" and span.links]
        if shared:
            break
    batch = shared[0]
    linked = [span for span in spans if span.span_id in batch.links]
    assert {span.name for span in linked} == {"compute"}
    assert len(linked) == len(batch.links) == batch.attributes["ranking.rows"] - 1
    assert batch.trace_id not in {span.trace_id for span in linked}
    assert all(batch.span_id in span.links for span in linked)


def test_a_request_over_rpc_is_told_too(traced: Traced) -> None:
    trace_id, headers = new_parent()
    fields = {"query": QUERY, "documents": json.dumps([TITLE])}
    request = pb.Request(
        key=list(fields),
        value=list(fields.values()),
        name="rocketqa",
        logid=77,
        method="prediction",
    )
    with grpc.insecure_channel(traced.service.endpoint) as channel:
        answer = services.PipelineServiceStub(channel).inference(
            request, timeout=60, metadata=tuple(headers.items())
        )
    assert answer.err_no == 0, answer.err_msg
    spans = traced.collector.trace(trace_id, *STAGES)
    assert_tree(spans)
    about = by_name(spans)["rank"].attributes
    assert about["ranking.edge"] == "rpc"
    assert about["ranking.log_id"] == 77
    assert about["ranking.ranker"] == "cross_encoder"


def test_a_shadow_is_below_the_request_it_repeats(traced: Traced) -> None:
    trace_id, headers = new_parent()
    ask(traced, headers, "ranker", unit_id="u-1")
    spans = traced.collector.trace(trace_id, *STAGES, "shadow")
    shadow = by_name(spans)["shadow"]
    (rank,) = (span for span in spans if span.name == "rank")
    assert rank.attributes["ranking.experiment"] == "shadowed"
    assert rank.attributes["ranking.variant"] == "a"
    assert shadow.parent_id == rank.span_id
    assert shadow.attributes["ranking.ranker"] == "cross_encoder"
    below = {span.name for span in spans if span.parent_id == shadow.span_id}
    assert below == {"tokenize", "queue", "compute", "sort"}


def test_both_rankers_have_a_span_each(traced: Traced) -> None:
    trace_id, headers = new_parent()
    ask(traced, headers, "ranker", ranker="both")
    spans = traced.collector.trace(trace_id, *STAGES)
    computed = {s.attributes["ranking.ranker"] for s in spans if s.name == "compute"}
    assert computed == {"pairwise", "cross_encoder"}


def test_who_is_not_sampled_is_not_told_and_no_text_ever_is(traced: Traced) -> None:
    unsampled, headers = new_parent("00")
    ask(traced, headers)
    ask(traced, {"traceparent": "00-nonsense-01"})  # ignored: sample_ratio, here 0, decides
    trace_id, headers = new_parent("03")
    ask(traced, headers)
    traced.collector.trace(trace_id, *STAGES)
    assert unsampled not in {span.trace_id for span in traced.collector.spans}
    assert {s.parent_id for s in traced.collector.spans if s.name == "rank"} == {PARENT}
    sent = b"".join(traced.collector.bodies)
    assert b"ranking.documents" in sent
    for text in (QUERY, TITLE, "合同"):
        assert text.encode() not in sent


def test_an_error_has_its_code(traced: Traced) -> None:
    trace_id, headers = new_parent()
    reply = http_call(traced.service.url, "/ernie/prediction", {"query": QUERY}, headers=headers)
    (rank,) = traced.collector.trace(trace_id, "rank")
    assert rank.error and rank.attributes["ranking.err_no"] == reply.err_no != 0


def test_the_log_names_the_trace(traced: Traced) -> None:
    trace_id, headers = new_parent()
    ask(traced, headers)
    rank = by_name(traced.collector.trace(trace_id, *STAGES))["rank"]
    (log,) = traced.directory.rglob("pipeline.log")
    deadline = time.monotonic() + 10
    while trace_id not in log.read_text(encoding="utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    (line,) = (line for line in lines if line.get("trace_id") == trace_id)
    assert line["span_id"] == rank.span_id
    assert QUERY not in log.read_text(encoding="utf-8")
