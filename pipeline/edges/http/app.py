# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP edge put together: layers around the whole app, and the routes of each module.

pipeline.edges.http.routes.gateway has upstream's paths; .rerank, .open_inference, .information,
.assignments and .traffic have shapes of their own; .page serves the page at / .
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from fastapi import FastAPI, Response
from starlette.middleware.cors import CORSMiddleware

from pipeline.door.front_door import FrontDoor
from pipeline.door.readiness import Readiness
from pipeline.edges.http.api_keys import Keys
from pipeline.edges.http.headers import REQUEST_ID_HEADER
from pipeline.edges.http.layers.body_budget import BodyBounds, Budget
from pipeline.edges.http.layers.request_ids import EchoRequestId
from pipeline.edges.http.layers.unexpected_errors import Failures
from pipeline.edges.http.models import Models
from pipeline.edges.http.openapi import state
from pipeline.edges.http.openapi.document import add_documentation
from pipeline.edges.http.routes.assignments import add_assignments
from pipeline.edges.http.routes.gateway import add_gateway
from pipeline.edges.http.routes.inference_tensors import LENGTH_HEADER
from pipeline.edges.http.routes.information import add_information
from pipeline.edges.http.routes.open_inference import add_open_inference
from pipeline.edges.http.routes.page import add_page
from pipeline.edges.http.routes.rerank import ROUTE_HEADERS, add_rerank_routes
from pipeline.edges.http.routes.traffic import add_traffic
from pipeline.edges.http.work import Work
from pipeline.process.version import VERSION
from pipeline.settings.http import HttpConfig
from pipeline.settings.service import LimitsConfig
from pipeline.telemetry.metrics import CONTENT_TYPE, Metrics


def build_app(
    front_door: FrontDoor,
    readiness: Readiness,
    metrics: Metrics,
    pool: ThreadPoolExecutor,
    models: Models,
    limits: LimitsConfig,
    http: HttpConfig,
) -> FastAPI:
    """Bind the routes.

    Args:
        front_door: answers.
        readiness: says whether requests are taken.
        metrics: of this process.
        pool: one thread for every request that may be in flight; ranking blocks its thread.
        models: what can be asked by name.
        limits: of requests.
        http: keys and origins.
    """
    max_body_bytes = limits.max_body_bytes
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    work = Work(front_door, pool, Keys(http))
    budget = Budget(limits.body_bytes_in_flight, limits.body_timeout_s)
    # the last one added is the outermost
    app.add_middleware(Failures)
    app.add_middleware(EchoRequestId)
    if http.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=http.cors_origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=[REQUEST_ID_HEADER, *ROUTE_HEADERS, "retry-after", LENGTH_HEADER],
        )
    app.add_middleware(BodyBounds, budget=budget, metrics=metrics)
    add_rerank_routes(app, work, models, max_body_bytes)
    add_open_inference(app, work, models, readiness, max_body_bytes)
    add_information(app, models, limits)
    add_assignments(app, work, models.router, limits)
    add_traffic(app, work, models, readiness, metrics)
    add_page(app)
    add_documentation(app, VERSION)

    @app.get("/metrics", openapi_extra=state.metrics())
    async def text() -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    add_gateway(app, work, readiness, max_body_bytes)
    return app
