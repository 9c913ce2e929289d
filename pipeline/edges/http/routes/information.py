# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What is served, for programs: GET /v1/models, GET /info."""

from __future__ import annotations

from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from pipeline.edges.http.described_route import get
from pipeline.edges.http.errors import json_response
from pipeline.edges.http.models import OWNER, Models
from pipeline.edges.http.openapi import state
from pipeline.process.version import VERSION
from pipeline.settings.service import LimitsConfig


def information_routes(models: Models, limits: LimitsConfig) -> list[BaseRoute]:
    """The routes."""

    async def list_models(_: Request) -> Response:
        served = [
            {
                "id": bundle.ranker,
                "object": "model",
                "created": 0,
                "owned_by": OWNER,
                "bundle": bundle.version,
                "precision": bundle.precision,
                "max_model_len": bundle.max_seq_length,
            }
            for bundle in models.bundles
            if bundle.default
        ]
        served += [
            {"id": name, "object": "experiment", "created": 0, "owned_by": OWNER}
            for name in models.experiments
        ]
        return json_response({"object": "list", "data": served})

    async def info(_: Request) -> Response:
        first = models.bundles[0]
        return json_response(
            {
                # as Text Embeddings Inference names them
                "model_id": first.ranker,
                "model_sha": first.version,
                "model_dtype": first.precision,
                "model_type": {"reranker": {}},
                "max_concurrent_requests": limits.max_in_flight,
                "max_input_length": first.max_seq_length,
                "max_client_batch_size": limits.max_documents,
                "version": VERSION,
                # what this service has besides
                "bundles": [asdict(bundle) for bundle in models.bundles],
                "experiments": list(models.experiments),
                "limits": {
                    **asdict(limits),
                    "max_body_bytes_in_flight": limits.body_bytes_in_flight,
                },
            }
        )

    return [get("/v1/models", list_models, state.models()), get("/info", info, state.info())]
