# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Puts the DAG together: opens engines and starts their schedulers where each op runs.

That is in threads of this process, or in a process for each op.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, Optional

from contract.bundle import Bundle
from contract.text.tokenizer_threads import set_tokenizer_threads
from pipeline.batching.scheduler import Scheduler
from pipeline.dag.graph import Dag
from pipeline.dag.paddle_op import Prepare
from pipeline.dag.processes import OpProcesses
from pipeline.dag.rank import Rank
from pipeline.dag.remote_ranker import RemoteRanker
from pipeline.dag.sort import Sort
from pipeline.dag.tokenize import Tokenize
from pipeline.engines.bundles import describe, engine_source, served
from pipeline.engines.remote.source import RemoteEngines
from pipeline.request.route import Target
from pipeline.routing.reload import first_plan, follow_file
from pipeline.routing.router import Router
from pipeline.routing.stages import cascade_of, named
from pipeline.settings.service import OP_OF_RANKER, SORT, TOKENIZE, ServiceConfig
from pipeline.telemetry.metrics import Metrics

Show = Callable[[str], None]


def start_dag(
    config: ServiceConfig,
    bundles: Mapping[Target, Bundle],
    router: Router,
    metrics: Metrics,
    log_directory: Path,
    show: Show,
) -> tuple[Dag, list[Scheduler]]:
    """Load every ranker and start the DAG, in threads or in processes.

    Args:
        config: of the service.
        bundles: by ranker and version.
        router: of this process; an op process has one of its own.
        metrics: of this process; those of op processes stay there.
        log_directory: where op processes send what libraries print.
        show: takes a line about each ranker.

    Returns:
        The running DAG, and the schedulers that run in this process.

    Raises:
        SetUpError: a ranker does not load, or scores differently than at export, or an experiment
            asks for what is not there.
    """
    # before any tokenizer is built, in this process or in those of the ops
    set_tokenizer_threads(config.other_op(TOKENIZE).tokenizer_threads)
    schedulers: list[Scheduler] = []
    if config.dag.is_thread_op:
        prepares = _prepares(
            config, bundles, lambda: router, metrics, lambda _, line: show(line), schedulers
        )
        dag = Dag(config, prepares)
        dag.start()
        return dag, schedulers
    processes = OpProcesses(log_directory)
    # each process makes its own schedulers
    prepares = _prepares(
        config,
        bundles,
        lambda: _own_router(config, bundles),
        metrics,
        processes.announce,
        [],
    )
    dag = Dag(config, {op: processes.reporting(op, make) for op, make in prepares.items()})
    dag.start()
    processes.wait_ready(dag.workers, dag.dead, show)
    return dag, schedulers


def _own_router(config: ServiceConfig, bundles: Mapping[Target, Bundle]) -> Router:
    """Of an op process; each follows the file at its own time."""
    versions = served(bundles)
    names = named(versions, cascade_of(config, versions))
    router = Router(first_plan(config, names))
    follow_file(config, names, router)
    return router


def _prepares(
    config: ServiceConfig,
    bundles: Mapping[Target, Bundle],
    router: Callable[[], Router],
    metrics: Metrics,
    announce: Callable[[str, str], None],
    schedulers: list[Scheduler],
) -> dict[str, Prepare]:
    """By op name, what makes its function."""
    prepares: dict[str, Prepare] = {
        TOKENIZE: lambda _: Tokenize(
            {target: bundle.encoder() for target, bundle in bundles.items()},
            router(),
            config.limits.max_tokens,
            [target for target in bundles if config.ranker_op(target.ranker).takes_texts],
            [target for target in bundles if config.ranker_op(target.ranker).split is not None],
        ),
        SORT: lambda _: Sort(
            {target: bundle.score for target, bundle in bundles.items()}, config.limits.max_tokens
        ),
    }
    for ranker in config.rankers:
        prepares[OP_OF_RANKER[ranker]] = functools.partial(
            _prepare_ranker, config, ranker, bundles, metrics, announce, schedulers
        )
    return prepares


def _prepare_ranker(
    config: ServiceConfig,
    ranker: str,
    bundles: Mapping[Target, Bundle],
    metrics: Metrics,
    announce: Callable[[str, str], None],
    schedulers: list[Scheduler],
    index: int,
) -> Any:
    """Load a ranker's bundles and start their schedulers; ``index`` is the op's process number."""
    by_version: dict[str, Scheduler] = {}
    texts: Optional[RemoteRanker] = None
    for target, bundle in bundles.items():
        if target.ranker != ranker:
            continue
        encoder = bundle.encoder()
        source = engine_source(config, ranker, bundle, encoder, index)
        # the first is the ranker itself; others are told apart in metrics and errors
        name = ranker if not by_version else f"{ranker}@{target.bundle}"
        scheduler = Scheduler(
            name, target.bundle, source, encoder.pad, config.scheduler, metrics.of(name)
        )
        scheduler.start()
        schedulers.append(scheduler)
        if source.states is not None:
            metrics.watch_states(name, source.states)
        by_version[target.bundle] = scheduler
        if isinstance(source, RemoteEngines) and (handed := source.texts) is not None:
            texts = RemoteRanker(ranker, handed, metrics.of(name))
        if index == 0:
            announce(OP_OF_RANKER[ranker], describe(bundle, encoder, source.summary))
    op = config.ranker_op(ranker)
    # upstream tries so often, each time for so long; waiting on is a try that forgets nothing
    timeout_s = op.timeout * op.retry / 1000.0 if op.timeout > 0 else None
    return Rank(ranker, by_version, timeout_s, texts)
