# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Experiments and routes as plain fields, for people and programs to read."""

from __future__ import annotations

from typing import Any, Optional

from pipeline.request.route import Route, Target
from pipeline.routing.plan import Experiment

RUNNING, PLANNED, ENDED = "running", "planned", "ended"


def describe_experiment(experiment: Experiment, now: float) -> dict[str, Any]:
    """Name, state, and who answers which share of all units.

    Args:
        experiment: as it is decided by.
        now: seconds since 1970.
    """
    shares = experiment.assignment.shares
    variants: list[dict[str, Any]] = []
    for name, route in experiment.routes.items():
        for part in describe_answers(route):
            variants.append({**part, "share": shares[name], "shadow": False})
        if route.shadow is not None:
            shadow = _target(route.shadow_variant, route.shadow)
            variants.append({**shadow, "share": shares[name], "shadow": True})
    namespace = experiment.namespace
    return {
        "name": experiment.name,
        "mode": next(iter(experiment.routes.values())).mode,
        "state": _state(experiment, now),
        "coverage": min(1.0, sum(shares.values())),
        "start": experiment.start,
        "end": experiment.end,
        "namespace": namespace and [namespace.name, namespace.start, namespace.end],
        "variants": variants,
    }


def describe_route(route: Route) -> dict[str, Any]:
    """What a unit is served; the fields of a unit in no experiment are empty."""
    return {
        "experiment": route.experiment,
        "mode": route.mode,
        "variant": route.variant,
        "reason": route.reason,
        "answers": describe_answers(route),
        "shadow": _target(route.shadow_variant, route.shadow) if route.shadow else None,
        "fallback": route.fallback.ranker if route.fallback else None,
    }


def describe_answers(route: Route) -> list[dict[str, str]]:
    """Who answers: one, or two whose orders are interleaved."""
    names = route.teams or (route.variant,)
    return [_target(name, target) for name, target in zip(names, route.targets)]


def _target(variant: str, target: Target) -> dict[str, str]:
    return {"variant": variant, "ranker": target.ranker, "bundle": target.bundle}


def _state(experiment: Experiment, now: float) -> str:
    if experiment.runs(now):
        return RUNNING
    start: Optional[float] = experiment.start
    return PLANNED if start is not None and now < start else ENDED
