# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""config_nlp.yml: upstream's own file is taken; what cannot be taken is named by its yaml path."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract.errors import ConfigError
from contract.rankers import CROSS_ENCODER
from pipeline.settings.service import ServiceConfig, find_config, load_config
from tests.conftest import REPOSITORY

UPSTREAM = """
worker_num: 20
build_dag_each_worker: false
dag:
    is_thread_op: False
    tracer:
        interval_s: 10
http_port: 8088
rpc_port: 8089
op:
    ernie:
        concurrency: 1
        local_service_conf:
            client_type: local_predictor
            ir_optim: True
            device_type: 1
            devices: "0"
            fetch_list: ['predict']
            model_config: ../../serving_server/
"""
SMALL = "rpc_port: 8089\nop: {ernie: {local_service_conf: {model_config: m}}}\n"
SPLIT = """rpc_port: 8089
op:
    ernie: {engine: openvino, split: {store_bytes: 9}, local_service_conf: {model_config: m}}
"""
BOTH = """
op:
    ernie: {local_service_conf: {model_config: m}}
    rocketqa: {local_service_conf: {model_config: m}}
"""


def load(text: str, directory: Path) -> ServiceConfig:
    path = directory / "config_nlp.yml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_upstreams_file_is_taken_as_it_is(tmp_path: Path) -> None:
    config = load(UPSTREAM, tmp_path)
    assert (config.worker_num, config.rpc_port, config.http_port) == (20, 8089, 8088)
    assert (config.dag.is_thread_op, config.dag.tracer.interval_s) == (False, 10)
    local = config.op["ernie"].local_service_conf
    assert (local.ir_optim, local.device_type, local.devices) == (True, 1, "0")
    assert config.rankers == ("pairwise",)
    assert config.default_ranker == "pairwise"
    assert config.notes == ()


def test_upstreams_defaults(tmp_path: Path) -> None:
    config = load(SMALL, tmp_path)
    op, local = config.op["ernie"], config.op["ernie"].local_service_conf
    assert (config.worker_num, config.build_dag_each_worker) == (1, False)
    assert (config.dag.retry, config.dag.client_type, config.dag.is_thread_op) == (1, "brpc", True)
    assert (config.dag.channel_size, config.dag.tracer.interval_s) == (0, -1)
    assert (op.concurrency, op.timeout, op.retry, op.batch_size) == (1, -1, 1, 1)
    assert op.auto_batching_timeout == -1
    assert (local.thread_num, local.device_type, local.devices) == (2, -1, "")
    assert (local.mem_optim, local.ir_optim, local.precision) == (True, False, "fp32")
    assert (local.use_mkldnn, local.mkldnn_cache_capacity) == (False, 0)
    assert (local.min_subgraph_size, local.workdir, local.use_calib) == (3, "", False)


def test_null_means_the_default_as_upstream(tmp_path: Path) -> None:
    config = load(SMALL + "worker_num:\ndag:\n", tmp_path)
    assert config.worker_num == 1
    assert config.dag.is_thread_op


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    deploy = tmp_path / "deploy" / "python"
    deploy.mkdir(parents=True)
    config = load(UPSTREAM, deploy)
    path = config.op["ernie"].local_service_conf.model_config
    assert path is not None
    assert config.resolve(path) == tmp_path / "serving_server"


def test_a_split_ranker_has_256_mib_unless_told(tmp_path: Path) -> None:
    told = load(SPLIT, tmp_path).op["ernie"].split
    assert told is not None and told.store_bytes == 9
    untold = load(SPLIT.replace("{store_bytes: 9}", "{}"), tmp_path).op["ernie"].split
    assert untold is not None and untold.store_bytes == 256 * 1024 * 1024
    assert load(SMALL, tmp_path).op["ernie"].split is None


