# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""config_nlp.yml in, frozen dataclasses out. Called once by pipeline.web_service.

Upstream's keys keep their names, types, defaults and meaning; ours stand beside them. Relative
paths in the file are relative to the file, not to the working directory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Optional

from contract.errors import ConfigError
from contract.rankers import CROSS_ENCODER, PAIRWISE, RANKERS
from contract.scoring import SCORE_FUNCTIONS
from contract.wire.request import Limits
from pipeline.settings.experiments import ExperimentConfig, ExposuresConfig, HoldoutConfig
from pipeline.settings.http import HttpConfig, check_http
from pipeline.settings.log_format import JSON, TEXT
from pipeline.settings.strict_yaml import (
    Reader,
    checked_by,
    choice,
    flag,
    fraction,
    items,
    key,
    load_yaml,
    seconds,
    section,
    sections,
    text,
    text_map,
    texts,
    whole,
)
from pipeline.settings.tracing import TracingConfig, check_tracing

CONFIG_FILE = "config_nlp.yml"
ENGINE_CACHE = "~/.cache/ranking-stack/engines"

TOKENIZE = "tokenize"
SORT = "sort"
# the op of each ranker; its name is also the name of the service that answers with that ranker
OP_OF_RANKER: Mapping[str, str] = {PAIRWISE: "ernie", CROSS_ENCODER: "rocketqa"}
OPS = (TOKENIZE, *OP_OF_RANKER.values(), SORT)

GRAPH_DECIDES = "a ranker's bundle says what is fed and fetched"
SCHEDULER_BATCHES = "the scheduler batches rows of all requests, see scheduler.max_batch_tokens"
NO_REMOTE = "the ranker runs in this service, by local_service_conf.model_config"

PADDLE, OPENVINO, REMOTE, AUTO = "paddle", "openvino", "remote", "auto"
_ENDPOINT = re.compile(r"[^\s/@,]+:\d{1,5}")
ENGINES = (PADDLE, OPENVINO, REMOTE, AUTO)
ONE_DAG = "one DAG serves all requests, so that they share batches"


@dataclass(frozen=True)
class LocalServiceConfig:
    """op.<ranker>.local_service_conf: the model and how Paddle Inference runs it."""

    model_config: Optional[str] = key(text)
    client_type: str = key(
        choice("local_predictor", "brpc", "grpc"), "local_predictor", note=NO_REMOTE
    )
    workdir: str = key(text, "", note=NO_REMOTE)
    thread_num: int = key(whole(1), 2)
    device_type: int = key(whole(-1, 6), -1)
    devices: str = key(text, "")
    mem_optim: bool = key(flag, True)
    ir_optim: bool = key(flag, False)
    precision: str = key(choice("fp32", "fp16", "bf16", "int8", AUTO), "fp32")
    use_calib: bool = key(flag, False)
    use_mkldnn: bool = key(flag, False)
    mkldnn_cache_capacity: int = key(whole(), 0)
    mkldnn_op_list: Optional[tuple[str, ...]] = key(texts)
    mkldnn_bf16_op_list: Optional[tuple[str, ...]] = key(texts)
    min_subgraph_size: int = key(whole(), 3)
    # upstream names it in every config; the manifest's choice is the same output or a better one
    fetch_list: Optional[tuple[str, ...]] = key(texts)


@dataclass(frozen=True)
class OpConfig:
    """op.<name>; the last three keys are for a serving_server directory without a manifest.

    Attributes:
        engine: what computes a ranker's batches; ``remote`` asks ``server_endpoints``.
        more_bundles: directories of further bundles of the ranker, for experiments.
    """

    engine: str = key(choice(*ENGINES), PADDLE)
    concurrency: int = key(whole(1), 1)
    timeout: int = key(whole(), -1)
    retry: int = key(whole(1), 1)
    batch_size: int = key(whole(1), 1, note=SCHEDULER_BATCHES)
    auto_batching_timeout: int = key(whole(), -1, note=SCHEDULER_BATCHES)
    local_service_conf: LocalServiceConfig = field(
        default_factory=LocalServiceConfig, metadata=checked_by(section(LocalServiceConfig))
    )
    server_endpoints: Optional[tuple[str, ...]] = key(texts)
    more_bundles: tuple[str, ...] = key(texts, ())
    fetch_list: Optional[tuple[str, ...]] = key(texts, note=GRAPH_DECIDES)
    client_config: Optional[str] = key(text, note=NO_REMOTE)
    client_type: Optional[str] = key(text, note=NO_REMOTE)
    use_encryption_model: bool = key(flag, False, note=NO_REMOTE)
    encryption_key: Optional[str] = key(text, note=NO_REMOTE)
    tokenizer: Optional[str] = key(text)
    max_seq_length: int = key(whole(5), 512)
    score_function: Optional[str] = key(choice(*SCORE_FUNCTIONS))


@dataclass(frozen=True)
class TracerConfig:
    """dag.tracer: a summary of the ops' times in pipeline.tracer every so many seconds."""

    interval_s: int = key(whole(), -1)


