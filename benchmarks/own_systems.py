# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts this project's own service and engines, each in the variants that are compared.

The table OURS names engine, precision and bundle of each. A variant that this machine, this
checkout or these bundles cannot run raises what stands in the way.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable

from benchmarks.candidates import HTTP, IN_PROCESS, OURS, RPC, Candidate
from benchmarks.engines import BF16, FP32, INT8, OPENVINO, PADDLE
from benchmarks.environments import card_python
from benchmarks.rounds import Rank, System, through_service
from benchmarks.worker_process import WorkerProcess
from benchmarks.workload import RankCall, Workload
from child_services.running_service import OP_OF_RANKER, RunningService, service_config
from clients.http_client import HttpRankerClient
from clients.ranker.key_value_client import KeyValueRankerClient
from clients.rpc_client import RpcRankerClient
from contract.bundle.files import MANIFEST_FILE, SERVER_DIR
from contract.environment.cpu import has_bf16
from contract.errors import SetUpError

# a call of the workload takes seconds on a slow machine with a large bundle
TIMEOUT_S = 300.0
# of an op that says nothing, as the configurations of Paddle Serving do
_DEFAULT_ENGINE = PADDLE


@dataclass(frozen=True)
class Variant:
    """One way to run a ranker.

    Attributes:
        engine: value of ``op.<ranker>.engine``.
        precision: value of ``local_service_conf.precision``.
        suffix: of the bundle's directory, beside the ranker's name.
        card: whether it runs with the packages of the set card instead of this Python's.
    """

    engine: str
    precision: str
    suffix: str = ""
    card: bool = False

    @property
    def python(self) -> Path:
        """What runs it.

        Raises:
            SetUpError: card's environment is not there.
        """
        return card_python() if self.card else Path(sys.executable)


OWN_VARIANTS: dict[str, Variant] = {
    "paddle-fp32": Variant(PADDLE, FP32),
    "paddle-bf16": Variant(PADDLE, BF16),
    "openvino-fp32": Variant(OPENVINO, FP32),
    "openvino-bf16": Variant(OPENVINO, BF16),
    "openvino-int8": Variant(OPENVINO, INT8, "-int8"),
}
# the same with the older set of packages, to compare the two in one run
CARD_VARIANTS = {f"card-{name}": replace(v, card=True) for name, v in OWN_VARIANTS.items()}
VARIANTS = {**OWN_VARIANTS, **CARD_VARIANTS}


def bundle_of(variant: Variant, bundles: Path, ranker: str) -> Path:
    """The variant's bundle.

    Raises:
        SetUpError: it is not there, or the CPU cannot run the variant.
    """
    path = bundles / f"{ranker}{variant.suffix}"
    if not (path / MANIFEST_FILE).is_file():
        raise SetUpError("no such bundle; make it by python -m export.quantize", field=str(path))
    if variant.precision == BF16 and not has_bf16():
        raise SetUpError("this CPU has no bf16", field="precision")
    return path


def configured(variant: Variant, bundles: Path, ranker: str) -> dict[str, Any]:
    """``config_nlp.yml`` with free ports, one ranker, and the variant's engine."""
    path = bundle_of(variant, bundles, ranker)
    config = service_config(bundles, (ranker,))
    op = config["op"][OP_OF_RANKER[ranker]]
    if op.get("engine", _DEFAULT_ENGINE) != variant.engine:
        op["engine"] = variant.engine
    op["local_service_conf"]["model_config"] = str(path.resolve() / SERVER_DIR)
    op["local_service_conf"]["precision"] = variant.precision
    return config


def open_in_process(
    name: str, bundles: Path, ranker: str, directory: Path, stack: ExitStack
) -> Candidate:
    """The engine in a worker process; it has no clients, and ranks the workload as one."""
    variant = VARIANTS[name]
    path = bundle_of(variant, bundles, ranker)
    words = ["--bundle", str(path.resolve()), "--engine", variant.engine]
    words += ["--precision", variant.precision]
    worker = stack.enter_context(
        WorkerProcess(
            [
                str(variant.python),
                "-m",
                "benchmarks.in_process",
                *words,
            ],
            new_directory(directory, f"{name}-in-process"),
        )
    )
    return Candidate(
        OURS, name, variant.precision, IN_PROCESS, in_worker(worker), None, worker.memory_mb
    )


def open_service(
    name: str, bundles: Path, ranker: str, directory: Path, stack: ExitStack
) -> list[Candidate]:
    """The service, by HTTP and by RPC."""
    variant = VARIANTS[name]
    config = configured(variant, bundles, ranker)
    service = stack.enter_context(
        RunningService(config, new_directory(directory, name), variant.python)
    )

    def of(way: str, connect: Callable[[], Rank]) -> Candidate:
        def system(clients: int) -> System:
            return through_service([connect() for _ in range(clients)])

        return Candidate(OURS, name, variant.precision, way, system, connect, service.memory_mb)

    def http() -> Rank:
        client = HttpRankerClient(service.url, timeout_s=TIMEOUT_S)
        return _ranked(stack.enter_context(client), ranker)

    def rpc() -> Rank:
        client = RpcRankerClient(service.endpoint, timeout_s=TIMEOUT_S)
        return _ranked(stack.enter_context(client), ranker)

    return [of(HTTP, http), of(RPC, rpc)]


def _ranked(client: KeyValueRankerClient, ranker: str) -> Rank:
    def rank(call: RankCall) -> tuple[float, ...]:
        return client.rank(call.query, call.documents, ranker=ranker).scores

    return rank


def in_worker(worker: WorkerProcess) -> Callable[[int], System]:
    """A worker as what Candidate.open wants; it has one caller, however many are asked for."""

    def system(workload: Workload) -> Any:
        return worker.rank(workload.calls)

    return lambda _: system


def new_directory(parent: Path, name: str) -> Path:
    """A directory for one child's files."""
    path = parent / name
    path.mkdir()
    return path
