# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Traces beyond the good case: collectors that hang or are gone, remote engines, settings."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest

from child_services.child import free_port
from child_services.running_service import RunningService
from contract.errors import ConfigError
from contract.rankers import PAIRWISE
from pipeline.request.spans import Span
from pipeline.request.trace import Trace, read_parent
from pipeline.settings.tracing import TracingConfig, check_tracing, tracing_asked
from pipeline.telemetry.metrics import Metrics
from pipeline.telemetry.otlp_export import OtlpExporter
from pipeline.telemetry.tracer import Tracer
from tests.conftest import REPOSITORY
from tests.pipeline.calls import rank
from tests.pipeline.telemetry.collector import running_collector
from tests.pipeline.telemetry.test_metrics import scrape
from tests.services import running_service, small_config
from tests.tensor_service import StartTensorService

DROPPED = 'ranking_spans_total{outcome="dropped"}'


def until_dropped(read: Any) -> None:
    end = time.monotonic() + 60.0
    while not read():
        assert time.monotonic() < end, "no span was counted as dropped"
        time.sleep(0.05)


def test_a_collector_that_hangs_costs_spans_and_no_request(
    bundles: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "16")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        tracing = {"endpoint": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        with running_service(bundles, tmp_path, tracing=tracing) as service:
            for _ in range(12):
                assert rank(service.url, "ernie", query="感冒", documents=["感冒灵"]).err_no == 0
            until_dropped(lambda: scrape(service.url)[DROPPED] > 0)
            assert scrape(service.url)['ranking_spans_total{outcome="sent"}'] == 0


def test_spans_for_a_collector_that_is_gone_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")
    metrics = Metrics()
    config = TracingConfig(endpoint=f"http://127.0.0.1:{free_port()}")
    tracer = Tracer(OtlpExporter(config, metrics.spans()), 1.0)
    trace = tracer.begin("", "")
    assert trace is not None and trace.sampled
    tracer.add([Span("rank", trace, 1.0, 2.0)] * 3)
    until_dropped(lambda: f"{DROPPED} 3.0" in metrics.text().decode())


@contextmanager
def listening_proxy(address: str, heard: list[dict[str, str]]) -> Iterator[int]:
    """Passes gRPC calls on to a real service, and keeps their metadata."""
    with grpc.insecure_channel(address) as channel:

        class Pass(grpc.GenericRpcHandler):
            def service(self, details: Any) -> Any:
                heard.append({k: str(v) for k, v in details.invocation_metadata})
                onward = channel.unary_unary(details.method)
                return grpc.unary_unary_rpc_method_handler(lambda body, _: onward(body, timeout=60))

        server = grpc.server(futures.ThreadPoolExecutor(4), handlers=(Pass(),))
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(0).wait()


def test_a_remote_engine_is_told_the_span_of_the_batch(
    bundles: Path,
    tmp_path: Path,
    tensor_service: StartTensorService,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    heard: list[dict[str, str]] = []
    remote = tensor_service(bundles / PAIRWISE)
    config = small_config(bundles)
    del config["op"]["rocketqa"]
    with (
        running_collector() as collector,
        listening_proxy(f"127.0.0.1:{remote.port}", heard) as port,
    ):
        config["op"]["ernie"].update(engine="remote", server_endpoints=[f"127.0.0.1:{port}"])
        config["tracing"] = {"endpoint": collector.url}
        with RunningService(config, tmp_path) as service:
            assert not [h for h in heard[:1] if "traceparent" in h], "a probe is no request's"
            heard.clear()
            assert rank(service.url, query="感冒", documents=["感冒灵"]).err_no == 0
            sent = [h["traceparent"] for h in heard if "traceparent" in h]
            parent = read_parent(sent[-1])
            assert parent is not None
            spans = collector.trace(f"{parent.trace_id:032x}", "rank", "batch")
            (batch,) = (span for span in spans if span.name == "batch")
            assert batch.span_id == f"{parent.span_id:016x}"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
    ],
)
def test_a_header_that_is_no_traceparent_is_ignored(header: str) -> None:
    assert read_parent(header) is None


def test_a_traceparent_comes_out_as_it_came_in() -> None:
    header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    parent = read_parent(header, "vendor=1")
    assert parent is not None and parent.header == header and parent.child().state == "vendor=1"
    later = read_parent("01" + header[2:] + "-of-a-later-version")
    assert later is not None and later.sampled


@pytest.mark.parametrize("state", ["a=\xe9", "a=\t", "a=" + "b" * 600])
def test_a_state_that_cannot_be_passed_on_is_left_out(state: str) -> None:
    parent = read_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", state)
    assert parent is not None and parent.state == ""


def test_a_share_of_requests_is_sampled() -> None:
    class Kept:
        def add(self, spans: Any) -> None:
            raise AssertionError

        def stop(self, timeout_s: float) -> None:
            raise AssertionError

    def sampled(ratio: float) -> int:
        begun = [Tracer(Kept(), ratio).begin("", "") for _ in range(2000)]
        return sum(isinstance(trace, Trace) and trace.sampled for trace in begun)

    assert sampled(0.0) == 0
    assert sampled(1.0) == 2000
    assert 800 < sampled(0.5) < 1200


def test_an_endpoint_must_be_a_url() -> None:
    with pytest.raises(ConfigError, match=r"tracing\.endpoint.*4318"):
        check_tracing(TracingConfig(endpoint="collector:4318"))
    base, full = (TracingConfig(endpoint=f"http://c:4318{p}") for p in ("/", "/v1/traces"))
    assert base.traces_endpoint == full.traces_endpoint == "http://c:4318/v1/traces"


def test_the_environment_turns_traces_on_and_off(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not tracing_asked(TracingConfig())
    assert tracing_asked(TracingConfig(endpoint="http://c:4318"))
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318")
    assert tracing_asked(TracingConfig())
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert not tracing_asked(TracingConfig(endpoint="http://c:4318"))


def test_what_is_missing_is_named_and_nothing_is_imported_when_off() -> None:
    """In an interpreter whose search for the package finds nothing."""
    program = """
import sys, importlib.abc
class Without(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "opentelemetry":
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Without())
import importlib.util
found = importlib.util.find_spec
def find(name):
    try:
        return found(name)
    except ModuleNotFoundError:
        return None
importlib.util.find_spec = find
import pipeline.web_service, pipeline.door.front_door
from pipeline.telemetry.tracer import open_tracer
from pipeline.settings.tracing import TracingConfig, tracing_asked
from pipeline.telemetry.metrics import Metrics
tracer = open_tracer(TracingConfig(), tracing_asked(TracingConfig()), Metrics().spans())
assert tracer.begin("", "") is None
try:
    tracing_asked(TracingConfig(endpoint="http://c:4318"))
except Exception as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert "tracing.endpoint" in result.stdout and "pip install" in result.stdout
