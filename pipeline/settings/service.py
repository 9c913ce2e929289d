# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The whole of config_nlp.yml: finds the file, checks it and makes the service's settings of it.

Upstream's keys keep their names, types, defaults and meaning; ours stand beside them. Relative
paths in the file are relative to the file, not to the working directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Optional

from pydantic import TypeAdapter

from contract.errors import ConfigError
from contract.rankers import CASCADE
from pipeline.settings.cascade import CascadeConfig, check_cascade
from pipeline.settings.experiments import ExperimentConfig, ExposuresConfig, HoldoutConfig, Ranker
from pipeline.settings.http import HttpConfig, check_http, check_tls
from pipeline.settings.key_types import (
    LIST,
    Count,
    Flag,
    Port,
    Section,
    Text,
    TextMap,
    Whole,
    choice,
    known_keys,
    number,
    unused,
    whole,
)
from pipeline.settings.limits import LimitsConfig, SchedulerConfig
from pipeline.settings.log_format import JSON, TEXT
from pipeline.settings.ops import (
    AUTO,
    ENGINES,
    MOST_TITLES,
    NO_REMOTE,
    OP_OF_RANKER,
    OPENVINO,
    OPS,
    PADDLE,
    REMOTE,
    SORT,
    TOKENIZE,
    LocalServiceConfig,
    OpConfig,
    check_ranker,
    check_split_ops,
    check_tokenizer_threads,
)
from pipeline.settings.reading import notes, read
from pipeline.settings.rpc import RpcConfig
from pipeline.settings.tracing import TracingConfig, check_tracing
from pipeline.settings.upstream import as_upstream_means
from pipeline.settings.yaml_file import load_yaml

# those of the ops too: whoever reads the settings finds all of them here
__all__ = [
    "AUTO",
    "CONFIG_FILE",
    "ENGINES",
    "ENGINE_CACHE",
    "OPENVINO",
    "OPS",
    "OP_OF_RANKER",
    "PADDLE",
    "REMOTE",
    "SORT",
    "TOKENIZE",
    "DagConfig",
    "LimitsConfig",
    "LocalServiceConfig",
    "OpConfig",
    "SchedulerConfig",
    "ServiceConfig",
    "ServiceKeys",
    "TracerConfig",
    "find_config",
    "load_config",
]

CONFIG_FILE = "config_nlp.yml"
ENGINE_CACHE = "~/.cache/ranking-stack/engines"
SORT_NEEDS_ALL = "sort needs the answers of all rankers, not the first that arrives"
IN_FLIGHT_BOUNDS = "limits.max_in_flight bounds what may wait"
NO_GATEWAY = "http_port answers without a gateway"
ONE_DAG = "one DAG serves all requests, so that they share batches"

Op = Annotated[str, choice(*OPS)]


@dataclass(frozen=True)
class TracerConfig(Section):
    """dag.tracer: a summary of the ops' times in pipeline.tracer.

    Attributes:
        interval_s: seconds between two summaries; below 1: none.
    """

    interval_s: Whole = -1


@dataclass(frozen=True)
class DagConfig(Section):
    """dag: how Paddle Serving runs the graph of ops.

    Attributes:
        retry: tries of a request whose op timed out.
        use_profile: print the DAG's timeline.
        is_thread_op: ops as threads; false: each op in processes of its own.
        enable_prometheus: serve upstream's own counters; needs ``tracer.interval_s``.
        prometheus_port: where they are served.
    """

    retry: Count = 1
    client_type: Annotated[str, choice("brpc", "grpc")] = field(
        default="brpc", metadata=unused(NO_REMOTE)
    )
    use_profile: Flag = False
    # a bounded channel with two producers, as before sort, ends the op's thread when it is full
    channel_size: Annotated[int, whole(0)] = field(default=0, metadata=unused(IN_FLIGHT_BOUNDS))
    is_thread_op: Flag = True
    tracer: TracerConfig = field(default_factory=TracerConfig)
    channel_recv_frist_arrive: Flag = field(default=False, metadata=unused(SORT_NEEDS_ALL))
    enable_prometheus: Flag = False
    prometheus_port: Optional[Port] = None


