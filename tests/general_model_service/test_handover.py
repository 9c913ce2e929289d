# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A bundle replaced under load: no failed request, and a bad one changes nothing."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino
import pytest

from child_services.tensor_process import TensorProcess
from clients.tensor.client import TensorClient
from clients.tensor_http_client import TensorHttpClient
from clients.tensor_rpc_client import TensorRpcClient
from contract.bundle.files import GOLDEN_FILE, MANIFEST_FILE, hash_files
from contract.bundle.golden import FP32_TOLERANCE
from contract.bundle.manifest import Manifest, version_of
from contract.rankers import RANKERS
from tests.general_model_service import wire
from tests.tensor_service import StartTensorService


def version(service: TensorProcess) -> str:
    text: str = wire.get(service.port, "/").json["version"]
    return text


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120  # a program with sanitizers takes its time
    while not condition():
        assert time.monotonic() < deadline, "did not happen in 120 s"
        time.sleep(0.05)


@pytest.fixture
def bundle(repository: Path, tmp_path: Path) -> Path:
    """A copy of the pair-wise bundle that may be changed."""
    path = tmp_path / "bundle"
    shutil.copytree(repository / "serving_models" / "pairwise", path)
    return path


def replace(bundle: Path, source: Path) -> None:
    """As export.bundle.replace does: the new directory takes the old one's name."""
    fresh = bundle.with_name("fresh")
    shutil.copytree(source, fresh)
    bundle.rename(bundle.with_name("old"))
    fresh.rename(bundle)


def refused(service: TensorProcess) -> float:
    return wire.metric(service.port, 'tensor_service_reloads_total{result="refused"}')


@pytest.mark.parametrize("by_signal", [False, True])
def test_a_new_bundle_takes_over_without_a_failed_request(
    tensor_service: StartTensorService, repository: Path, bundle: Path, by_signal: bool
) -> None:
    interval = "0" if by_signal else "1"
    service = tensor_service(bundle, "--pad_dynamic", "--reload_interval_s", interval)
    before = version(service)
    statuses: list[int] = []
    stop = threading.Event()

    def call() -> None:
        while not stop.is_set():
            statuses.append(wire.post(service.port, wire.json_request()).status)

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    try:
        replace(bundle, repository / "serving_models" / RANKERS[1])
        if by_signal:
            service.process.send_signal(signal.SIGHUP)
        until(lambda: version(service) != before)
        answered = len(statuses)
        until(lambda: len(statuses) > answered + 20)
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert len(statuses) > 20
    assert set(statuses) == {200}
    assert wire.get(service.port, "/").json["ranker"] == RANKERS[1]


def other_version(bundle: Path, path: Path) -> Path:
    """The same graph with a golden pair less, which makes it another version."""
    shutil.copytree(bundle, path)
    golden = path / GOLDEN_FILE
    golden.write_text("".join(golden.read_text(encoding="utf-8").splitlines(True)[:-1]))
    manifest = Manifest.from_json((path / MANIFEST_FILE).read_text(encoding="utf-8"), str(path))
    files = {**manifest.files, **hash_files(path, [golden])}
    fresh = dataclasses.replace(manifest, files=files)
    fresh = dataclasses.replace(fresh, version=version_of(json.loads(fresh.to_json())))
    (path / MANIFEST_FILE).write_text(fresh.to_json(), encoding="utf-8")
    return path


def open_client(protocol: str, endpoint: str, bundle: Path) -> TensorClient:
    if protocol == "json":
        return TensorHttpClient(endpoint, bundle, 30.0)
    return TensorRpcClient(endpoint, bundle, 30.0, protocol=protocol)