def test_the_default_ranker_comes_first(tmp_path: Path) -> None:
    config = load("rpc_port: 8089\ndefault_ranker: cross_encoder\n" + BOTH, tmp_path)
    assert config.rankers == ("cross_encoder", "pairwise")
    assert load("rpc_port: 8089\n" + BOTH, tmp_path).rankers == ("pairwise", "cross_encoder")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rpc_prot: 8089\n", "rpc_prot: unknown key; did you mean rpc_port?"),
        (SMALL + "paint: red\n", "paint: unknown key; known are rpc_port"),
        (
            BOTH.replace("m}}", "m}, tokenizer_threads: 2}", 1) + "rpc_port: 8089\n",
            "op.ernie.tokenizer_threads: is a key of op.tokenize",
        ),
        (
            BOTH + "    tokenize: {tokenizer_threads: 0}\nrpc_port: 8089\n",
            "op.tokenize.tokenizer_threads: must be a whole number >= 1, got 0",
        ),
        (
            BOTH + "    tokenize: {split: {}}\nrpc_port: 8089\n",
            "op.tokenize.split: is a key of rankers (ernie, rocketqa)",
        ),
        (
            SPLIT + "dag: {is_thread_op: false}\n",
            "op.ernie.split: does not go with dag.is_thread_op false",
        ),
        (SPLIT.replace("openvino", "paddle"), "op.ernie.split: goes with engine openvino or auto"),
        (
            SPLIT.replace("openvino", "remote, server_endpoints: ['a:1']"),
            "op.ernie.split: goes with engine openvino or auto only, not remote",
        ),
        (SPLIT.replace("m}", "m, precision: int8}"), "op.ernie.split: does not go with precision"),
        (SPLIT.replace("m}", "m, device_type: 1}"), "op.ernie.split: is computed on the CPU"),
        (SPLIT.replace("m}", "m, devices: '0'}"), "op.ernie.split: is computed on the CPU"),
        (SPLIT.replace("9}", "0}"), "op.ernie.split.store_bytes: must be a whole number >= 1"),
        (SPLIT.replace("store_b", "b"), "op.ernie.split.bytes: unknown key; did you mean store_b"),
        (SMALL + "worker_num: two\n", "worker_num: must be a whole number >= 1, got 'two'"),
        (SMALL + "worker_num: true\n", "worker_num: must be a whole number >= 1, got True"),
        (SMALL + "worker_num: 0\n", "worker_num: must be a whole number >= 1, got 0"),
        (SMALL + "worker_num: 1.5\n", "worker_num: must be a whole number >= 1, got 1.5"),
        (SMALL + "http_port: 80\n", "http_port: must be a whole number from 1024 to 65535, got 80"),
        (SMALL + "http_port: 8089\n", "http_port: 8089 is rpc_port already"),
        (SMALL + "dag: {is_thread_op: 1}\n", "dag.is_thread_op: must be true or false, got 1"),
        (SMALL + "dag: {client_type: http}\n", "dag.client_type: must be one of brpc, grpc"),
        (
            SMALL + "dag: {tracer: {interval: 1}}\n",
            "dag.tracer.interval: unknown key; did you mean",
        ),
        (SMALL + "dag: [1]\n", "dag: must hold keys and values"),
        (
            SMALL + "limits: {max_documents: 0}\n",
            "limits.max_documents: must be a whole number >= 1",
        ),
        (
            SMALL + "limits: {max_body_bytes: 5000, max_body_bytes_in_flight: 4000}\n",
            "limits.max_body_bytes_in_flight: must be at least limits.max_body_bytes (5000)",
        ),
        (SMALL + "limits: {max_document: 9}\n", "limits.max_document: unknown key; did you mean"),
        (SMALL + "scheduler: {max_queue_rows: 10}\n", "scheduler.max_queue_rows: must be at least"),
        (
            SMALL + "scheduler: {max_wait_ms: -1}\n",
            "scheduler.max_wait_ms: must be a number from 0",
        ),
        (
            SMALL + "default_ranker: best\n",
            "default_ranker: must be one of pairwise, cross_encoder",
        ),
        (
            SMALL + "default_ranker: cross_encoder\n",
            "default_ranker: cross_encoder needs op.rocketqa",
        ),
        (SMALL + "rpc_port: 8090\n", "the key 'rpc_port' stands twice"),
        ("rpc_port: 8089\n", "op: names no ranker"),
        (BOTH, "rpc_port: missing"),
        ("rpc_port: 8089\nop: {ernie: {}}\n", "op.ernie.local_service_conf.model_config: missing"),
        ("rpc_port: 8089\nop: {erine: {}}\n", "op.erine: unknown key; did you mean ernie?"),
        ("- 1\n", "the file: must hold keys and values"),
        ("rpc_port: [\n", "not yaml"),
        ("? [rpc_port]\n: 8089\n", "not yaml (while constructing a mapping"),
        ("rpc_port: !!python/object/apply:os.system [exit]\n", "not yaml"),
    ],
)
def test_what_cannot_be_taken_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text, tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("thread_num: two", "thread_num: must be a whole number >= 1, got 'two'"),
        ("thread_nums: 2", "thread_nums: unknown key; did you mean thread_num?"),
        ("devices: 0", "devices: must be text, got 0; put it in quotes"),
        ("device_type: 9", "device_type: must be a whole number from -1 to 6, got 9"),
        ("precision: fp8", "precision: must be one of fp32, fp16, bf16, int8, auto, got 'fp8'"),
        ("precision: auto", "precision: auto needs engine auto or openvino, not paddle"),
        ("fetch_list: predict", "fetch_list: must be a list of texts, got 'predict'"),
        ("ir_optim: 'True'", "ir_optim: must be true or false, got 'True'"),
    ],
)
def test_local_service_conf_is_named_in_full(key: str, message: str, tmp_path: Path) -> None:
    local = f"{{model_config: m, {key}}}"
    with pytest.raises(ConfigError) as caught:
        load(f"rpc_port: 8089\nop: {{ernie: {{local_service_conf: {local}}}}}\n", tmp_path)
    assert f"op.ernie.local_service_conf.{message}" in str(caught.value)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("engine: fast", "engine: must be one of paddle, openvino, remote, auto, got 'fast'"),
        ("engine: remote", "server_endpoints: missing; name host:port"),
        ("engine: remote, server_endpoints: [a]", "server_endpoints: must be host:port like"),
    ],
)
def test_an_engine_that_cannot_be_is_named(keys: str, message: str, tmp_path: Path) -> None:
    op = f"{{{keys}, local_service_conf: {{model_config: m}}}}"
    with pytest.raises(ConfigError) as caught:
        load(f"rpc_port: 8089\nop: {{ernie: {op}}}\n", tmp_path)
    assert f"op.ernie.{message}" in str(caught.value)


