# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Services that the remote engine refuses at its start: of another bundle, or silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from child_services import tensor_process
from child_services.child import free_port
from contract.bundle import Bundle
from contract.errors import (
    BundleError,
    ConfigError,
    InferenceFailed,
    SetUpError,
)
from contract.rankers import CROSS_ENCODER, PAIRWISE
from pipeline.engines.remote.source import RemoteEngines
from tests.bundles import build_bundle
from tests.pipeline.engines.remote_services import (
    LIMIT_S,
    answers,
    endpoint,
    feed_of,
    golden_check,
    kill,
    opened,
    until,
)
from tests.tensor_service import StartTensorService


@pytest.fixture
def bundle(bundles: Path) -> Bundle:
    return Bundle.open(bundles / PAIRWISE)


def test_a_service_with_another_bundle_is_refused(
    bundle: Bundle, tensor_service: StartTensorService, tmp_path: Path
) -> None:
    other = tensor_service(build_bundle(tmp_path, PAIRWISE, seed=1))
    with pytest.raises(BundleError, match=f"tensor service {endpoint(other)}: .*scores differ"):
        opened(bundle, endpoint(other))
    right = tensor_service(bundle.root)
    source = RemoteEngines(
        [endpoint(other), endpoint(right)], bundle, timeout_s=LIMIT_S, admit=golden_check(bundle)
    )
    engine = source.open()
    assert "scores differ" in source.summary
    feed = feed_of(bundle)
    alone = opened(bundle, endpoint(right))
    for _ in range(4):
        np.testing.assert_array_equal(engine.run(feed), alone.run(feed))
    engine.close()
    alone.close()


def test_a_service_that_restarts_with_another_bundle_is_left_out(
    bundle: Bundle,
    tensor_service: StartTensorService,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = tensor_service(bundle.root)
    source = RemoteEngines(
        [endpoint(service)], bundle, timeout_s=LIMIT_S, admit=golden_check(bundle)
    )
    engine = source.open()
    feed = feed_of(bundle)
    kill(service)
    until(lambda: not source.endpoints.in_order() or answers(engine, feed))
    monkeypatch.setattr(tensor_process, "free_port", lambda: service.port)
    tensor_service(build_bundle(tmp_path, PAIRWISE, seed=1))
    until(lambda: "scores differ" in source.summary)
    with pytest.raises(InferenceFailed, match="scores differ"):
        engine.run(feed)
    engine.close()


def test_a_service_of_the_other_ranker_is_refused(
    bundle: Bundle, bundles: Path, tensor_service: StartTensorService
) -> None:
    other = tensor_service(bundles / CROSS_ENCODER)
    with pytest.raises(SetUpError, match=endpoint(other)):
        opened(bundle, endpoint(other))


def test_nobody_listening_stops_the_start_with_the_addresses(bundle: Bundle) -> None:
    ports = [free_port(), free_port()]
    with pytest.raises(SetUpError) as caught:
        opened(bundle, *(f"127.0.0.1:{port}" for port in ports))
    assert all(f"127.0.0.1:{port}" in str(caught.value) for port in ports)
    assert caught.value.field == "server_endpoints"


@pytest.mark.parametrize("endpoints", [(), ("localhost",), ("http://a:1",)])
def test_an_endpoint_that_is_none_names_the_key(bundle: Bundle, endpoints: Any) -> None:
    with pytest.raises(ConfigError, match=r"server_endpoints: .*127\.0\.0\.1:8600"):
        RemoteEngines(endpoints, bundle, timeout_s=None)
