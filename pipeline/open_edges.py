# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Opens both ports over what ranks.

web_service.py imports this late: Paddle Serving, imported below, opens log files and takes seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Callable, NamedTuple, Optional

from contract.bundle import Bundle
from pipeline.batching.scheduler import Scheduler
from pipeline.dag.cascade import CascadeGraph
from pipeline.dag.graph import Dag
from pipeline.door.admission import Admission
from pipeline.door.api_keys import ApiKeys
from pipeline.door.front_door import FrontDoor
from pipeline.door.readiness import Readiness
from pipeline.door.services import Services
from pipeline.edges.feedback import FeedbackDesk
from pipeline.edges.http.app import build_app
from pipeline.edges.http.models import Models
from pipeline.edges.http.runner import Runner
from pipeline.edges.http.server import HttpEdge
from pipeline.edges.rpc.edge import RpcEdge
from pipeline.edges.tls import tls_files
from pipeline.process import ports
from pipeline.process.gc_tuning import spare_lasting_objects
from pipeline.process.thread_pool import started_pool
from pipeline.records.recorder import Recorder
from pipeline.records.shadow import Shadow
from pipeline.request.outcome import Graph
from pipeline.request.route import Target
from pipeline.routing.plan import Served
from pipeline.routing.reload import follow_file
from pipeline.routing.router import Router
from pipeline.routing.stages import CascadePlan
from pipeline.settings.service import ServiceConfig
from pipeline.supervisor import Supervisor
from pipeline.telemetry.metrics import Metrics
from pipeline.telemetry.request_observer import RequestObserver
from pipeline.telemetry.tracer import Tracer

# as many as limits.max_in_flight may be
_MOST_RPC_THREADS = 1024
# of gRPC, addresses of IPv4 and IPv6
_ALL = "::"


class Ranks(NamedTuple):
    """What ranks, started.

    Attributes:
        config: of the service.
        bundles: that are served.
        cascade: of the configuration, if any.
        names: by ranker, the versions that routes may name, the cascade's among them.
        dag: of Paddle Serving.
        schedulers: of this process.
        router: that chooses targets.
        metrics: of this process.
    """

    config: ServiceConfig
    bundles: Mapping[Target, Bundle]
    cascade: Optional[CascadePlan]
    names: Served
    dag: Dag
    schedulers: Sequence[Scheduler]
    router: Router
    metrics: Metrics


class _Door(NamedTuple):
    """What both edges hand requests to."""

    services: Services
    admission: Admission
    front: FrontDoor
    desk: FeedbackDesk
    keys: ApiKeys


def open_edges(
    ranks: Ranks, recorder: Recorder, tracer: Tracer, show: Callable[[str], None]
) -> Supervisor:
    """Answer on both ports; returns who watches over it all.

    Args:
        ranks: what answers.
        recorder: of experiments.
        tracer: of requests.
        show: prints a line of the start.
    """
    config, cascade, dag, metrics = ranks.config, ranks.cascade, ranks.dag, ranks.metrics
    limits = config.limits
    graph: Graph = dag
    if cascade is not None:
        targets = [stage.target for stage in cascade.stages if stage.target is not None]
        longest_row = max(ranks.bundles[target].manifest.max_seq_length for target in targets)
        graph = CascadeGraph(dag, cascade, ranks.router, metrics, longest_row)
    services = Services(config.rankers, config.named, cascade=cascade is not None)
    observer = RequestObserver(services.names, metrics, tracer)
    admission = Admission(
        limits.max_in_flight, limits.max_delay_ms, observer.turned_away, limits.ready_share
    )
    metrics.watch_in_flight(lambda: admission.in_flight)
    shadow = Shadow(graph, recorder, metrics, tracer, config.exposures.shadow_threads)
    front = FrontDoor(services, graph, config.dag.retry, observer, recorder, shadow)
    desk = FeedbackDesk(admission, recorder, metrics)
    keys = ApiKeys(config.http, config.resolve, metrics.wrong_keys.inc)
    door = _Door(services, admission, front, desk, keys)
    rpc = _open_rpc(config, metrics, door)
    http = None
    followers = [lambda changed: keys.change(changed.http)]
    if config.http_port is not None:
        http = _open_http(ranks, config.http_port, door)
        show(_http_shown(config, config.http_port, services))
        certificates = http
        followers.append(lambda _: certificates.follow_tls())
    watcher = follow_file(config, ranks.names, ranks.router, followers)
    recorder.start()
    shadow.start()
    if rpc is not None:
        rpc.start()
    spare_lasting_objects()
    admission.open()
    return Supervisor(
        admission, dag, ranks.schedulers, rpc, http, shadow, recorder, watcher,
        config.drain_timeout_s,
    )  # fmt: skip


def _open_rpc(config: ServiceConfig, metrics: Metrics, door: _Door) -> Optional[RpcEdge]:
    """Answer over RPC, where the configuration names a port for it."""
    if config.rpc_port is None:
        return None
    limits = config.limits
    workers = min(max(config.worker_num, limits.max_in_flight), _MOST_RPC_THREADS)
    asked = door.keys if config.rpc.ask_for_key else None
    rpc = RpcEdge(
        door.front, door.admission, door.services, door.desk, limits, metrics, asked, workers
    )
    address = ports.shown(config.rpc_port, config.rpc_host or _ALL)
    rpc.bind(address, tls_files(config.rpc, "rpc", config.resolve))
    return rpc


def _open_http(ranks: Ranks, port: int, door: _Door) -> HttpEdge:
    """Answer over HTTP."""
    config, metrics = ranks.config, ranks.metrics
    limits = config.limits
    # bound after the op processes were forked: they would keep the socket open
    bound = ports.bind(port, "http", config.http_host)
    models = Models(ranks.bundles, config.model_aliases, ranks.router, ranks.cascade)
    readiness = Readiness(config, ranks.bundles, door.admission, ranks.dag, ranks.schedulers)
    runner = Runner(
        door.front,
        door.admission,
        door.keys,
        started_pool(limits.max_in_flight, "http"),
        limits.of_request(),
        limits.max_body_bytes,
    )
    app = build_app(
        runner, door.services, door.desk, readiness, metrics, models, limits, config.http
    )
    http = HttpEdge(app, limits, metrics, tls_files(config.http, "http", config.resolve), bound)
    http.start()
    return http


def _http_shown(config: ServiceConfig, port: int, services: Services) -> str:
    """What the start says of HTTP."""
    return (
        f"{'HTTPS' if config.http.tls_key else 'HTTP'} on {ports.shown(port, config.http_host)}: "
        f"POST /rerank, /v2/models/NAME/infer, POST /({'|'.join(services.names)})/prediction, "
        "POST /feedback, GET /v1/models, /v1/traffic, /v1/assignments, /info, /health, /ready, "
        "/metrics, /docs; a page at /"
    )
