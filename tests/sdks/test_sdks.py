# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Clients of other re-rankers, unmodified, call a real service: their answers are the ranker's.

Each program of ``programs`` runs in ``.venv-sdks``, which ``make setup-sdks`` makes: the packages'
pins must not touch those of the service.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest

from child_services.running_service import RunningService
from clients.http_client import HttpRankerClient
from contract.rankers import CROSS_ENCODER, PAIRWISE
from tests.bundles import SENTENCES
from tests.services import running_service

QUERY, DOCUMENTS = SENTENCES[0], list(SENTENCES[1:])
PROGRAMS = Path(__file__).resolve().parent / "programs"
# not the default, so that an answer shows that the model's name was heard
MODEL = "rerank-multilingual-v3.0"

Run = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module")
def edge(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    directory = tmp_path_factory.mktemp("sdks")
    with running_service(bundles, directory, model_aliases={MODEL: CROSS_ENCODER}) as service:
        yield service


@pytest.fixture(scope="module")
def run(edge: RunningService, repository: Path) -> Run:
    """Runs a program; what it printed."""
    python = repository / ".venv-sdks" / "bin" / "python"
    if not python.exists():
        pytest.skip("make setup-sdks makes the environment of these packages")

    def run_program(name: str) -> dict[str, Any]:
        task = {"url": edge.url, "query": QUERY, "documents": DOCUMENTS, "model": MODEL}
        quiet = {"LANGCHAIN_TRACING_V2": "false", "HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1"}
        done = subprocess.run(
            [python, PROGRAMS / f"run_{name}.py"],
            input=json.dumps(task),
            env={**os.environ, **quiet},
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, done.stderr
        shown: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return shown

    return run_program


def ranked(edge: RunningService, ranker: str = CROSS_ENCODER) -> list[Any]:
    with HttpRankerClient(edge.url) as client:
        result = client.rank(QUERY, DOCUMENTS, ranker=ranker)
    return [[d.index, pytest.approx(d.score, abs=1e-6)] for d in result.results]


def test_cohere(edge: RunningService, run: Run) -> None:
    shown, best = run("cohere"), ranked(edge)
    for name in ("v1", "v2"):
        assert shown[name] == best[:2], name
        assert shown[f"async_{name}"] == best, name
    assert shown["v1_documents"] == [DOCUMENTS[index] for index, _ in best[:2]]
    assert (shown["v1_version"], shown["v2_version"]) == ("1", "2")
    assert shown["v2_id"]
    assert shown["v2_billed"] == 1
    assert "had more tokens" in shown["v2_warnings"][0]
    kind, text = shown["unknown_model"]
    assert kind == "NotFoundError"
    assert "'message': \"model: no model 'gpt'" in text
    kind, text = shown["empty_query"]
    assert kind == "UnprocessableEntityError"
    assert "query: must not be empty" in text


def test_langchain(edge: RunningService, run: Run) -> None:
    shown, best = run("langchain"), ranked(edge)
    for name in ("cohere", "jina", "infinity"):
        assert shown[name] == best[:2], name
    kind, text = shown["jina_unknown_model"]
    assert kind == "RuntimeError"
    assert text.startswith("model: no model 'gpt'")
    kind, text = shown["jina_empty_query"]
    assert kind == "RuntimeError"
    assert "must not be empty" in text


def test_llama_index(edge: RunningService, run: Run) -> None:
    shown, best = run("llama_index"), ranked(edge)
    for name in ("cohere", "jina", "siliconflow", "voyage", "xinference"):
        assert shown[name] == best[:2], name
    assert shown["tei"] == ranked(edge, PAIRWISE)[:2]
    assert shown["jina_unknown_model"][0] == "RuntimeError"
    assert shown["jina_empty_query"][0] == "RuntimeError"
    assert "must not be empty" in shown["jina_empty_query"][1]


def test_infinity_voyage_and_text_embeddings_inference(edge: RunningService, run: Run) -> None:
    shown, best, default = run("others"), ranked(edge), ranked(edge, PAIRWISE)
    for name in ("infinity", "voyage"):
        assert shown[name] == best[:2], name
    assert shown["infinity_documents"] == [DOCUMENTS[index] for index, _ in best[:2]]
    for name in ("infinity_unnamed", "tei", "tei_root"):
        assert shown[name] == default, name
    kind, where, message = shown["infinity_refused"]
    assert (kind, where) == ("HTTPValidationError", ["body", "query"])
    assert "must not be empty" in message
    for name in ("infinity_all", "voyage_all", "voyage_async"):
        assert shown[name] == best, name
    assert "shorten them" in shown["voyage_too_long"][1]
    assert "must not be empty" in shown["voyage_empty_query"][1]
    kind, text = shown["tei_refused"]
    assert kind.endswith("HfHubHTTPError")
    assert "truncation_direction: must be" in text
