# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches the running service until a signal or a failure, and ends it accordingly.

SIGTERM, SIGINT or SIGQUIT: take nothing more, answer what is in work, exit 0. A second one: exit at
once. SIGHUP: reload, and open log files anew. SIGUSR1: open log files anew.
A thread or process of the service has ended: answer everything with an error, exit 1.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Sequence
from typing import Optional

from pipeline.batching.scheduler import Scheduler
from pipeline.dag.graph import Dag
from pipeline.door.admission import Admission
from pipeline.edges.http.server import HttpEdge
from pipeline.edges.rpc.edge import RpcEdge
from pipeline.process.memory import FreedMemory
from pipeline.process.signals import Signals
from pipeline.records.recorder import Recorder
from pipeline.records.shadow import Shadow
from pipeline.routing.reload import Watcher
from pipeline.telemetry.log_handler import reopen_log_files

_LOGGER = logging.getLogger(__name__)
_POLL_S = 0.2
# how long a failed service goes on refusing, so that callers and load balancers hear of it
_FAILED_S = 1.5
# for edges to send the last answers after the last request is done
_FLUSH_S = 0.5


class Supervisor:
    """Runs the last part of the service's life."""

    def __init__(
        self,
        admission: Admission,
        dag: Dag,
        schedulers: Sequence[Scheduler],
        rpc: Optional[RpcEdge],
        http: Optional[HttpEdge],
        shadow: Shadow,
        recorder: Recorder,
        watcher: Watcher,
        drain_timeout_s: float,
    ) -> None:
        """Bind everything that can end, or has to be ended."""
        self._admission = admission
        self._dag = dag
        self._schedulers = schedulers
        self._rpc = rpc
        self._http = http
        self._shadow = shadow
        self._recorder = recorder
        self._watcher = watcher
        self._drain_timeout_s = drain_timeout_s

    def run(self, signals: Signals) -> int:
        """Watch until the end; returns the exit code."""
        freed = FreedMemory()
        while not signals.wait(_POLL_S):
            freed.look()
            if signals.take_reopen():
                reopen_log_files()
                _LOGGER.info("log files are opened anew")
            if signals.take_reload():
                _LOGGER.info("SIGHUP: configuration, keys and certificates are read again")
                self._watcher.look_anew()
            dead = self._dead()
            if dead:
                return self._fail(f"{dead[0]} has ended unexpectedly")
        return self._drain()

    def _dead(self) -> list[str]:
        names = self._dag.dead()
        names += ["a scheduler" for scheduler in self._schedulers if not scheduler.alive]
        if self._http is not None and not self._http.alive:
            names.append("the HTTP server")
        if self._rpc is not None and not self._rpc.alive:
            names.append("the RPC server")
        return names

    def _fail(self, reason: str) -> int:
        self._admission.close(f"the service is stopping: {reason}")
        _LOGGER.critical("%s; stopping", reason)
        print(f"web_service: {reason}; stopping", file=sys.stderr, flush=True)
        end = time.monotonic() + _FAILED_S
        while time.monotonic() < end:
            # again and again: a request let in before that may have come late
            self._dag.fail_all(reason)
            time.sleep(0.1)
        stopped = self._stop_rpc(_FLUSH_S)
        if self._http is not None:
            self._http.stop()
        self._end(stopped, _FLUSH_S)
        return 1

    def _drain(self) -> int:
        self._admission.close("the service is stopping")
        print("stopping", flush=True)
        stopped = self._stop_rpc(self._drain_timeout_s + _FLUSH_S)
        if self._http is not None:
            self._http.stop()
        if not self._admission.wait_idle(self._drain_timeout_s):
            _LOGGER.warning("drain_timeout_s is over; unfinished requests are refused")
            self._dag.fail_all("the service is stopping")
        self._shadow.stop(_FLUSH_S)
        self._end(stopped, _FLUSH_S)
        return 0

    def _stop_rpc(self, grace_s: float) -> threading.Event:
        """Set when those in work are answered."""
        if self._rpc is not None:
            return self._rpc.stop(grace_s)
        stopped = threading.Event()
        stopped.set()
        return stopped

    def _end(self, stopped: threading.Event, timeout_s: float) -> None:
        """Let the edges send their last answers, all within the timeout."""
        end = time.monotonic() + timeout_s
        stopped.wait(end - time.monotonic())
        if self._http is not None:
            self._http.join(max(0.0, end - time.monotonic()))
        for scheduler in self._schedulers:
            scheduler.stop(max(0.0, end - time.monotonic()))
        self._recorder.stop()
        print("stopped", flush=True)
