# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Chooses who scores a request, by the plan that holds at the moment."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Callable

from contract.errors import UnknownService
from contract.experiments.records import logged_unit
from contract.wire.request import RankRequest
from pipeline.request.route import Route
from pipeline.routing.plan import Plan


class Router:
    """Decides by the plan that holds at the moment; safe to share between threads."""

    def __init__(self, plan: Plan) -> None:
        """Begin with a plan."""
        self._plan = plan
        self._refresh: Callable[[], object] = lambda: None

    def follow(self, refresh: Callable[[], object]) -> None:
        """Bind what looks for a change of the file at once."""
        self._refresh = refresh

    def knows(self, experiment: str) -> bool:
        """Whether there is such an experiment; the file decides when the plan has none.

        Several processes follow the file, each at its own time.
        """
        if experiment in self._plan.names:
            return True
        self._refresh()
        return experiment in self._plan.names

    @property
    def plan(self) -> Plan:
        """What is decided by now."""
        return self._plan

    def change(self, plan: Plan) -> None:
        """Decide by another plan from the next request on."""
        self._plan = plan

    def route(self, request: RankRequest, asked: tuple[str, ...], experiment: str = "") -> Route:
        """Decide who scores a request.

        Args:
            request: as validated.
            asked: rankers that the request names; empty when it leaves the choice to the service.
            experiment: the only one that may take the request; empty: any.

        Raises:
            UnknownService: there is no such experiment.
        """
        if experiment and not self.knows(experiment):
            raise UnknownService(f"no experiment {experiment!r:.80} any more", field="model")
        plan = self._plan
        if asked:
            return Route(tuple(plan.rankers[ranker] for ranker in asked))
        if not plan.experiments:
            return Route((plan.default,))
        unit = request.unit
        chosen = plan.choose(unit, time.time(), experiment)
        if chosen is None:
            return Route((plan.default,))
        route, reason = chosen
        is_query = not (request.unit_id or request.user_id)
        return replace(route, unit=logged_unit(unit, is_query=is_query), reason=reason)
