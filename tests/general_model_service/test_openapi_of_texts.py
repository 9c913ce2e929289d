# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ program is held to the Pipeline's OpenAPI document, on the routes that it has."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from child_services.rank_process import RankProcess
from contract.rankers import RANKERS
from pipeline.door.services import Services
from pipeline.edges.http.app import build_app
from pipeline.edges.http.models import Models
from pipeline.edges.http.openapi.document import build_document
from pipeline.settings.service import ServiceConfig
from pipeline.telemetry.metrics import Metrics
from tests.general_model_service.twins import openvino_config
from tests.pipeline.edges.http.openapi_fuzz import cases_of, fuzz

PATHS = ("/", "/rerank", "/v1/rerank", "/v2/rerank", "/{service}/{method}", "/v1/models", "/info")


def document() -> dict[str, Any]:
    """As the Pipeline has it, of those paths alone."""
    config, nobody = ServiceConfig(), SimpleNamespace()
    models = Models({}, {}, nobody)  # type: ignore[arg-type]
    runner = SimpleNamespace(limits=None, max_body_bytes=0)
    app = build_app(
        runner, Services(RANKERS), nobody, nobody, Metrics(), models, config.limits, config.http,  # type: ignore[arg-type]
    )  # fmt: skip
    whole = build_document(app.routes, "1")
    # GET / describes the bundle, and /info has no version of the service
    del whole["paths"]["/"]["get"]
    info = json.dumps(whole).replace(
        '"max_client_batch_size", "version"', '"max_client_batch_size"'
    )
    assert info != json.dumps(whole)
    whole = json.loads(info)
    return {**whole, "paths": {path: whole["paths"][path] for path in PATHS}}


def test_answers_are_as_documented(tensor_program: Path, bundles: Path, tmp_path: Path) -> None:
    """schemathesis, with a fixed seed."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document()), encoding="utf-8")
    with RankProcess(openvino_config(bundles, RANKERS), tmp_path) as service:
        status, output = fuzz(service.url, tmp_path, 1, 15, "fuzzing", file)
    assert status == 0, output
    assert cases_of(output) > 50, output
