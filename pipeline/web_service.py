# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The service: ``python -m pipeline.web_service --config config_nlp.yml``.

Puts the parts together; the DAG is built in dag/build.py, the HTTP app in edges/http/app.py.
Nothing starts by import.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (None, ""):  # started as a file: the repository's folders are importable too
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import argparse
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Optional

from contract.environment.cpu import prepare_math_library
from contract.errors import ConfigError, SetUpError
from pipeline.engines.bundles import open_bundles, served
from pipeline.process import ports
from pipeline.process.memory import prepare_memory
from pipeline.process.signals import Signals
from pipeline.settings.service import ServiceConfig, find_config, load_config
from pipeline.settings.tracing import tracing_asked
from pipeline.telemetry.log_files import diverted_output, open_log_directory, set_up_logs
from pipeline.telemetry.log_handler import count_lost_lines, tell_failures_again

if TYPE_CHECKING:
    from contract.bundle import Bundle
    from pipeline.batching.scheduler import Scheduler
    from pipeline.dag.graph import Dag
    from pipeline.door.admission import Admission
    from pipeline.door.api_keys import ApiKeys
    from pipeline.door.front_door import FrontDoor
    from pipeline.door.services import Services
    from pipeline.edges.feedback import FeedbackDesk
    from pipeline.edges.http.server import HttpEdge
    from pipeline.edges.rpc.edge import RpcEdge
    from pipeline.records.recorder import Recorder
    from pipeline.request.outcome import Graph
    from pipeline.request.route import Target
    from pipeline.routing.router import Router
    from pipeline.routing.stages import CascadePlan
    from pipeline.supervisor import Supervisor
    from pipeline.telemetry.metrics import Metrics
    from pipeline.telemetry.tracer import Tracer

