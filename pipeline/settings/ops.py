# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The keys of config_nlp.yml under ``op``: the model of each ranker, and what computes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Optional

from contract.errors import ConfigError
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.scoring import SCORE_FUNCTIONS
from pipeline.settings.key_types import (
    Count,
    Flag,
    Section,
    Text,
    Texts,
    Whole,
    choice,
    unused,
    whole,
)

TOKENIZE = "tokenize"
SORT = "sort"
# the op of each ranker; its name is also the name of the service that answers with that ranker
OP_OF_RANKER: Mapping[str, str] = {PAIRWISE: "ernie", CROSS_ENCODER: "rocketqa"}
OPS = (TOKENIZE, *OP_OF_RANKER.values(), SORT)

LOCAL = "local_predictor"
PADDLE, OPENVINO, REMOTE, AUTO = "paddle", "openvino", "remote", "auto"
ENGINES = (PADDLE, OPENVINO, REMOTE, AUTO)
TENSORS, TEXTS = "tensors", "texts"

GRAPH_DECIDES = "a ranker's bundle says what is fed and fetched"
SCHEDULER_BATCHES = "the scheduler batches rows of all requests, see scheduler.max_batch_tokens"
NO_REMOTE = "the ranker runs in this service, by local_service_conf.model_config"
# one request of the tensor service holds 65,536 strings, and each title may have its own query
MOST_TITLES = 32_768
_ENDPOINT = re.compile(r"[^\s/@,]+:\d{1,5}")


@dataclass(frozen=True)
class LocalServiceConfig(Section):
    """op.<ranker>.local_service_conf: the model and how Paddle Inference runs it.

    Attributes:
        model_config: directory of a bundle, or its serving_server directory.
        thread_num: threads of the ranker's engines.
        device_type: 0 CPU, 1 GPU, 2 TensorRT; -1: a GPU when ``devices`` names any.
        devices: numbers of GPUs, in quotes.
        mem_optim: reuse memory inside the graph.
        ir_optim: optimize the graph.
        precision: ``auto`` goes with engine auto or openvino.
        use_calib: calibrate int8 while serving, with TensorRT.
        use_mkldnn: use oneDNN's kernels.
        mkldnn_cache_capacity: shapes whose kernels oneDNN keeps.
        mkldnn_op_list: operators that oneDNN computes; left out, all that it can.
        mkldnn_bf16_op_list: operators that oneDNN computes in bf16.
        min_subgraph_size: the smallest part of a graph that TensorRT takes.
        fetch_list: upstream's; the bundle says which output is read.
    """

    model_config: Optional[Text] = None
    client_type: Annotated[str, choice(LOCAL, "brpc", "grpc")] = field(
        default=LOCAL, metadata=unused(NO_REMOTE)
    )
    workdir: Text = field(default="", metadata=unused(NO_REMOTE))
    thread_num: Count = 2
    device_type: Annotated[int, whole(-1, 6)] = -1
    devices: Text = ""
    mem_optim: Flag = True
    ir_optim: Flag = False
    precision: Annotated[str, choice("fp32", "fp16", "bf16", "int8", AUTO)] = "fp32"
    use_calib: Flag = False
    use_mkldnn: Flag = False
    mkldnn_cache_capacity: Whole = 0
    mkldnn_op_list: Optional[Texts] = None
    mkldnn_bf16_op_list: Optional[Texts] = None
    min_subgraph_size: Whole = 3
    # not noted as unused: upstream names it in every config, and the manifest's choice is the same
    # output or a better one
    fetch_list: Optional[Texts] = None


@dataclass(frozen=True)
class SplitConfig(Section):
    """op.<ranker>.split: a split ranker is served by its two graphs, with a store between them.

    Attributes:
        store_bytes: of memory that encoded queries and documents may take, for each bundle.
        corpus: directory of documents that ``pipeline.encode_corpus`` has encoded ahead.
    """

    store_bytes: Count = 256 * 1024 * 1024
    corpus: Optional[Text] = None