@dataclass(frozen=True)
class ServiceKeys(Section):
    """The keys of the whole file.

    Attributes:
        rpc_port: of the RPC service; left out, there is none.
        http_port: of the HTTP edge; left out, there is none. One of the two must be given.
        rpc_host: address that rpc_port is bound on; left out, all addresses.
        http_host: address that http_port is bound on; left out, all IPv4 addresses.
        worker_num: RPC requests read at once.
        op: the rankers, and the ops before and after them.
        default_ranker: answers a request that names none; left out, the first of ``op``.
        cascade: a cheap ranker for all documents and dearer ones for the best of them, as one more
            ranker; left out, there is none.
        experiments: who gets which ranker; followed while the service runs.
        model_aliases: further names for a ranker.
        drain_timeout_s: after SIGTERM, how long requests in work may take.
        log_dir: where PipelineServingLogs/ is made; left out, the working directory.
        log_format: of pipeline.log; ``json``: one object for each line.
        engine_cache: directory of compiled graphs; may be deleted at any time.
    """

    rpc_port: Optional[Port] = None
    http_port: Optional[Port] = None
    rpc_host: Optional[Text] = None
    http_host: Optional[Text] = None
    worker_num: Count = 1
    build_dag_each_worker: Flag = field(default=False, metadata=unused(ONE_DAG))
    grpc_gateway_port: Optional[Whole] = field(default=None, metadata=unused(NO_GATEWAY))
    dag: DagConfig = field(default_factory=DagConfig)
    op: Annotated[Mapping[Op, OpConfig], known_keys(*OPS)] = field(default_factory=dict)
    default_ranker: Optional[Ranker] = None
    cascade: Optional[CascadeConfig] = None
    limits: LimitsConfig = field(default_factory=LimitsConfig)
    scheduler: SchedulerConfig = field(default_factory=SchedulerConfig)
    experiments: Annotated[tuple[ExperimentConfig, ...], LIST] = ()
    holdout: HoldoutConfig = field(default_factory=HoldoutConfig)
    exposures: ExposuresConfig = field(default_factory=ExposuresConfig)
    http: HttpConfig = field(default_factory=HttpConfig)
    rpc: RpcConfig = field(default_factory=RpcConfig)
    tracing: TracingConfig = field(default_factory=TracingConfig)
    model_aliases: TextMap = field(default_factory=dict)
    drain_timeout_s: Annotated[float, number(0, 60)] = 8.0
    log_dir: Optional[Text] = None
    log_format: Annotated[str, choice(TEXT, JSON)] = TEXT
    engine_cache: Optional[Text] = None