_LOGGER = logging.getLogger("pipeline.web_service")
# at the end, for spans still to be sent
_FLUSH_S = 2.0
# as many as limits.max_in_flight may be
_MOST_RPC_THREADS = 1024
# of gRPC, addresses of IPv4 and IPv6
_ALL = "::"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the service until a signal; returns the exit code."""
    parser = argparse.ArgumentParser(prog="web_service", description="Serve the rankers.")
    parser.add_argument("--config", help="config_nlp.yml (default: working directory, repository)")
    path = find_config(parser.parse_args(argv).config)
    try:
        return run(load_config(path), time.monotonic())
    except ConfigError as error:
        print(f"web_service: {error} (in {path})", file=sys.stderr)
    except SetUpError as error:
        print(f"web_service: {error}", file=sys.stderr)
    return 2


def run(config: ServiceConfig, started: float) -> int:
    """Start everything, wait for the end, stop everything.

    Raises:
        SetUpError: the service cannot start.
    """
    signals = Signals()
    _check_ports(config)
    traced = tracing_asked(config.tracing)
    bundles = open_bundles(config)
    prepare_math_library()
    prepare_memory()
    logs = open_log_directory(config.log_dir or os.environ.get("SERVING_LOG_PATH", "."))
    # imports Paddle Serving, which opens log files and takes seconds; so do the imports below
    from pipeline.dag.build import start_dag

    set_up_logs(logs, config.log_format)
    threading.excepthook = _log_thread_failure
    for note in config.notes:
        _LOGGER.warning("does not apply: %s", note)

    from pipeline.dag.processes import kill_children
    from pipeline.routing.reload import first_plan
    from pipeline.routing.router import Router
    from pipeline.routing.stages import cascade_of, named
    from pipeline.telemetry.metrics import Metrics
    from pipeline.telemetry.request_log import RequestLog
    from pipeline.telemetry.tracer import open_tracer

    metrics = Metrics()
    metrics.served(bundles)
    count_lost_lines(metrics.lost_log_lines.inc)
    recorder = _recorder(config, metrics)
    cascade = cascade_of(config, served(bundles))
    names = named(served(bundles), cascade)
    router = Router(first_plan(config, names))
    try:
        lines: list[str] = []
        with diverted_output(logs):
            dag, schedulers = start_dag(config, bundles, router, metrics, logs, lines.append)
        # standard error went into a file meanwhile
        tell_failures_again()
        signals.install()  # PaddlePaddle's own print a stack trace on SIGTERM
        for line in lines:
            _show(line)
        # their threads start after the op processes were forked
        request_log = RequestLog()
        tracer = open_tracer(config.tracing, traced, metrics.spans())
        supervisor = _open_edges(
            config, bundles, cascade, dag, schedulers, router, metrics, recorder, tracer
        )
    except BaseException:
        # at its end Python would wait for them
        kill_children()
        raise
    _show(f"{_rpc_shown(config)}; logs in {logs}")
    _show(f"ready after {time.monotonic() - started:.1f} s")
    code = supervisor.run(signals)
    tracer.stop(_FLUSH_S)
    request_log.stop()
    kill_children()
    _leave(code)
    return code


def _check_ports(config: ServiceConfig) -> None:
    """Before anything is loaded.

    Raises:
        ConfigError: a port is in use, or an address is not this machine's.
    """
    if config.rpc_port is not None:
        ports.check(config.rpc_port, "rpc", config.rpc_host)
    if config.http_port is not None:
        ports.check(config.http_port, "http", config.http_host)


def _open_edges(
    config: ServiceConfig,
    bundles: Mapping[Target, Bundle],
    cascade: Optional[CascadePlan],
    dag: Dag,
    schedulers: Sequence[Scheduler],
    router: Router,
    metrics: Metrics,
    recorder: Recorder,
    tracer: Tracer,
) -> Supervisor:
    """Answer on both ports; returns who watches over it all."""
    from pipeline.dag.cascade import CascadeGraph
    from pipeline.door.admission import Admission
    from pipeline.door.api_keys import ApiKeys
    from pipeline.door.front_door import FrontDoor
    from pipeline.door.services import Services
    from pipeline.edges.feedback import FeedbackDesk
    from pipeline.process.gc_tuning import spare_lasting_objects
    from pipeline.records.shadow import Shadow
    from pipeline.routing.reload import follow_file
    from pipeline.routing.stages import named
    from pipeline.supervisor import Supervisor
    from pipeline.telemetry.request_observer import RequestObserver

    limits = config.limits
    graph: Graph = dag
    if cascade is not None:
        rows = [bundles[one.target].manifest.max_seq_length for one in cascade.stages if one.target]
        graph = CascadeGraph(dag, cascade, router, metrics, max(rows))
    services = Services(config.rankers, config.named, cascade=cascade is not None)
    observer = RequestObserver(services.names, metrics, tracer)
    admission = Admission(
        limits.max_in_flight, limits.max_delay_ms, observer.turned_away, limits.ready_share
    )
    metrics.watch_in_flight(lambda: admission.in_flight)
    shadow = Shadow(graph, recorder, metrics, tracer, config.exposures.shadow_threads)
    front_door = FrontDoor(services, graph, config.dag.retry, observer, recorder, shadow)
    desk = FeedbackDesk(admission, recorder, metrics)
    keys = ApiKeys(config.http, config.resolve, metrics.wrong_keys.inc)
    rpc = _open_rpc(config, metrics, services, admission, front_door, desk, keys)
    http = None
    followers = [lambda changed: keys.change(changed.http)]
    if config.http_port is not None:
        http = _open_http(
            config, bundles, cascade, dag, schedulers, router, metrics, services, admission,
            front_door, desk, keys,
        )  # fmt: skip
        certificates = http
        followers.append(lambda _: certificates.follow_tls())
    watcher = follow_file(config, named(served(bundles), cascade), router, followers)
    recorder.start()
    shadow.start()
    if rpc is not None:
        rpc.start()
    spare_lasting_objects()
    admission.open()
    return Supervisor(
        admission, dag, schedulers, rpc, http, shadow, recorder, watcher, config.drain_timeout_s
    )


def _open_rpc(
    config: ServiceConfig,
    metrics: Metrics,
    services: Services,
    admission: Admission,
    front_door: FrontDoor,
    desk: FeedbackDesk,
    keys: ApiKeys,
) -> Optional[RpcEdge]:
    """Answer over RPC, where the configuration names a port for it."""
    from pipeline.edges.rpc.edge import RpcEdge
    from pipeline.edges.tls import tls_files

    if config.rpc_port is None:
        return None
    limits = config.limits
    workers = min(max(config.worker_num, limits.max_in_flight), _MOST_RPC_THREADS)
    asked = keys if config.rpc.ask_for_key else None
    rpc = RpcEdge(front_door, admission, services, desk, limits, metrics, asked, workers)
    address = ports.shown(config.rpc_port, config.rpc_host or _ALL)
    rpc.bind(address, tls_files(config.rpc, "rpc", config.resolve))
    return rpc


def _rpc_shown(config: ServiceConfig) -> str:
    """What the start says of RPC."""
    if config.rpc_port is None:
        return "RPC is off: rpc_port opens it (Paddle Serving takes one from 12000 on by itself)"
    encrypted = "RPC with TLS" if config.rpc.tls_key else "RPC"
    return f"{encrypted} on {ports.shown(config.rpc_port, config.rpc_host)}"


def _open_http(
    config: ServiceConfig,
    bundles: Mapping[Target, Bundle],
    cascade: Optional[CascadePlan],
    dag: Dag,
    schedulers: Sequence[Scheduler],
    router: Router,
    metrics: Metrics,
    services: Services,
    admission: Admission,
    front_door: FrontDoor,
    desk: FeedbackDesk,
    keys: ApiKeys,
) -> HttpEdge:
    """Answer over HTTP."""
    from pipeline.door.readiness import Readiness
    from pipeline.edges.http.app import build_app
    from pipeline.edges.http.models import Models
    from pipeline.edges.http.runner import Runner
    from pipeline.edges.http.server import HttpEdge
    from pipeline.edges.tls import tls_files
    from pipeline.process.thread_pool import started_pool

    assert config.http_port is not None
    limits = config.limits
    # bound after the op processes were forked: they would keep the socket open
    bound = ports.bind(config.http_port, "http", config.http_host)
    models = Models(bundles, config.model_aliases, router, cascade)
    readiness = Readiness(config, bundles, admission, dag, schedulers)
    runner = Runner(
        front_door,
        admission,
        keys,
        started_pool(limits.max_in_flight, "http"),
        limits.of_request(),
        limits.max_body_bytes,
    )
    app = build_app(runner, services, desk, readiness, metrics, models, limits, config.http)
    http = HttpEdge(app, limits, metrics, tls_files(config.http, "http", config.resolve), bound)
    http.start()
    _show(
        f"{'HTTPS' if config.http.tls_key else 'HTTP'} on "
        f"{ports.shown(config.http_port, config.http_host)}: "
        f"POST /rerank, /v2/models/NAME/infer, POST /({'|'.join(services.names)})/prediction, "
        "POST /feedback, GET /v1/models, /v1/traffic, /v1/assignments, /info, /health, /ready, "
        "/metrics, /docs; a page at /"
    )
    return http


def _recorder(config: ServiceConfig, metrics: Metrics) -> Recorder:
    """What keeps the records of experiments.

    Raises:
        ConfigError: their directory cannot be made.
    """
    from pipeline.records.recorder import Recorder

    try:
        return Recorder(config, metrics)
    except OSError as error:
        raise ConfigError(
            f"cannot make {error.filename} ({error.strerror}); name one that can be written",
            field="exposures.directory",
        ) from error


def _show(line: str) -> None:
    print(line, flush=True)


def _log_thread_failure(failure: threading.ExceptHookArgs) -> None:
    """Into the log, without the message: it may quote a request."""
    if issubclass(failure.exc_type, SystemExit):
        return
    name = failure.thread.name if failure.thread else "?"
    _LOGGER.critical("thread %s failed with %s", name, failure.exc_type.__name__)


def _leave(code: int) -> None:
    """End the process; threads that wait for ever, as Paddle's ops do, must not hold it up."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
