# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""A worker that ranks with one engine at its best, in a process of its own.

``python -m benchmarks.in_process --bundle DIR --engine openvino --precision fp32``. The process is
there so that each engine's memory is a number of its own.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.direct_ranker import DirectRanker
from benchmarks.engines import open_runs
from benchmarks.worker import Calls, serve
from benchmarks.workload import RankCall
from contract.bundle import Bundle
from contract.environment.cpu import prepare_math_library


def main() -> int:
    """Serve the parent's lines."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.in_process")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--precision", required=True)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()

    def open_system() -> Any:
        prepare_math_library()
        bundle = Bundle.open(options.bundle)
        runs = open_runs(options.engine, bundle, options.precision, options.threads)
        direct = DirectRanker(bundle, runs)
        return (lambda calls: rank(direct, calls)), (lambda calls: encode(direct, calls))

    return serve(open_system)


def rank(direct: DirectRanker, calls: Calls) -> dict[str, Any]:
    """All calls as one pass; no call has a latency of its own."""
    given = [RankCall(query, tuple(documents)) for query, documents in calls]
    start = time.perf_counter()
    flat, times = direct.sorted_by_length(given)
    seconds = time.perf_counter() - start
    rest = iter(flat)
    return {
        "seconds": seconds,
        "compute_s": times.compute_s,
        "latencies_s": [],
        "scores": [[next(rest) for _ in call.documents] for call in given],
    }


def encode(direct: DirectRanker, calls: Calls) -> dict[str, Any]:
    """Token ids of every pair."""
    rows = [row for query, documents in calls for row in direct.encoder.encode(query, documents)]
    return {"input_ids": [row.input_ids.tolist() for row in rows]}


if __name__ == "__main__":
    sys.exit(main())