@dataclass(frozen=True)
class DagConfig:
    """dag: how Paddle Serving runs the graph of ops."""

    retry: int = key(whole(1), 1)
    client_type: str = key(choice("brpc", "grpc"), "brpc", note=NO_REMOTE)
    use_profile: bool = key(flag, False)
    # a bounded channel with two producers, as before sort, ends the op's thread when it is full
    channel_size: int = key(whole(0), 0, note="limits.max_in_flight bounds what may wait")
    is_thread_op: bool = key(flag, True)
    tracer: TracerConfig = field(
        default_factory=TracerConfig, metadata=checked_by(section(TracerConfig))
    )
    channel_recv_frist_arrive: bool = key(
        flag, False, note="sort needs the answers of all rankers, not the first that arrives"
    )
    enable_prometheus: bool = key(flag, False)
    prometheus_port: Optional[int] = key(whole(1024, 65535))


@dataclass(frozen=True)
class LimitsConfig:
    """limits: what one request may hold, and how many may be in work."""

    max_documents: int = key(whole(1), 1000)
    max_query_chars: int = key(whole(1), 10_000)
    max_document_chars: int = key(whole(1), 100_000)
    max_body_bytes: int = key(whole(1024), 32 * 1024 * 1024)
    max_body_bytes_in_flight: Optional[int] = key(whole(1024))
    body_timeout_s: float = key(seconds(0.1, 3600), 30.0)
    header_timeout_s: float = key(seconds(0.1, 3600), 10.0)
    keep_alive_s: int = key(whole(1, 3600), 65)
    max_header_bytes: int = key(whole(1024, 1024 * 1024), 64 * 1024)
    max_connections: int = key(whole(1), 2048)
    max_in_flight: int = key(whole(1, 1024), 64)
    max_delay_ms: float = key(seconds(0, 600_000), 0.0)
    max_tokens: int = key(whole(1), 1_000_000)
    ready_share: float = key(fraction, 1.0)

    @property
    def body_bytes_in_flight(self) -> int:
        """Bytes that the bodies of all requests may have together."""
        return self.max_body_bytes_in_flight or 4 * self.max_body_bytes

    def of_request(self) -> Limits:
        """The part that request validation reads."""
        return Limits(self.max_documents, self.max_query_chars, self.max_document_chars)


@dataclass(frozen=True)
class SchedulerConfig:
    """scheduler: how rows of waiting requests become batches, for each ranker.

    Attributes:
        max_batch_tokens: rows times the longest row of a batch.
        max_wait_ms: how long a batch that is not full waits for more rows.
        max_padding: share of a batch that may be padding, beyond what a call costs by itself.
        max_queue_rows: rows that may wait; more are refused at once.
        max_queue_ms: when the rows that wait already take longer, more are refused; 0: never.
        cache_rows: scores kept of the rows asked for last; 0 keeps none.
    """

    max_batch_tokens: int = key(whole(1), 2048)
    max_wait_ms: float = key(seconds(0, 1000), 0.0)
    max_padding: float = key(fraction, 0.1)
    max_queue_rows: int = key(whole(1), 10_000)
    max_queue_ms: float = key(seconds(0, 600_000), 0.0)
    cache_rows: int = key(whole(0), 0)


@dataclass(frozen=True)
class ServiceConfig:
    """The whole file."""

    rpc_port: Optional[int] = key(whole(1024, 65535))
    http_port: Optional[int] = key(whole(1024, 65535))
    worker_num: int = key(whole(1), 1)
    build_dag_each_worker: bool = key(flag, False, note=ONE_DAG)
    grpc_gateway_port: Optional[int] = key(whole(), note="http_port answers without a gateway")
    dag: DagConfig = field(default_factory=DagConfig, metadata=checked_by(section(DagConfig)))
    op: Mapping[str, OpConfig] = field(
        default_factory=dict, metadata=checked_by(sections(OPS, OpConfig))
    )
    default_ranker: Optional[str] = key(choice(*RANKERS))
    limits: LimitsConfig = field(
        default_factory=LimitsConfig, metadata=checked_by(section(LimitsConfig))
    )
    scheduler: SchedulerConfig = field(
        default_factory=SchedulerConfig, metadata=checked_by(section(SchedulerConfig))
    )
    experiments: tuple[ExperimentConfig, ...] = key(items(ExperimentConfig), ())
    holdout: HoldoutConfig = field(
        default_factory=HoldoutConfig, metadata=checked_by(section(HoldoutConfig))
    )
    exposures: ExposuresConfig = field(
        default_factory=ExposuresConfig, metadata=checked_by(section(ExposuresConfig))
    )
    http: HttpConfig = field(default_factory=HttpConfig, metadata=checked_by(section(HttpConfig)))
    tracing: TracingConfig = field(
        default_factory=TracingConfig, metadata=checked_by(section(TracingConfig))
    )
    model_aliases: Mapping[str, str] = field(default_factory=dict, metadata=checked_by(text_map))
    drain_timeout_s: float = key(seconds(0, 60), 8.0)
    log_dir: Optional[str] = key(text)
    log_format: str = key(choice(TEXT, JSON), TEXT)
    engine_cache: Optional[str] = key(text)
    path: Path = Path(CONFIG_FILE)
    notes: tuple[str, ...] = ()

    @property
    def rankers(self) -> tuple[str, ...]:
        """The rankers that have an op, the default first."""
        present = [ranker for ranker, op in OP_OF_RANKER.items() if op in self.op]
        return tuple(sorted(present, key=lambda ranker: ranker != self.default_ranker))

    def ranker_op(self, ranker: str) -> OpConfig:
        """The op of a ranker in :attr:`rankers`."""
        return self.op[OP_OF_RANKER[ranker]]

    def other_op(self, name: str) -> OpConfig:
        """The keys of ``tokenize`` or ``sort``, which need not stand in the file."""
        return self.op.get(name, OpConfig())

    @property
    def engine_cache_directory(self) -> Path:
        """Where compiled graphs and choices of engines are kept."""
        if self.engine_cache is None:
            return Path(ENGINE_CACHE).expanduser()
        return self.resolve(self.engine_cache)

    def resolve(self, path: str) -> Path:
        """A path of the file, relative to the file's directory."""
        return (self.path.parent / path).resolve()