@dataclass(frozen=True)
class OpConfig(Section):
    """op.<name>; the last three keys are for a serving_server directory without a manifest.

    Attributes:
        engine: what computes a ranker's batches; ``remote`` asks ``server_endpoints``.
        concurrency: processes of the op when ``dag.is_thread_op`` is false.
        tokenizer_threads: of ``tokenize`` only: threads that the tokenizer package may use for one
            call; left out, what the environment's TOKENIZER_THREADS says, or else one.
        timeout: milliseconds that the ranker may take; below 1: no limit.
        retry: how often it is asked when it times out.
        server_endpoints: host:port of each GeneralModelService, for engine remote.
        remote_input: what engine remote hands to them: rows of tokens, or the texts themselves,
            which tensor services of this version tokenize.
        client_config: serving_client of the bundle that server_endpoints serve, instead of
            model_config; engine is remote then, as upstream means it.
        split: keeps what the lower layers of a split ranker make of texts; left out, its whole
            graph is computed.
        more_bundles: directories of further bundles of the ranker, for experiments.
        tokenizer: its directory.
        max_seq_length: tokens of a row.
        score_function: makes a score of the logits.
    """

    engine: Annotated[str, choice(*ENGINES)] = PADDLE
    concurrency: Count = 1
    tokenizer_threads: Optional[Count] = None
    timeout: Whole = -1
    retry: Count = 1
    batch_size: Count = field(default=1, metadata=unused(SCHEDULER_BATCHES))
    auto_batching_timeout: Whole = field(default=-1, metadata=unused(SCHEDULER_BATCHES))
    local_service_conf: LocalServiceConfig = field(default_factory=LocalServiceConfig)
    server_endpoints: Optional[Texts] = None
    remote_input: Annotated[str, choice(TENSORS, TEXTS)] = TENSORS
    split: Optional[SplitConfig] = None
    more_bundles: Texts = ()
    fetch_list: Optional[Texts] = field(default=None, metadata=unused(GRAPH_DECIDES))
    client_config: Optional[Text] = field(default=None, metadata=unused(NO_REMOTE))
    client_type: Optional[Text] = field(default=None, metadata=unused(NO_REMOTE))
    use_encryption_model: Flag = field(default=False, metadata=unused(NO_REMOTE))
    encryption_key: Optional[Text] = field(default=None, metadata=unused(NO_REMOTE))
    tokenizer: Optional[Text] = None
    max_seq_length: Annotated[int, whole(5)] = 512
    score_function: Optional[Annotated[str, choice(*SCORE_FUNCTIONS)]] = None

    @property
    def takes_texts(self) -> bool:
        """Whether the ranker's engine tokenizes by itself."""
        return self.engine == REMOTE and self.remote_input == TEXTS


def check_tokenizer_threads(ops: Mapping[str, OpConfig]) -> None:
    """See that the key stands where it is read.

    Raises:
        ConfigError: an op that does not tokenize has it.
    """
    for name, op in ops.items():
        if name != TOKENIZE and op.tokenizer_threads is not None:
            raise ConfigError(
                f"is a key of op.{TOKENIZE}, which encodes texts for all rankers; write it there",
                field=f"op.{name}.tokenizer_threads",
            )


def check_split_ops(ops: Mapping[str, OpConfig], in_threads: bool) -> None:
    """See that ``split`` stands at a ranker, whose op runs in this process.

    Args:
        ops: by name.
        in_threads: dag.is_thread_op.

    Raises:
        ConfigError: it stands elsewhere, or each op process would have a store of its own.
    """
    for name, op in ops.items():
        if op.split is None:
            continue
        if name in (TOKENIZE, SORT):
            raise ConfigError(
                f"is a key of rankers ({', '.join(OP_OF_RANKER.values())}); leave it out here",
                field=f"op.{name}.split",
            )
        if not in_threads:
            raise ConfigError(
                "does not go with dag.is_thread_op false: each process would fill a store of its "
                "own; set that to true, or leave split out",
                field=f"op.{name}.split",
            )


def check_ranker(op: OpConfig, where: str) -> None:
    """Checks that need more than one key of a ranker.

    Args:
        op: the ranker's.
        where: its path in the file.

    Raises:
        ConfigError: with the yaml path of what cannot be.
    """
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
    if op.split is not None:
        _check_split(op, where)
    if op.engine != REMOTE:
        if op.remote_input != TENSORS:
            raise ConfigError(
                f"{TEXTS} goes with engine remote only, not {op.engine}; leave it out",
                field=f"{where}.remote_input",
            )
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


def _check_split(op: OpConfig, where: str) -> None:
    """What two graphs and a store do not go with."""
    conf = op.local_service_conf
    if op.engine not in (OPENVINO, AUTO):
        raise ConfigError(
            f"goes with engine openvino or auto only, not {op.engine}; set engine to openvino, or "
            "leave split out",
            field=f"{where}.split",
        )
    if conf.precision not in ("fp32", "bf16", AUTO):
        raise ConfigError(
            f"does not go with precision {conf.precision}: the two graphs are computed in fp32 or "
            "bf16; name one of these or auto, or leave split out",
            field=f"{where}.split",
        )
    if op.split is not None and op.split.corpus is not None and conf.precision == AUTO:
        raise ConfigError(
            "does not go with precision auto, for a corpus is encoded in one precision; name fp32 "
            "or bf16, or leave corpus out",
            field=f"{where}.split.corpus",
        )
    if conf.device_type > 0 or (conf.device_type < 0 and conf.devices):
        raise ConfigError(
            "is computed on the CPU; set device_type to 0, or leave split out",
            field=f"{where}.split",
        )