@pytest.mark.parametrize(
    "client", ["serving_client", "serving_client/serving_client_conf.prototxt"]
)
def test_upstreams_remote_form_is_engine_remote(tmp_path: Path, client: str) -> None:
    bundle = REPOSITORY / "serving_models" / "pairwise"
    remote = "server_endpoints: ['127.0.0.1:9'], client_type: brpc"
    op = f"{{{remote}, client_config: {bundle / client}}}"
    config = load(f"rpc_port: 8089\nop: {{ernie: {op}}}\n", tmp_path)
    assert config.op["ernie"].engine == "remote"
    assert config.op["ernie"].local_service_conf.model_config == str(bundle / "serving_server")
    assert config.notes == ()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("local_service_conf: {model_config: m}", "set op.ernie.engine to remote, or leave"),
        ("engine: auto, local_service_conf: {model_config: m}", "engine auto computes in this"),
        ("client_config: nowhere", "or client_config to its serving_client"),
        ("client_type: grpc", "set op.ernie.engine to remote and op.ernie.local_service_conf"),
    ],
)
def test_endpoints_that_nothing_asks_are_refused(keys: str, message: str, tmp_path: Path) -> None:
    op = f"{{server_endpoints: ['127.0.0.1:9'], {keys}}}"
    with pytest.raises(ConfigError, match=r"op\.ernie\.server_endpoints: ") as caught:
        load(f"rpc_port: 8089\nop: {{ernie: {op}}}\n", tmp_path)
    assert message in str(caught.value)


def test_the_bundle_of_the_only_op_decides_the_ranker(tmp_path: Path) -> None:
    """Upstream's cross-encoder names its op and its service ernie, too."""
    model = REPOSITORY / "serving_models" / "cross_encoder"
    config = load(
        f"rpc_port: 8089\nop: {{ernie: {{local_service_conf: {{model_config: {model}}}}}}}\n",
        tmp_path,
    )
    assert config.rankers == (CROSS_ENCODER,)
    assert config.op_name(CROSS_ENCODER) == "ernie"
    assert load(SMALL, tmp_path).named == {}


def test_upstreams_configurations_keep_paddle_and_ours_chooses(tmp_path: Path) -> None:
    assert load(UPSTREAM, tmp_path).op["ernie"].engine == "paddle"
    for op in load_config(REPOSITORY / "config_nlp.yml").op.values():
        assert (op.engine, op.local_service_conf.precision) == ("auto", "auto")


def test_the_engine_cache_is_relative_to_the_file(tmp_path: Path) -> None:
    assert load(SMALL, tmp_path).engine_cache_directory == (
        Path.home() / ".cache" / "ranking-stack" / "engines"
    )
    kept = load(SMALL + "engine_cache: kept\n", tmp_path)
    assert kept.engine_cache_directory == tmp_path.resolve() / "kept"


def test_a_key_that_does_not_apply_is_said_once(tmp_path: Path) -> None:
    text = SMALL + "build_dag_each_worker: true\ndag: {channel_size: 5, retry: 2}\n"
    notes = load(text, tmp_path).notes
    assert [note.split(":")[0] for note in notes] == ["build_dag_each_worker", "dag.channel_size"]


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name a file with --config"):
        load_config(tmp_path / "nothing.yml")


def test_the_file_is_looked_for_here_and_then_in_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(None) == REPOSITORY / "config_nlp.yml"
    (tmp_path / "config_nlp.yml").touch()
    assert find_config(None) == Path("config_nlp.yml")
    assert find_config("other.yml") == Path("other.yml")


def test_the_repositorys_own_file_is_taken() -> None:
    config = load_config(REPOSITORY / "config_nlp.yml")
    assert config.rankers == ("pairwise", "cross_encoder")
    assert (config.rpc_port, config.http_port) == (8089, 8088)
    assert config.notes == ()