@pytest.mark.parametrize("protocol", ["json", "grpc", "baidu_std"])
def test_kept_connections_live_through_three_takeovers(
    tensor_service: StartTensorService, bundle: Path, tmp_path: Path, protocol: str
) -> None:
    versions = [bundle, other_version(bundle, tmp_path / "other")]
    sources = [Path(shutil.copytree(path, tmp_path / f"v{i}")) for i, path in enumerate(versions)]
    service = tensor_service(bundle, "--pad_dynamic", "--reload_interval_s", "0")
    scores: list[list[float]] = []
    failures: list[BaseException] = []
    stop = threading.Event()

    def call() -> None:
        endpoint = f"127.0.0.1:{service.port}"
        with open_client(protocol, endpoint, sources[0]) as client:
            while not stop.is_set():
                try:
                    scores.append(list(client.rank("牙结石", ["洗牙", "感冒怎么办"]).scores))
                except BaseException as error:
                    failures.append(error)
                    return

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    try:
        for source in (sources[1], sources[0], sources[1]):
            before = version(service)
            replace(bundle, source)
            service.process.send_signal(signal.SIGHUP)
            until(lambda before=before: version(service) != before)
            shutil.rmtree(bundle.with_name("old"))
    finally:
        stop.set()
        for caller in callers:
            caller.join()
    assert failures == []
    assert len(scores) > 20
    assert np.ptp(np.array(scores), axis=0).max() <= FP32_TOLERANCE.score


def damage_model(bundle: Path) -> None:
    (model,) = bundle.glob("serving_server/*.pdiparams")
    model.write_bytes(model.read_bytes()[:-100])


def remove_conf(bundle: Path) -> None:
    for path in (bundle / "serving_server").glob("*.prototxt"):
        path.unlink()


def spoil_manifest(bundle: Path) -> None:
    (bundle / "manifest.json").write_text("{", encoding="utf-8")


@pytest.mark.parametrize("damage", [damage_model, remove_conf, spoil_manifest])
def test_a_bad_bundle_is_refused_and_the_old_one_stays(
    tensor_service: StartTensorService, bundle: Path, damage: Callable[[Path], None]
) -> None:
    service = tensor_service(bundle, "--reload_interval_s", "1")
    before = version(service)
    damage(bundle)
    until(lambda: refused(service) == 1)
    assert version(service) == before
    assert wire.alive(service.port)
    assert "refused" in service.log()
    service.process.send_signal(signal.SIGHUP)
    until(lambda: refused(service) == 2)


def test_a_bundle_that_becomes_a_link_to_itself_is_refused(
    tensor_service: StartTensorService, bundle: Path
) -> None:
    service = tensor_service(bundle, "--reload_interval_s", "1")
    bundle.rename(bundle.with_name("old"))
    bundle.symlink_to(bundle)
    until(lambda: refused(service) == 1)
    assert wire.alive(service.port)


def test_weights_may_be_overwritten_in_place(
    tensor_service: StartTensorService, bundle: Path
) -> None:
    (model,) = bundle.glob("serving_server/*.pdmodel")
    openvino.save_model(openvino.Core().read_model(model), model.with_suffix(".xml"), False)
    for path in (model, model.with_suffix(".pdiparams"), bundle / "manifest.json"):
        path.unlink()
    service = tensor_service(bundle, "--reload_interval_s", "0")
    before = wire.post(service.port, wire.json_request()).body
    with model.with_suffix(".bin").open("r+b") as weights:
        weights.truncate(0)
    assert wire.post(service.port, wire.json_request()).body == before


def test_a_bundle_that_is_mended_is_taken(
    tensor_service: StartTensorService, repository: Path, bundle: Path
) -> None:
    service = tensor_service(bundle, "--reload_interval_s", "1")
    spoil_manifest(bundle)
    until(lambda: refused(service) == 1)
    replace(bundle, repository / "serving_models" / RANKERS[1])
    until(lambda: wire.get(service.port, "/").json["ranker"] == RANKERS[1])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (damage_model, "its SHA-256 is not the manifest's"),
        (remove_conf, "serving_server"),
        (spoil_manifest, "manifest.json"),
    ],
)
def test_a_bad_bundle_does_not_start(
    tensor_service: StartTensorService, bundle: Path, damage: Callable[[Path], None], words: str
) -> None:
    damage(bundle)
    with pytest.raises(Exception, match=words):
        tensor_service(bundle)
