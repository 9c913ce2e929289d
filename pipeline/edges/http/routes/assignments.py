# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What an experiment would do, asked without doing it: nothing here is recorded or counted.

GET  /v1/assignments    the variant of a unit; POST takes the same fields as JSON, which keeps them
                        out of the logs of proxies and bounds no query
POST /v1/interleave     two orders, drafted into one as an experiment drafts them
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.errors import InvalidField, RankingError
from contract.experiments.interleaving import team_draft
from contract.wire.request import RankRequest
from contract.wire.values import check_text, check_unit
from pipeline.edges.http.described_route import get, post
from pipeline.edges.http.errors import json_response, problem_response
from pipeline.edges.http.json_body import parse_object
from pipeline.edges.http.openapi import experiments
from pipeline.edges.http.runner import Runner, body_of, off_loop
from pipeline.routing.describe import describe_route
from pipeline.routing.router import Router
from pipeline.settings.service import LimitsConfig

_FIELDS = ("unit_id", "user_id", "query", "experiment")
_DRAFT_FIELDS = ("orders", "seed")
_MAX_SEED_CHARS = 1024
# a query or two orders; these routes pass no admission, so that they stay cheap
_MAX_BODY_BYTES = 256 * 1024


def assignment_routes(runner: Runner, router: Router, limits: LimitsConfig) -> list[BaseRoute]:
    """The routes."""
    most = min(limits.max_body_bytes, _MAX_BODY_BYTES)

    async def by_url(request: Request) -> Response:
        try:
            runner.check(request)
            return json_response(_assign(router, dict(request.query_params), limits))
        except RankingError as error:
            return problem_response(error)

    async def by_body(request: Request) -> Response:
        try:
            runner.check(request)
            body = await body_of(request).whole(most)
            return json_response(
                await off_loop(body, lambda: _assign(router, parse_object(body), limits))
            )
        except RankingError as error:
            return problem_response(error)

    async def interleave(request: Request) -> Response:
        try:
            runner.check(request)
            body = await body_of(request).whole(most)
            return json_response(await off_loop(body, lambda: _draft(parse_object(body), limits)))
        except RankingError as error:
            return problem_response(error)

    return [
        get("/v1/assignments", by_url, experiments.assignment_of_query()),
        post("/v1/assignments", by_body, experiments.assignment_of_body()),
        post("/v1/interleave", interleave, experiments.interleave()),
    ]


def _assign(router: Router, fields: Mapping[str, Any], limits: LimitsConfig) -> dict[str, Any]:
    plan = router.plan
    asked = _read_unit(fields, limits)
    experiment = check_unit(fields.get("experiment") or None, "experiment")
    known = [one.name for one in plan.experiments]
    if experiment and experiment not in known:
        raise InvalidField(
            f"no experiment {experiment!r:.80}; there are: {', '.join(known) or 'none'}",
            field="experiment",
        )
    route = router.route(asked, (), experiment)
    held_out = not route.experiment and plan.holdout is not None and plan.holdout.holds(asked.unit)
    return {"unit": asked.unit, **describe_route(route), "held_out": held_out}


def _read_unit(fields: Mapping[str, Any], limits: LimitsConfig) -> RankRequest:
    unknown = [name for name in fields if name not in _FIELDS]
    if unknown:
        raise InvalidField(f"unknown; known are {', '.join(_FIELDS)}", field=unknown[0])
    if not any(fields.get(name) for name in _FIELDS[:3]):
        raise InvalidField("missing; name a unit_id, a user_id or a query", field="unit_id")
    query = check_text(fields.get("query") or "", "query", limits.max_query_chars, empty=True)
    return RankRequest(
        ((query, ""),),
        unit_id=check_unit(fields.get("unit_id") or None, "unit_id"),
        user_id=check_unit(fields.get("user_id") or None, "user_id"),
    )


def _draft(fields: Mapping[str, Any], limits: LimitsConfig) -> dict[str, Any]:
    for name in fields:
        if name not in _DRAFT_FIELDS:
            raise InvalidField(f"unknown; known are {', '.join(_DRAFT_FIELDS)}", field=name)
    orders = fields.get("orders")
    if not isinstance(orders, list) or len(orders) != 2:
        raise InvalidField("must be two lists of document numbers, best first", field="orders")
    for i, order in enumerate(orders):
        _check_order(order, f"orders[{i}]", limits.max_documents)
    if len(orders[0]) != len(orders[1]):
        raise InvalidField(
            f"must hold as many documents as orders[0], {len(orders[0])}, got {len(orders[1])}",
            field="orders[1]",
        )
    seed = check_text(fields.get("seed", ""), "seed", _MAX_SEED_CHARS, empty=True)
    order, pickers = team_draft(orders, seed, len(orders[0]))
    return {"order": order, "pickers": pickers}


def _check_order(order: Any, where: str, most: int) -> None:
    if not isinstance(order, list) or not 1 <= len(order) <= most:
        raise InvalidField(f"must be a list of 1 to {most} numbers", field=where)
    numbers = all(type(number) is int for number in order)
    if not numbers or sorted(order) != list(range(len(order))):
        raise InvalidField("must hold each number from 0 on once", field=where)
