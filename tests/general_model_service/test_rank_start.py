# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The C++ service by config_nlp.yml: what it refuses at the start, how it follows its bundles."""

from __future__ import annotations

import copy
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import yaml
from paddle_serving_app.proto import general_model_service_pb2 as messages

from child_services.rank_process import RankProcess
from contract.errors import ConfigError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.wire.tensor_codec import SERVICE
from general_model_service.program import with_libraries
from pipeline.settings.service import load_config
from tests.bundles import build_bundle, relist
from tests.conftest import REPOSITORY
from tests.general_model_service import wire
from tests.general_model_service.twins import openvino_config

LIMIT_S = 60


def start(config: dict[str, Any], directory: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Of a program that is to end by itself."""
    path = directory / "config.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return run("--config", str(path), *flags)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "general_model_service.rank_service", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


@pytest.fixture
def config(bundles: Path) -> dict[str, Any]:
    return openvino_config(bundles, (PAIRWISE, CROSS_ENCODER))


def test_the_shipped_file_is_good(tensor_program: Path) -> None:
    done = run("--check_config")
    assert (done.returncode, done.stdout) == (0, "ok\n")


# config_nlp.yml with this in place of a key
WRONG: list[tuple[str, Any]] = [
    ("http_port", 80),
    ("rpc_prot", 8089),
    ("worker_num", True),
    ("limits", {"max_documents": 0}),
    ("limits", {"max_body_bytes": 5000, "max_body_bytes_in_flight": 4000}),
    ("scheduler", {"max_queue_rows": 10}),
    ("default_ranker", "best"),
    ("model_aliases", {"best": "none"}),
    ("http", {"tls_key": "a.pem"}),
    ("op", {"ernie": {"server_endpoints": ["a:1"]}}),
    ("drain_timeout_s", 1e9),
]


@pytest.mark.parametrize(("key", "value"), WRONG)
def test_it_says_what_the_pipeline_says(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path, key: str, value: Any
) -> None:
    config[key] = value
    done = start(config, tmp_path, "--check_config")
    with pytest.raises(ConfigError) as said:
        load_config(tmp_path / "config.yml")
    path = tmp_path / "config.yml"
    assert done.returncode == 2
    assert done.stderr == f"tensor_service: error: {said.value} (in {path})\n"


@pytest.mark.parametrize(
    ("keys", "field"),
    [
        ({"engine": "paddle"}, "op.ernie.engine: paddle does not compute in this service"),
        ({"timeout": 100}, "op.ernie.timeout: is not carried"),
        ({"split": {"store_bytes": 10**9}}, "op.ernie.split: is the Pipeline's"),
        ({"split": {}}, "op.ernie.split: is the Pipeline's"),
    ],
)
def test_what_is_not_carried_is_refused(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path, keys: dict[str, Any], field: str
) -> None:
    config["op"]["ernie"].update(keys)
    done = start(config, tmp_path, "--check_config")
    assert done.returncode == 2
    assert done.stderr.startswith(f"tensor_service: error: {field}")
    load_config(tmp_path / "config.yml")


@pytest.mark.parametrize(
    "naming",
    [
        {},
        {"model_aliases": {"fast": "cascade"}},
        {"default_ranker": "cascade"},
        {
            "experiments": [
                {
                    "name": "e",
                    "variants": [
                        {"name": "a", "ranker": "cascade"},
                        {"name": "b", "ranker": "cross_encoder"},
                    ],
                }
            ]
        },
    ],
    ids=["alone", "alias", "default", "variant"],
)
def test_a_cascade_is_refused_by_name(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path, naming: dict[str, Any]
) -> None:
    stages = [{"ranker": "bm25", "keep": 9}, {"ranker": config["default_ranker"]}]
    config.update({"cascade": {"stages": stages}, **naming})
    done = start(config, tmp_path, "--check_config")
    assert done.returncode == 2
    assert done.stderr.startswith("tensor_service: error: cascade: is the Pipeline's")
    load_config(tmp_path / "config.yml")


def test_other_flags_are_refused_beside_the_file(tensor_program: Path) -> None:
    done = subprocess.run(
        [str(tensor_program), "--config", "config_nlp.yml", "--port", "8600"],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        env=with_libraries(os.environ),
    )
    assert done.returncode == 2
    assert "--config" in done.stderr
    assert "--port" in done.stderr


def test_a_port_that_is_taken(tensor_program: Path, config: dict[str, Any], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        config["rpc_host"] = "127.0.0.1"
        config["rpc_port"] = other.getsockname()[1]
        done = start(config, tmp_path)
    assert done.returncode == 2
    assert f"rpc_port: {config['rpc_port']} cannot be bound (Address already in use)" in done.stderr


def test_an_address_of_another_machine(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    config["http_host"] = "192.0.2.1"
    done = start(config, tmp_path)
    assert done.returncode == 2
    assert "http_host: 192.0.2.1 is no address of this machine" in done.stderr


def test_a_bundle_that_is_not_there(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    config["op"]["ernie"]["local_service_conf"]["model_config"] = "nowhere"
    done = start(config, tmp_path)
    assert done.returncode == 2
    key = "op.ernie.local_service_conf.model_config"
    assert f"{key}: no such directory {tmp_path / 'nowhere'}; export a bundle there" in done.stderr


def test_rounded_states_in_bf16_are_refused_by_the_key(
    tensor_program: Path, config: dict[str, Any], bundles: Path, tmp_path: Path
) -> None:
    bundle = shutil.copytree(bundles / PAIRWISE, tmp_path / "split")
    relist(bundle, split={"state_type": "fp16"})
    conf = config["op"]["ernie"]["local_service_conf"]
    conf.update(model_config=str(bundle / "serving_server"), precision="bf16")
    done = start(config, tmp_path)
    assert done.returncode == 2
    key = "op.ernie.local_service_conf.precision"
    assert f"{key}: this split ranker rounds its states to fp16" in done.stderr


def test_a_bundle_of_the_other_ranker(
    tensor_program: Path, config: dict[str, Any], bundles: Path, tmp_path: Path
) -> None:
    config["op"]["ernie"]["more_bundles"] = [str(bundles / CROSS_ENCODER)]
    done = start(config, tmp_path)
    assert done.returncode == 2
    assert "op.ernie.more_bundles[0]: " in done.stderr
    assert "is a cross_encoder bundle, not pairwise; name it as op.rocketqa" in done.stderr


def test_a_bundle_that_is_named_twice(
    tensor_program: Path, config: dict[str, Any], bundles: Path, tmp_path: Path
) -> None:
    config["op"]["ernie"]["more_bundles"] = [str(bundles / PAIRWISE)]
    done = start(config, tmp_path)
    assert done.returncode == 2
    assert "op.ernie.more_bundles[0]: " in done.stderr
    assert "is named already" in done.stderr


def test_the_only_op_s_bundle_says_who_ranks(
    tensor_program: Path, bundles: Path, tmp_path: Path
) -> None:
    config = openvino_config(bundles, (CROSS_ENCODER,))
    config["op"]["ernie"] = config["op"].pop("rocketqa")
    config["default_ranker"] = CROSS_ENCODER
    with RankProcess(config, tmp_path) as service, httpx.Client(base_url=service.url) as client:
        body = {"query": "q", "documents": ["a"]}
        for name in ("ernie", "rocketqa", "ranker"):
            answer = client.post(f"/{name}/prediction", json=body).json()
            assert dict(zip(answer["key"], answer["value"]))["ranker"] == CROSS_ENCODER


@pytest.fixture
def moving(
    tensor_program: Path, config: dict[str, Any], bundles: Path, tmp_path: Path
) -> Iterator[tuple[httpx.Client, RankProcess, Path]]:
    """A service whose pair-wise bundle may be replaced."""
    path = tmp_path / "moving"
    shutil.copytree(bundles / PAIRWISE, path)
    changed = copy.deepcopy(config)
    changed["op"]["ernie"]["local_service_conf"]["model_config"] = str(path)
    with (
        RankProcess(changed, tmp_path) as service,
        httpx.Client(base_url=service.url, timeout=LIMIT_S) as client,
    ):
        yield client, service, path


def replace(path: Path, source: Path) -> None:
    fresh = path.with_name("fresh")
    shutil.copytree(source, fresh)
    path.rename(path.with_name("old"))
    fresh.rename(path)


def bundles_of(client: httpx.Client) -> list[str]:
    return [one["version"] for one in client.get("/info").json()["bundles"]]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "did not happen in 120 s"
        time.sleep(0.05)


def test_one_bundle_is_replaced_and_the_other_stays(
    moving: tuple[httpx.Client, RankProcess, Path], tmp_path: Path
) -> None:
    client, service, path = moving
    before = bundles_of(client)
    replace(path, build_bundle(tmp_path / "other", PAIRWISE, 1))
    service.process.send_signal(signal.SIGHUP)
    until(lambda: bundles_of(client)[0] != before[0])
    assert bundles_of(client)[1] == before[1]
    body = {"query": "q", "documents": ["a"], "model": PAIRWISE}
    assert client.post("/rerank", json=body).json()["bundle"] == bundles_of(client)[0]


def test_a_bundle_of_another_ranker_does_not_take_over(
    moving: tuple[httpx.Client, RankProcess, Path], bundles: Path
) -> None:
    client, service, path = moving
    before = bundles_of(client)
    replace(path, bundles / CROSS_ENCODER)
    service.process.send_signal(signal.SIGHUP)
    until(lambda: "bundle refused" in service.log())
    assert "is a cross_encoder bundle, not pairwise" in service.log()
    assert bundles_of(client) == before


def test_tensors_name_their_bundle(
    tensor_program: Path, config: dict[str, Any], bundles: Path, tmp_path: Path
) -> None:
    more = build_bundle(tmp_path / "other", PAIRWISE, 1)
    config["op"]["ernie"]["more_bundles"] = [str(more)]
    with RankProcess(config, tmp_path) as service, httpx.Client(base_url=service.url) as client:
        versions = bundles_of(client)
        assert len(set(versions)) == 3
        row = [1, 5, 6, 2, 7, 2]
        types = [0, 0, 0, 0, 1, 1]
        tensors = [
            {"int64_data": row, "elem_type": 0, "alias_name": "input_ids", "shape": [1, 6]},
            {"int64_data": types, "elem_type": 0, "alias_name": "token_type_ids", "shape": [1, 6]},
        ]

        def ask(**headers: str) -> httpx.Response:
            path = "/GeneralModelService/inference"
            return client.post(path, json={"tensor": tensors}, headers=headers)

        first, second = f"{PAIRWISE}@{versions[0]}", f"{PAIRWISE}@{versions[1]}"
        assert ask().content == ask(**{"x-ranker": PAIRWISE}).content
        assert ask().content == ask(**{"x-ranker": first}).content
        others = {ask(**{"x-ranker": name}).content for name in (second, CROSS_ENCODER)}
        assert len(others | {ask().content}) == 3
        wrong = ask(**{"x-ranker": "best"})
        assert wrong.status_code == 400
        names = f"{PAIRWISE}, {second}, {CROSS_ENCODER}"
        assert f"x-ranker: 'best' is not served here; served: {names}" in wrong.text


def test_metadata_of_grpc_names_the_bundle(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    asked = messages.Request()
    for name, ids in (("input_ids", [1, 5, 6, 2, 7, 2]), ("token_type_ids", [0, 0, 0, 0, 1, 1])):
        tensor = asked.tensor.add(alias_name=name, elem_type=0, shape=[1, len(ids)])
        tensor.int64_data.extend(ids)
    request = asked.SerializeToString()
    with (
        RankProcess(config, tmp_path) as service,
        grpc.insecure_channel(service.endpoint) as channel,
    ):
        call = channel.unary_unary(f"/{SERVICE}/inference")

        def scores(*metadata: tuple[str, str]) -> list[float]:
            return list(wire.floats_of(call(request, metadata=metadata, timeout=LIMIT_S)))

        assert scores() == scores(("x-ranker", PAIRWISE))
        assert len(scores(("x-ranker", CROSS_ENCODER))) == 2
        with pytest.raises(grpc.RpcError, match="is not served here"):
            scores(("x-ranker", "best"))


def test_both_ports_answer(tensor_program: Path, config: dict[str, Any], tmp_path: Path) -> None:
    with RankProcess(config, tmp_path) as service:
        said = service.log()
        for port in (config["http_port"], config["rpc_port"]):
            answer = httpx.post(
                f"http://127.0.0.1:{port}/rerank", json={"query": "q", "documents": ["a"]}
            )
            assert answer.status_code == 200
    assert f"HTTP on {config['http_port']}: POST /rerank" in said
    assert f"RPC on {config['rpc_port']}" in said
    assert "ready after " in said


def test_signals_are_those_of_the_pipeline(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path
) -> None:
    with RankProcess(config, tmp_path) as service:
        # the Pipeline opens its log files anew
        service.process.send_signal(signal.SIGUSR1)
        assert httpx.get(f"{service.url}/ready").status_code == 200
        service.process.send_signal(signal.SIGQUIT)
        assert service.process.wait(60) == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"experiments": [{"name": "e", "variants": []}]}, "experiments[0].variants: "),
        (
            {"http": {"api_keys": [{"name": "k", "key_file": "absent"}]}},
            "http.api_keys[0].key_file",
        ),
    ],
)
def test_checking_a_file_finds_what_would_end_the_start(
    tensor_program: Path, config: dict[str, Any], tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    done = start({**config, **changed}, tmp_path, "--check_config")
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
