# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""One suite, two servers: the tests of the Pipeline's edges, sent to the C++ program.

What the program does not carry stands in ``LEFT_OUT`` with the reason; all other tests of these
files run here again, so a new one is held to both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from child_services.rank_process import RankProcess
from child_services.running_service import RunningService
from contract.rankers import CROSS_ENCODER, RANKERS
from tests.clients.ranker import test_key_value_clients
from tests.general_model_service.twins import openvino_config
from tests.pipeline import (
    test_bad_input,
    test_long_queries,
    test_queries_without_tokens,
)
from tests.pipeline.conftest import MAX_BODY_BYTES
from tests.pipeline.edges.http import (
    test_client_requests,
    test_methods_and_paths,
    test_rerank,
    test_rerank_documents,
)

SUITES: tuple[ModuleType, ...] = (
    test_bad_input,
    test_client_requests,
    test_key_value_clients,
    test_long_queries,
    test_methods_and_paths,
    test_queries_without_tokens,
    test_rerank,
    test_rerank_documents,
)

# By the beginning of a test's name; conftest.py takes these out of what is collected. The page
# docs/rank-service.md tells the same to users.
_NO_INFERENCE = "Open Inference is not carried over"
_OWN_PATHS = "paths that are none, /health, /ready and /metrics are in this service's own words"
LEFT_OUT: dict[str, str] = {
    "test_bad_input__paths_that_are_none[GET-/nothing": _OWN_PATHS,
    "test_bad_input__paths_that_are_none[POST-/health": _OWN_PATHS,
    "test_bad_input__paths_that_are_none[POST-/ranker-": _OWN_PATHS,
    "test_bad_input__paths_that_are_none[POST-/ranker/predict-": _OWN_PATHS,
    "test_bad_input__paths_that_are_none[POST-/ranker/prediction/more": _OWN_PATHS,
    "test_client_requests__a_byte_order_mark_is_taken[/v2/models": _NO_INFERENCE,
    "test_key_value_clients__an_unknown_service_is_told_apart[http-..": _OWN_PATHS,
    "test_key_value_clients__an_unknown_service_is_told_apart[http-]": _OWN_PATHS,
    "test_key_value_clients__over_http_a_bad_value": "the limits are those of another file",
    "test_long_queries__the_right_title_is_first[open_inference": _NO_INFERENCE,
    "test_methods_and_paths__a_slash_at_the_end_changes_no_get": _OWN_PATHS,
    "test_methods_and_paths__head_": _OWN_PATHS,
    "test_methods_and_paths__other_methods": _OWN_PATHS,
    "test_methods_and_paths__the_page": "the page is not carried over",
    "test_queries_without_tokens__it_is_422_and_named": _NO_INFERENCE,
    "test_rerank__a_key_among_many": "counts what reading takes: 413 before it is read",
    "test_rerank__what_is_wrong_is_named[body4": "counts what reading takes: 413",
    "test_rerank__what_was_refused_for_being_cut": "looks into the Pipeline's log and metrics",
    "test_rerank__who_hangs_up": "looks into the Pipeline's metrics",
}


def adopted() -> dict[str, Any]:
    """Tests by a name that tells their file."""
    found = {}
    for suite in SUITES:
        file = suite.__name__.rpartition(".")[2].removeprefix("test_")
        for name, value in vars(suite).items():
            if name.startswith("test_") and callable(value):
                found[f"test_{file}__{name.removeprefix('test_')}"] = value
    return found


ALL = adopted()
globals().update(ALL)


@pytest.fixture(scope="module")
def service(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """Both rankers; as the Pipeline's that these tests are written for."""
    config = openvino_config(bundles, RANKERS)
    config["limits"]["max_body_bytes"] = MAX_BODY_BYTES
    with RankProcess(config, tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.fixture(scope="module")
def edge(
    tensor_program: Path, bundles: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """As that of the tests of /rerank."""
    config = {**openvino_config(bundles, RANKERS), "experiments": [test_rerank.SPLIT]}
    config["model_aliases"] = {"rerank-v3.5": CROSS_ENCODER}
    config["limits"].update(max_body_bytes=200_000, max_documents=500)
    with RankProcess(config, tmp_path_factory.mktemp("edge")) as running:
        yield running


@pytest.fixture(scope="module")
def shipped(
    tensor_program: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningService]:
    """The bundles of the repository."""
    directory = tmp_path_factory.mktemp("shipped")
    config = openvino_config(repository / "serving_models", RANKERS)
    config["engine_cache"] = str(directory / "engine_cache")
    with RankProcess(config, directory) as running:
        yield running


@pytest.fixture(params=["rpc", "http"])
def client(request: pytest.FixtureRequest, service: RunningService) -> Iterator[Any]:
    with test_key_value_clients.connect(request.param, service) as made:
        yield made


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_is_there(name: str) -> None:
    function = name.partition("[")[0]
    assert any(one.startswith(function) for one in ALL), "no test is called so any more"