def find_config(named: Optional[str]) -> Path:
    """The file that --config names, else the working directory's, else the repository's."""
    if named is not None:
        return Path(named)
    here = Path(CONFIG_FILE)
    return here if here.is_file() else Path(__file__).resolve().parents[2] / CONFIG_FILE


def load_config(path: Path) -> ServiceConfig:
    """Read and check the whole file.

    Raises:
        ConfigError: with the yaml path of the first key that cannot be taken.
    """
    reader = Reader()
    config = reader.build(ServiceConfig, load_yaml(path), "")
    config = replace(config, path=path.resolve(), notes=tuple(reader.notes))
    _check_together(config)
    if config.default_ranker is None:
        config = replace(config, default_ranker=config.rankers[0])
    return config


def _check_together(config: ServiceConfig) -> None:
    """Checks that need more than one key."""
    if config.rpc_port is None and config.http_port is None:
        raise ConfigError("missing; give rpc_port, http_port or both", field="rpc_port")
    if config.rpc_port == config.http_port:
        raise ConfigError(f"{config.http_port} is rpc_port already", field="http_port")
    if not config.rankers:
        known = " or ".join(OP_OF_RANKER.values())
        raise ConfigError(f"names no ranker; give {known} a local_service_conf", field="op")
    if config.default_ranker is not None and config.default_ranker not in config.rankers:
        op = OP_OF_RANKER[config.default_ranker]
        raise ConfigError(f"{config.default_ranker} needs op.{op}", field="default_ranker")
    check_http(config.http)
    check_tracing(config.tracing)
    for alias, ranker in config.model_aliases.items():
        if ranker not in config.rankers:
            raise ConfigError(
                f"must be one of {', '.join(config.rankers)}, got {ranker!r}",
                field=f"model_aliases.{alias}",
            )
    for ranker in config.rankers:
        _check_ranker(config.ranker_op(ranker), f"op.{OP_OF_RANKER[ranker]}")
    if config.limits.body_bytes_in_flight < config.limits.max_body_bytes:
        raise ConfigError(
            f"must be at least limits.max_body_bytes ({config.limits.max_body_bytes}), "
            "or the largest request could never be served",
            field="limits.max_body_bytes_in_flight",
        )
    if config.scheduler.max_queue_rows < config.limits.max_documents:
        raise ConfigError(
            f"must be at least limits.max_documents ({config.limits.max_documents}), "
            "or the largest request could never be served",
            field="scheduler.max_queue_rows",
        )
    if config.dag.enable_prometheus and config.dag.tracer.interval_s < 1:
        raise ConfigError("must be at least 1 for enable_prometheus", field="dag.tracer.interval_s")


def _check_ranker(op: OpConfig, where: str) -> None:
    """The keys of one ranker, together."""
    conf = op.local_service_conf
    if conf.model_config is None:
        raise ConfigError(
            "missing; name the directory of a bundle",
            field=f"{where}.local_service_conf.model_config",
        )
    if conf.precision == AUTO and op.engine not in (AUTO, OPENVINO):
        raise ConfigError(
            f"auto needs engine auto or openvino, not {op.engine}; name one",
            field=f"{where}.local_service_conf.precision",
        )
    if op.engine != REMOTE:
        return
    if op.more_bundles:
        raise ConfigError(
            "does not go with engine remote, whose services serve one bundle",
            field=f"{where}.more_bundles",
        )
    if not op.server_endpoints:
        raise ConfigError(
            "missing; name host:port of each GeneralModelService", field=f"{where}.server_endpoints"
        )
    for endpoint in op.server_endpoints:
        if not _ENDPOINT.fullmatch(endpoint):
            raise ConfigError(
                f"must be host:port like 127.0.0.1:8600, got {endpoint!r}",
                field=f"{where}.server_endpoints",
            )