@dataclass(frozen=True)
class ServiceConfig(ServiceKeys):
    """What the file says, where it lies, and what is noted about it."""

    path: Path = Path(CONFIG_FILE)
    notes: tuple[str, ...] = ()
    # the name that the file gives a ranker's op, where it is not ours
    named: Mapping[str, str] = field(default_factory=dict)

    @property
    def rankers(self) -> tuple[str, ...]:
        """The rankers that have an op, the default first."""
        present = [ranker for ranker, op in OP_OF_RANKER.items() if op in self.op]
        return tuple(sorted(present, key=lambda ranker: ranker != self.default_ranker))

    @property
    def answering(self) -> tuple[str, ...]:
        """What may be named as a ranker: those that have an op, and the cascade."""
        return self.rankers if self.cascade is None else (*self.rankers, CASCADE)

    def ranker_op(self, ranker: str) -> OpConfig:
        """The op of a ranker in :attr:`rankers`."""
        return self.op[OP_OF_RANKER[ranker]]

    def op_name(self, ranker: str) -> str:
        """The name of a ranker's op in the file, which is that of its service, too."""
        return self.named.get(ranker, OP_OF_RANKER[ranker])

    def other_op(self, name: str) -> OpConfig:
        """The keys of ``tokenize`` or ``sort``, which need not stand in the file."""
        return self.op.get(name, OpConfig())

    @property
    def engine_cache_directory(self) -> Path:
        """Where compiled graphs and choices of engines are kept."""
        if self.engine_cache is None:
            return Path(ENGINE_CACHE).expanduser()
        return self.resolve(self.engine_cache)

    @property
    def followed_files(self) -> tuple[Path, ...]:
        """Files that may change while the service runs, this one first: keys, certificates."""
        http = self.http
        names = [one.key_file for one in http.api_keys]
        names += [http.tls_certificate, http.tls_key, http.tls_client_ca]
        return (self.path, *(self.resolve(name) for name in names if name is not None))

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
    data = load_yaml(path)
    keys = read(_adapter(), data)
    config = ServiceConfig(
        **{key.name: getattr(keys, key.name) for key in fields(keys)},
        path=path.resolve(),
        notes=tuple(notes(keys, data)),
    )
    understood = as_upstream_means(config.op, config.resolve)
    config = replace(
        config,
        op=understood.op,
        named=understood.named,
        notes=tuple(note for note in config.notes if not note.startswith(understood.meant)),
    )
    _check_together(config)
    if config.default_ranker is None:
        config = replace(config, default_ranker=config.rankers[0])
    return config


@cache
def _adapter() -> TypeAdapter[ServiceKeys]:
    """Made at the first use: it takes longer than reading a file."""
    return TypeAdapter(ServiceKeys)


def _check_together(config: ServiceConfig) -> None:
    """Checks that need more than one key."""
    if config.rpc_port is None and config.http_port is None:
        raise ConfigError("missing; give rpc_port, http_port or both", field="rpc_port")
    if config.rpc_port == config.http_port:
        raise ConfigError(f"{config.http_port} is rpc_port already", field="http_port")
    if not config.rankers:
        known = " or ".join(OP_OF_RANKER.values())
        raise ConfigError(f"names no ranker; give {known} a local_service_conf", field="op")
    if config.default_ranker is not None and config.default_ranker not in config.answering:
        op = OP_OF_RANKER.get(config.default_ranker)
        needed = CASCADE if op is None else f"op.{op}"
        raise ConfigError(f"{config.default_ranker} needs {needed}", field="default_ranker")
    if config.cascade is not None:
        check_cascade(config.cascade, config.rankers)
    check_http(config.http)
    check_tls(config.rpc, "rpc")
    check_tracing(config.tracing)
    for alias, ranker in config.model_aliases.items():
        if ranker not in config.answering:
            raise ConfigError(
                f"must be one of {', '.join(config.answering)}, got {ranker!r}",
                field=f"model_aliases.{alias}",
            )
    check_tokenizer_threads(config.op)
    check_split_ops(config.op, config.dag.is_thread_op)
    for ranker in config.rankers:
        check_ranker(config.ranker_op(ranker), f"op.{config.op_name(ranker)}")
    _check_texts(config)
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


def _check_texts(config: ServiceConfig) -> None:
    """What does not go with texts that other services tokenize."""
    for ranker in config.rankers:
        if not config.ranker_op(ranker).takes_texts:
            continue
        field = f"op.{config.op_name(ranker)}.remote_input"
        if config.scheduler.cache_rows:
            raise ConfigError(
                "texts does not go with scheduler.cache_rows, which keeps scores by rows that this "
                "service then never has; set that to 0, or hand tensors",
                field=field,
            )
        if config.limits.max_documents > MOST_TITLES:
            raise ConfigError(
                f"texts takes at most {MOST_TITLES} documents, and limits.max_documents allows "
                f"{config.limits.max_documents}; lower that, or hand tensors",
                field=field,
            )
