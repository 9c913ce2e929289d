# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI document names every route and every field, and its page needs no other host."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from child_services.running_service import RunningService
from contract.wire import feedback, request
from pipeline.door.services import Services
from pipeline.edges.http.app import build_app
from pipeline.edges.http.described_route import DescribedRoute
from pipeline.edges.http.models import Models
from pipeline.edges.http.routes import assignments, rerank_bodies
from pipeline.edges.http.routes import gateway_bodies as body
from pipeline.edges.http.routes import inference_tensors as tensors
from pipeline.settings.service import ServiceConfig
from pipeline.telemetry.metrics import Metrics
from tests.pipeline.edges.http.openapi_fuzz import cases_of, fuzz

# whose unknown fields are named in the answer, not refused
LENIENT = ("Rerank", "RerankTexts")
READERS = {
    "Rank": request.FIELDS,
    "Wire": body._WIRE_FIELDS,
    "Rerank": rerank_bodies.DOCUMENTS_FIELDS | rerank_bodies.SILENT_FIELDS,
    "RerankTexts": rerank_bodies.TEXTS_FIELDS | rerank_bodies.SILENT_FIELDS,
    "Feedback": feedback._FIELDS,
    "Inference": tensors._BODY_FIELDS,
    "AssignmentRequest": assignments._FIELDS,
    "Draft": assignments._DRAFT_FIELDS,
}


@pytest.fixture(scope="module")
def document(service: RunningService) -> dict[str, Any]:
    response = httpx.get(f"{service.url}/openapi.json", timeout=30)
    assert response.headers["content-type"] == "application/json"
    return response.json()


@pytest.mark.parametrize("name", READERS)
def test_every_field_that_a_reader_accepts_is_there(document: dict[str, Any], name: str) -> None:
    described = document["components"]["schemas"][name]
    assert set(described["properties"]) == set(READERS[name])
    assert described["additionalProperties"] is (name in LENIENT)


def test_tensors_have_their_fields(document: dict[str, Any]) -> None:
    tensors = document["components"]["schemas"]["Wire"]["properties"]["tensors"]
    assert set(tensors["items"]["properties"]) == set(body._TENSOR_FIELDS)


def test_tensors_of_inferences_have_their_fields(document: dict[str, Any]) -> None:
    inputs = document["components"]["schemas"]["Inference"]["properties"]["inputs"]
    assert set(inputs["items"]["properties"]) == set(tensors._TENSOR_FIELDS)


def test_every_route_describes_itself(document: dict[str, Any]) -> None:
    config = ServiceConfig()
    models = Models({}, {}, SimpleNamespace())  # type: ignore[arg-type]
    runner = SimpleNamespace(limits=None, max_body_bytes=0)
    services, nobody = Services(("pairwise",)), SimpleNamespace()
    app = build_app(
        runner, services, nobody, nobody, Metrics(), models, config.limits, config.http,  # type: ignore[arg-type]
    )  # fmt: skip
    routes = [r for r in app.routes if isinstance(r, DescribedRoute)]
    assert len(routes) == len(app.routes)
    shown = [r for r in routes if r.description is not None]
    files = ("/docs/", "/page/", "/v2/models/{rest:path}")
    assert all(r.path.startswith(files) for r in routes if r not in shown)
    for route in shown:
        for method in route.methods - {"HEAD"}:
            assert method.lower() in document["paths"][route.path]
    ids = [o["operationId"] for path in document["paths"].values() for o in path.values()]
    assert len(ids) == len(set(ids)) == len(shown)


def test_every_operation_says_how_it_fails(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for name, operation in methods.items():
            assert {"200", "400", "403", "405"} <= set(operation["responses"]), path
            if name == "post":
                assert {"401", "408", "413", "415", "422", "429", "503"} <= set(
                    operation["responses"]
                )


def test_the_page_needs_no_other_host(service: RunningService) -> None:
    page = httpx.get(f"{service.url}/docs", timeout=30)
    assert "//" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="(docs/[^"]+)"', page.text)
    assert len(links) == 2
    for link in links:
        asset = httpx.get(f"{service.url}/{link}", timeout=30)
        assert asset.status_code == 200
        assert len(asset.content) > 100_000


def test_answers_are_as_documented(service: RunningService, tmp_path: Path) -> None:
    """schemathesis, with a fixed seed; make fuzz-http does it for longer."""
    status, output = fuzz(service.url, tmp_path, seed=1, examples=15, phases="fuzzing")
    assert status == 0, output
    assert cases_of(output) > 50, output
