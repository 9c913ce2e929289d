# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP edge put together: every route, and the layers around them all."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response

from pipeline.door.readiness import Readiness
from pipeline.door.services import Services
from pipeline.edges.feedback import FeedbackDesk
from pipeline.edges.http.described_route import get
from pipeline.edges.http.headers import REQUEST_ID_HEADER
from pipeline.edges.http.layers.body_budget import BodyBounds, Budget
from pipeline.edges.http.layers.browsers import Browsers
from pipeline.edges.http.layers.every_answer import EveryAnswer
from pipeline.edges.http.layers.trailing_slash import TrailingSlash
from pipeline.edges.http.models import Models
from pipeline.edges.http.openapi import state
from pipeline.edges.http.openapi.document import DOCS_WITH_SLASH, documentation_routes
from pipeline.edges.http.routes.assignments import assignment_routes
from pipeline.edges.http.routes.gateway import ERROR_HANDLERS, gateway_routes
from pipeline.edges.http.routes.inference_tensors import LENGTH_HEADER
from pipeline.edges.http.routes.information import information_routes
from pipeline.edges.http.routes.open_inference import open_inference_routes
from pipeline.edges.http.routes.page import page_routes
from pipeline.edges.http.routes.rerank import ROUTE_HEADERS, rerank_routes
from pipeline.edges.http.routes.traffic import traffic_routes
from pipeline.edges.http.runner import Runner
from pipeline.process.version import VERSION
from pipeline.settings.http import HttpConfig
from pipeline.settings.service import LimitsConfig
from pipeline.telemetry.metrics import CONTENT_TYPE, Metrics


def build_app(
    runner: Runner,
    services: Services,
    desk: FeedbackDesk,
    readiness: Readiness,
    metrics: Metrics,
    models: Models,
    limits: LimitsConfig,
    http: HttpConfig,
) -> Starlette:
    """Bind the routes.

    Args:
        runner: takes ranking requests to the front door.
        services: the names under which upstream's paths answer.
        desk: takes feedback.
        readiness: says whether requests are taken.
        metrics: of this process.
        models: what can be asked by name.
        limits: of requests.
        http: who may call, and from where.
    """

    async def text(_: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    # the first that matches answers: upstream's paths come last, since theirs match any two words
    app = Starlette(
        routes=[
            *rerank_routes(runner, models),
            *open_inference_routes(runner, models, readiness),
            *information_routes(models, limits),
            *assignment_routes(runner, models.router, limits),
            *traffic_routes(runner, models, readiness, metrics),
            *page_routes(),
            *documentation_routes(lambda: app.routes, VERSION),
            get("/metrics", text, state.metrics()),
            *gateway_routes(runner, services, desk, readiness),
        ],
        middleware=_layers(limits, http, metrics),
        exception_handlers=ERROR_HANDLERS,
    )
    app.router.redirect_slashes = False
    return app


def _layers(limits: LimitsConfig, http: HttpConfig, metrics: Metrics) -> list[Middleware]:
    """Around all routes, the outermost first."""
    budget = Budget(limits.body_bytes_in_flight, limits.body_timeout_s)
    layers = [Middleware(BodyBounds, budget=budget, metrics=metrics)]
    if http.cors_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=http.cors_origins,
                allow_methods=["GET", "POST"],
                allow_headers=["*"],
                expose_headers=[REQUEST_ID_HEADER, *ROUTE_HEADERS, "retry-after", LENGTH_HEADER],
            )
        )
    layers += [Middleware(EveryAnswer), Middleware(TrailingSlash, kept=[DOCS_WITH_SLASH])]
    if not http.api_keys or http.allowed_hosts:
        origins, keys = http.cors_origins, bool(http.api_keys)
        layers.append(Middleware(Browsers, origins=origins, hosts=http.allowed_hosts, keys=keys))
    return layers
