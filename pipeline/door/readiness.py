# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Whether the service can take requests, and what of it cannot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Optional

from contract.bundle import Bundle
from contract.bundle.files import GOLDEN_FILE
from pipeline.batching.scheduler import Scheduler
from pipeline.door.admission import Admission
from pipeline.request.outcome import Graph
from pipeline.request.route import Target
from pipeline.settings.service import ServiceConfig

# full for a moment, as any busy service is, is not full
_FULL_S = 2.0


class State(NamedTuple):
    """One look at the service.

    Attributes:
        reason: why it takes no requests; empty when it does.
        service: of all requests.
        rankers: of each bundle.
    """

    reason: str
    service: dict[str, Any]
    rankers: list[dict[str, Any]]

    @property
    def ready(self) -> bool:
        """Whether it takes requests."""
        return not self.reason


class Readiness:
    """Looks at the parts that must work."""

    def __init__(
        self,
        config: ServiceConfig,
        bundles: Mapping[Target, Bundle],
        admission: Admission,
        graph: Graph,
        schedulers: Sequence[Scheduler],
    ) -> None:
        """Bind the parts; op processes have schedulers of their own, which are not seen here."""
        self._admission = admission
        self._graph = graph
        self._bundles = bundles
        self._schedulers = {scheduler.version: scheduler for scheduler in schedulers}
        self._share = config.limits.ready_share
        self._max_in_flight = config.limits.max_in_flight
        self._max_rows = config.scheduler.max_queue_rows
        self._max_compute_s = config.scheduler.max_compute_s

    def state(self) -> State:
        """Look at everything."""
        rankers = [self._ranker(target) for target in self._bundles]
        in_flight = self._admission.in_flight
        service = {
            "accepting": self._admission.closed is None,
            "in_flight": in_flight,
            "max_in_flight": self._max_in_flight,
        }
        reasons = [self._admission.closed] if self._admission.closed else []
        if self._admission.full_s > _FULL_S:
            reasons.append(f"the queue is full: {in_flight} requests are in work")
        reasons += [f"{name} is stopped; send it SIGCONT" for name in self._graph.stopped()]
        reasons += [f"{r['ranker']}@{r['bundle']}: {r['reason']}" for r in rankers if r["reason"]]
        return State("; ".join(reasons), service, rankers)

    def hanging(self) -> str:
        """Which bundle computes a batch for too long, for ever perhaps; empty when none does."""
        for target in self._bundles:
            reason = self._hangs(self._schedulers.get(target.bundle))
            if reason:
                return f"{target.ranker}@{target.bundle}: {reason}"
        return ""

    def of_target(self, target: Target) -> str:
        """Why one bundle answers nothing now; empty when it does."""
        return self._admission.closed or str(self._ranker(target)["reason"])

    def _ranker(self, target: Target) -> dict[str, Any]:
        scheduler = self._schedulers.get(target.bundle)
        up = scheduler.alive if scheduler is not None else not self._graph.dead()
        waiting = scheduler.waiting_rows if scheduler is not None else None
        reason = ""
        problem = scheduler.problem if scheduler is not None else ""
        hangs = self._hangs(scheduler)
        if not up:
            reason = "its engine has ended"
        elif problem or hangs:
            reason = problem or hangs
        elif waiting is not None and waiting >= self._share * self._max_rows:
            reason = f"the queue is full: {waiting} documents wait"
        return {
            "ranker": target.ranker,
            "bundle": target.bundle,
            "ready": not reason,
            "reason": reason,
            "up": up,
            # a bundle that has some is served by nothing that scores them differently
            "golden_pairs": (
                "passed" if GOLDEN_FILE in self._bundles[target].manifest.files else "none"
            ),
            "queue_rows": waiting,
            "max_queue_rows": self._max_rows,
        }

    def _hangs(self, scheduler: Optional[Scheduler]) -> str:
        seconds = scheduler.computing_s if scheduler is not None else 0.0
        if seconds <= self._max_compute_s:
            return ""
        return (
            f"a batch has been computed for {seconds:.0f} s, "
            f"more than scheduler.max_compute_s allows ({self._max_compute_s:g})"
        )
