# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The service: ``python -m pipeline.web_service --config config_nlp.yml``.

Puts the parts together; the DAG is built in dag/build.py, both edges in open_edges.py.
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
from collections.abc import Sequence
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
    from pipeline.records.recorder import Recorder
    from pipeline.telemetry.metrics import Metrics

_LOGGER = logging.getLogger("pipeline.web_service")
# at the end, for spans still to be sent
_FLUSH_S = 2.0


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
        # imported, and threads started, after the op processes were forked
        from pipeline.open_edges import Ranks, open_edges

        request_log = RequestLog()
        tracer = open_tracer(config.tracing, traced, metrics.spans())
        ranks = Ranks(config, bundles, cascade, names, dag, schedulers, router, metrics)
        supervisor = open_edges(ranks, recorder, tracer, _show)
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


def _rpc_shown(config: ServiceConfig) -> str:
    """What the start says of RPC."""
    if config.rpc_port is None:
        return "RPC is off: rpc_port opens it (Paddle Serving takes one from 12000 on by itself)"
    encrypted = "RPC with TLS" if config.rpc.tls_key else "RPC"
    return f"{encrypted} on {ports.shown(config.rpc_port, config.rpc_host)}"


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
