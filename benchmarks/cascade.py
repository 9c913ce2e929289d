# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures a cascade beside its dear ranker alone, over HTTP, in one run.

``make bench-cascade`` and ``python -m benchmarks.cascade`` run it. The two take turns, one request
at a time, so that both see the same moments of the machine. What a cascade costs in quality is
measured by ``python -m experiments.cascade``, on lists with grades.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Optional

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import machine
from benchmarks.report import RESULTS, write_json
from benchmarks.shapes import SHAPES, SMALL, bundles_of
from benchmarks.workload import RankCall, Workload, load_workload
from child_services.running_service import RunningService, service_config
from clients import RankerClient
from contract.errors import SetUpError
from contract.rankers import BM25, CASCADE, CROSS_ENCODER, RANKERS

_WARM_UP = 2
_TIMEOUT_S = 300.0


def calls_of(workload: Workload, documents: int, count: int) -> list[RankCall]:
    """So many queries, each with so many documents: its own first, then those of the others."""
    pool = [text for call in workload.calls for text in call.documents]
    calls = []
    for number in range(count):
        call = workload.calls[number % len(workload.calls)]
        texts = list(dict.fromkeys([*call.documents, *pool]))[:documents]
        # a pool that is too small is gone through again
        texts += [f"{texts[i % len(texts)]}{i}" for i in range(documents - len(texts))]
        calls.append(RankCall(call.query, tuple(texts)))
    return calls


def turns(
    client: RankerClient,
    rankers: Sequence[str],
    calls: Sequence[RankCall],
    top_n: Optional[int] = None,
) -> dict[str, list[float]]:
    """Seconds of each request, by ranker; the rankers take turns.

    Args:
        client: of the service.
        rankers: whom to ask.
        calls: what to ask each of them.
        top_n: results that are asked for; ``None``: all.

    Raises:
        SetUpError: the cascade dropped a stage, so its time says nothing.
    """
    seconds: dict[str, list[float]] = {ranker: [] for ranker in rankers}
    warm_up = calls[:_WARM_UP]
    for number, call in enumerate([*warm_up, *calls]):
        for ranker in rankers:
            start = time.perf_counter()
            result = client.rank(call.query, call.documents, ranker=ranker, top_n=top_n)
            took = time.perf_counter() - start
            late = [text for text in result.warnings if "did not score" in text]
            if late:
                raise SetUpError(late[0], field="cascade")
            if number >= len(warm_up):
                seconds[ranker].append(took)
    return seconds


def _measured(
    config: dict[str, Any], calls: Sequence[RankCall], dear: str, top_n: Optional[int]
) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as directory,
        RunningService(config, Path(directory)) as service,
        RankerClient(service.url, timeout_s=_TIMEOUT_S) as client,
    ):
        described = service.described(dear)
        seconds = turns(client, (dear, CASCADE), calls, top_n)
    documents = len(calls[0].documents)
    rates = {ranker: documents * len(s) / sum(s) for ranker, s in seconds.items()}
    return {
        "documents": documents,
        "described": described,
        "pairs_per_s": rates,
        "p50_ms": {ranker: 1000.0 * median(s) for ranker, s in seconds.items()},
        "times_as_fast": rates[CASCADE] / rates[dear],
    }


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cascade", description=__doc__)
    add = parser.add_argument
    add("--shape", choices=SHAPES, default=SMALL, help="of the dear ranker [%(default)s]")
    add("--dear", choices=RANKERS, default=CROSS_ENCODER, help="the last stage [%(default)s]")
    add("--documents", type=int, nargs="+", default=[50, 1000], help="of each request [50 1000]")
    add("--keep", type=int, nargs="+", default=[10, 20], help="for each of these [10 20]")
    add("--top_n", type=int, default=10, help="results of each request; 0: all [%(default)s]")
    add("--requests", type=int, default=40, help="of each ranker and length [%(default)s]")
    return parser


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Measure; returns the exit code."""
    parser = _options()
    args = parser.parse_args(argv)
    if len(args.keep) != len(args.documents):
        parser.error("--keep needs a number for each of --documents")
    try:
        bundles = bundles_of(args.shape, args.dear)
        workload = load_workload(None)
        facts = machine.facts()
        shown = f"{args.top_n} results each" if args.top_n else "all results"
        print(f"{machine.line(facts)}\n{args.shape} shape, workload {workload.name}, {shown}")
        results: dict[str, Any] = {**facts, "shape": args.shape, "workload": workload.sha256}
        results["top_n"] = args.top_n
        for documents, keep in zip(args.documents, args.keep):
            config = service_config(bundles, (args.dear,))
            config["cascade"] = {"stages": [{"ranker": BM25, "keep": keep}, {"ranker": args.dear}]}
            one = _measured(
                config, calls_of(workload, documents, args.requests), args.dear, args.top_n or None
            )
            results[f"{documents} documents, keep {keep}"] = one
            print(one["described"])
            for ranker, rate in one["pairs_per_s"].items():
                p50 = one["p50_ms"][ranker]
                print(
                    f"  {documents} documents, {ranker:13s} {rate:8.0f} pairs/s  p50 {p50:.1f} ms"
                )
            print(f"  keep {keep}: {one['times_as_fast']:.1f} times as fast", flush=True)
    except SetUpError as error:
        print(f"benchmarks.cascade: error: {error}", file=sys.stderr)
        return 2
    print(f"written to {write_json(json.loads(json.dumps(results)), RESULTS / 'cascade')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
