# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the systems that a user would take instead, on the same weights.

Upstream's service reads the bundle; sentence-transformers and Infinity read what
benchmarks.hf_export makes of it, in the environment of ``make setup-peers``.
"""

from __future__ import annotations

import ast
import json
import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable

import httpx
import numpy as np

from benchmarks.candidates import HTTP, IN_PROCESS, PEER, RPC, UPSTREAM, Candidate
from benchmarks.environments import PEERS_PYTHON, card_python
from benchmarks.own_systems import TIMEOUT_S, in_worker, new_directory
from benchmarks.rounds import Rank, System, through_service
from benchmarks.worker_process import WorkerProcess
from benchmarks.workload import RankCall, made_up_pairs
from child_services.child import ChildService, free_port, run_module
from clients.rpc_client import RpcRankerClient
from contract.bundle import Bundle
from contract.errors import DeadlineExceeded, RankingError, SetUpError
from contract.rankers import PAIRWISE
from contract.wire.caller_errors import Unreachable

UPSTREAM_NAME, INFINITY_NAME = "upstream", "infinity"
# sentence-transformers, by the precision it computes in
CROSS_ENCODERS = {"st-fp32": "fp32", "st-bf16": "bf16", "st-int8": "int8"}
PEERS = (*CROSS_ENCODERS, INFINITY_NAME)

_START_LIMIT_S = 180.0
_POLL_S = 0.5
_INFINITY_BATCH = 32
_CALIBRATION_PAIRS = 100
# no peer may look for a hub or tell anybody that it runs
_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "INFINITY_ANONYMOUS_USAGE_STATS": "0",
    "TOKENIZERS_PARALLELISM": "true",
}


def exported(bundle: Bundle, cache: Path) -> Path:
    """The bundle in Hugging Face's format, written once.

    Raises:
        SetUpError: the peers' environment is not there, or the bundle is not one BERT can be.
    """
    if not PEERS_PYTHON.is_file():
        raise SetUpError("not installed; run `make setup-peers`", field=".venv-peers")
    output = cache / f"hf-{bundle.manifest.version}"
    # a process of its own: Paddle's static mode is for the whole process
    words = ["--bundle", str(bundle.root), "--output", str(output)]
    run_module("benchmarks.hf_export", words, card_python())
    return output


def open_cross_encoder(
    name: str, model: Path, directory: Path, stack: ExitStack
) -> tuple[Candidate, WorkerProcess]:
    """sentence-transformers in a worker process, and that worker."""
    precision = CROSS_ENCODERS[name]
    calibration = model / "calibration.json"
    calibration.write_text(json.dumps(made_up_pairs(_CALIBRATION_PAIRS)), encoding="utf-8")
    words = ["--model", str(model), "--precision", precision, "--calibration", str(calibration)]
    worker = stack.enter_context(
        WorkerProcess(
            [str(PEERS_PYTHON), "-m", "benchmarks.peers.cross_encoder", *words],
            new_directory(directory, name),
            _OFFLINE,
        )
    )
    candidate = Candidate(
        PEER, name, precision, IN_PROCESS, in_worker(worker), None, worker.memory_mb
    )
    return candidate, worker


def open_infinity(model: Path, directory: Path, stack: ExitStack) -> Candidate:
    """Infinity over HTTP, in fp32 on torch."""
    port = free_port()
    words = ["--model-id", str(model), "--engine", "torch", "--device", "cpu"]
    words += ["--dtype", "float32", "--batch-size", str(_INFINITY_BATCH), "--port", str(port)]
    child = stack.enter_context(
        ChildService(
            [str(PEERS_PYTHON.with_name("infinity_emb")), "v2", *words],
            new_directory(directory, INFINITY_NAME),
            _OFFLINE,
        )
    )
    url = f"http://127.0.0.1:{port}/rerank"

    def connect() -> Rank:
        client = stack.enter_context(httpx.Client(timeout=TIMEOUT_S))

        def rank(call: RankCall) -> list[float]:
            body = {"query": call.query, "documents": list(call.documents)}
            answer = client.post(url, json=body).raise_for_status().json()
            by_index = {item["index"]: item["relevance_score"] for item in answer["results"]}
            return [by_index[i] for i in range(len(call.documents))]

        return rank

    return _served(PEER, INFINITY_NAME, HTTP, connect, child)


def open_upstream(bundle: Bundle, directory: Path, stack: ExitStack) -> Candidate:
    """Paddle Serving's WebService with the example's op, over RPC."""
    port = free_port()
    words = ["--bundle", str(bundle.root.resolve()), "--port", str(port)]
    words += ["--http_port", str(free_port()), "--threads", str(len(os.sched_getaffinity(0)))]
    child = stack.enter_context(
        ChildService(
            [str(card_python()), "-m", "benchmarks.peers.upstream_service", *words],
            new_directory(directory, UPSTREAM_NAME),
        )
    )

    def connect() -> Rank:
        client = stack.enter_context(_UpstreamClient(f"127.0.0.1:{port}", TIMEOUT_S, "ernie"))
        return lambda call: client.scores(call, bundle)

    return _served(UPSTREAM, UPSTREAM_NAME, RPC, connect, child)


class _UpstreamClient(RpcRankerClient):
    """Sends what PaddleNLP's example client sends, and reads its answer without ``eval``."""

    def scores(self, call: RankCall, bundle: Bundle) -> list[float]:
        fields = {
            str(i): str({"query": call.query, "title": title})
            for i, title in enumerate(call.documents)
        }
        answer = np.array(
            ast.literal_eval(self._exchange(fields, 0, self.service)["predict"]), dtype=np.float32
        )
        if bundle.manifest.ranker == PAIRWISE:
            return [float(score) for score in answer[:, 0]]
        return [float(score) for score in bundle.score(answer)]


def _served(
    owner: str, name: str, way: str, connect: Callable[[], Rank], child: ChildService
) -> Candidate:
    _wait(connect(), child)

    def system(clients: int) -> System:
        return through_service([connect() for _ in range(clients)])

    return Candidate(owner, name, "fp32", way, system, connect, child.memory_mb)


def _wait(rank: Rank, child: ChildService) -> None:
    """Until it answers.

    Raises:
        SetUpError: it ended, or did not answer in time.
    """
    deadline = time.monotonic() + _START_LIMIT_S
    refused: tuple[Any, ...] = (Unreachable, DeadlineExceeded, httpx.TransportError)
    while True:
        try:
            rank(RankCall("感冒", ("感冒",)))
            return
        except refused as error:
            if child.process.poll() is not None:
                raise child.failed("ended") from error
            if time.monotonic() > deadline:
                raise child.failed(f"gave no answer in {_START_LIMIT_S:g} s") from error
        except (RankingError, httpx.HTTPError, KeyError, ValueError) as error:
            raise child.failed("answers otherwise than expected", str(error)) from error
        time.sleep(_POLL_S)
