# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What is served, for programs: GET /v1/models, GET /info."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from contract.rankers import CASCADE
from pipeline.edges.http.described_route import get
from pipeline.edges.http.errors import json_response
from pipeline.edges.http.models import OWNER, Models
from pipeline.edges.http.openapi import state
from pipeline.process.version import VERSION
from pipeline.routing.stages import CascadePlan
from pipeline.settings.service import LimitsConfig


def _described(cascade: CascadePlan) -> dict[str, Any]:
    """The stages; what a stage does not have is left out."""
    stages = [
        {
            "ranker": stage.ranker,
            **({"bundle": stage.bundle} if stage.bundle else {}),
            **({"keep": stage.keep} if stage.keep is not None else {}),
            **(
                {"keep_share": stage.share, "keep_at_least": stage.at_least}
                if stage.share is not None
                else {}
            ),
        }
        for stage in cascade.stages
    ]
    max_ms = None if cascade.max_s is None else cascade.max_s * 1000.0
    return {"version": cascade.target.bundle, "max_ms": max_ms, "stages": stages}


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
        if models.cascade is not None:
            last = models.parts(models.cascade.target)[-1]
            of_last = next(b for b in models.bundles if (b.ranker, b.version) == last)
            served.append(
                {
                    "id": CASCADE,
                    "object": "model",
                    "created": 0,
                    "owned_by": OWNER,
                    "bundle": models.cascade.target.bundle,
                    "precision": of_last.precision,
                    "max_model_len": of_last.max_seq_length,
                }
            )
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
                **({"cascade": _described(models.cascade)} if models.cascade else {}),
                "experiments": list(models.experiments),
                "limits": {
                    **asdict(limits),
                    "max_body_bytes_in_flight": limits.body_bytes_in_flight,
                },
            }
        )

    return [get("/v1/models", list_models, state.models()), get("/info", info, state.info())]
