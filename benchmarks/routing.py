# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what experiments cost: routing a request, recording it, and a shadow beside it.

``make bench-routing`` and ``python -m benchmarks.routing`` run it. The router and the record log
are called in process; for the rest, services that differ only in their experiments take turns.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Callable, Optional

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from benchmarks import machine
from benchmarks.report import RESULTS, write_json
from benchmarks.workload import Workload, load_workload
from child_services.child import REPOSITORY
from child_services.running_service import RunningService, service_config
from clients.rpc_client import RpcRankerClient
from contract.errors import RankingError, ServiceError
from contract.experiments.records import SHADOW, SPLIT, Exposure
from contract.rankers import CROSS_ENCODER, PAIRWISE
from contract.wire.request import RankRequest
from pipeline.records.jsonl_writer import RecordLog
from pipeline.routing.plan import make_plan
from pipeline.routing.router import Router
from pipeline.settings.experiments import (
    ExperimentConfig,
    ExposuresConfig,
    HoldoutConfig,
    NamespaceConfig,
    VariantConfig,
)

_CALLS = 20_000
_RATE = 5000
_SERVED = {PAIRWISE: ["1"], CROSS_ENCODER: ["2"]}
_VARIANTS = (VariantConfig("a", PAIRWISE), VariantConfig("b", CROSS_ENCODER))


@dataclass(frozen=True)
class Times:
    """Of one thing, in microseconds."""

    p50_us: float
    p99_us: float


@dataclass
class Counts:
    """What a record log reports, and the fullest its queue was."""

    on_disk: int = 0
    gone: int = 0
    fullest: int = 0

    def watch(self, waiting: Callable[[], int], waiting_bytes: Callable[[], int]) -> None:
        """Remember whom to ask how many wait; of how many bytes is not asked."""
        self._waiting = waiting

    def written(self, records: int) -> None:
        """Records went to disk."""
        self.on_disk += records
        self.fullest = max(self.fullest, self._waiting())

    def lost(self, records: int) -> None:
        """Records will never be on disk."""
        self.gone += records


def timed(call: Callable[[int], object], calls: int = _CALLS) -> Times:
    """Call it many times, each with its number."""
    times = []
    for number in range(calls):
        start = time.perf_counter_ns()
        call(number)
        times.append(time.perf_counter_ns() - start)
    times.sort()
    return Times(times[calls // 2] / 1000, times[calls * 99 // 100] / 1000)


def routing(workload: Workload) -> dict[str, Times]:
    """What the router takes, by what the unit is; three experiments, the last takes all."""
    namespace = NamespaceConfig("n", 0.0, 0.05)
    experiments = [
        ExperimentConfig("first", variants=_VARIANTS, namespace=namespace),
        ExperimentConfig("second", variants=_VARIANTS, coverage=0.05),
        ExperimentConfig("third", variants=_VARIANTS, allow_list={"tester": "a"}),
    ]
    holdout = HoldoutConfig("h", 0.05)
    with_all = Router(make_plan(experiments, holdout, _SERVED, PAIRWISE))
    with_one = Router(make_plan(experiments[2:], HoldoutConfig(), _SERVED, PAIRWISE))
    queries = [call.query for call in workload.calls]
    longest = "牙结石脱落小妙招" * 1250

    def by(make: Callable[[int], RankRequest], router: Router = with_one) -> Times:
        requests = [make(i) for i in range(1000)]
        return timed(lambda i: router.route(requests[i % 1000], ()))

    def pairs(i: int) -> tuple[tuple[str, str], ...]:
        return ((queries[i % len(queries)], "t"),)

    return {
        "user id, ASCII": by(lambda i: RankRequest(pairs(i), user_id=f"user-{i:08d}")),
        "user id, Chinese": by(lambda i: RankRequest(pairs(i), user_id=f"用户{i:08d}")),
        "query of the workload": by(lambda i: RankRequest(pairs(i))),
        "query, three experiments and a hold-out": by(lambda i: RankRequest(pairs(i)), with_all),
        "query of 10,000 characters": timed(
            lambda _: with_one.route(RankRequest(((longest, "t"),)), ()), 200
        ),
    }


def _exposure(i: int) -> Exposure:
    order, scores = tuple(range(50)), tuple(1 - place / 51 for place in range(50))
    return Exposure(
        time.time(), f"{i:032x}", "ab", SPLIT, "a", "bucket", f"user-{i}", PAIRWISE, "1a95545a68d9",
        PAIRWISE, "1a95545a68d9", 0, 50, order, scores, (), 52.1, 0.4, 48.9,
    )  # fmt: skip


def recording(directory: Path, seconds: float) -> dict[str, float]:
    """Exposures of 50 documents at a steady rate, then as fast as the writer can."""
    counts = Counts()
    log = RecordLog("exposures", directory, ExposuresConfig(), counts)
    log.start()
    offered = timed(lambda i: log.offer(_exposure(i)), 2000)
    time.sleep(1)
    counts.fullest = 0
    cpu, start, done = time.process_time(), time.monotonic(), 0
    while time.monotonic() < start + seconds:
        due = int((time.monotonic() - start) * _RATE)
        for number in range(done, due):
            log.offer(_exposure(number))
        done = max(done, due)
        time.sleep(0.002)
    elapsed, cpu = time.monotonic() - start, time.process_time() - cpu
    fullest, lost = counts.fullest, counts.gone
    # the writer alone: a full queue, nothing that fills it
    waiting = 0
    while log.offer(_exposure(waiting)):
        waiting += 1
    start, before = time.monotonic(), counts.on_disk
    log.stop(60)
    return {
        "one record made and offered, us": offered.p50_us,
        "records/s asked": _RATE,
        "records/s offered": done / elapsed,
        "lost": lost,
        "fullest queue": fullest,
        "cores used": cpu / elapsed,
        "records/s of the writer alone": (counts.on_disk - before) / (time.monotonic() - start),
    }


def _config(directory: Path, mode: str) -> dict[str, Any]:
    config = service_config(REPOSITORY / "serving_models", (PAIRWISE, CROSS_ENCODER))
    if mode:
        variants = [asdict(variant) for variant in _VARIANTS]
        if mode == SPLIT:
            variants[1]["weight"] = 0.0
        config["experiments"] = [{"name": mode, "mode": mode, "variants": variants}]
        config["exposures"] = {"directory": str(directory / "records")}
    return config


@contextlib.contextmanager
def services(directory: Path) -> Iterator[dict[str, RunningService]]:
    """One without experiments, one with a split that gives all to one ranker, one with a shadow."""
    with contextlib.ExitStack() as stack:
        running = {}
        for mode in ("", SPLIT, SHADOW):
            own = directory / (mode or "none")
            own.mkdir()
            service = RunningService(_config(own, mode), own)
            stack.enter_context(service)
            running[mode or "no experiment"] = service
        yield running


def beside(
    running: dict[str, RunningService],
    workload: Workload,
    documents: int,
    pause_s: float,
    calls: int,
) -> dict[str, float]:
    """p50 in ms of a lone caller with so many documents, in turns, by RPC."""
    taken: dict[str, list[float]] = {name: [] for name in running}
    with contextlib.ExitStack() as stack:
        clients = {
            name: stack.enter_context(RpcRankerClient(service.endpoint, timeout_s=60))
            for name, service in running.items()
        }
        for turn in range(5):
            for name, client in clients.items():
                for i in range(calls // 5 + 1):
                    call = workload.calls[(turn + i) % len(workload.calls)]
                    texts = [f"{t}{turn}.{i}" for t in call.documents[:documents]]
                    start = time.perf_counter()
                    client.rank(call.query, texts)
                    if i:
                        taken[name].append((time.perf_counter() - start) * 1000)
                    time.sleep(pause_s)
                time.sleep(0.5)  # a last shadow ends
    return {name: median(times) for name, times in taken.items()}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Measure and print; the exit status is 0, 1 when a system failed, 2 for a usage error."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.routing")
    parser.add_argument("--seconds", type=float, default=10.0, help="of recording [%(default)s]")
    parser.add_argument("--calls", type=int, default=100, help="of each service [%(default)s]")
    args = parser.parse_args(argv)
    try:
        _measure(args.seconds, args.calls)
    except RankingError as error:
        print(f"benchmarks.routing: error: {error}", file=sys.stderr)
        return 1 if isinstance(error, ServiceError) else 2
    return 0


def _measure(seconds: float, calls: int) -> None:
    facts, workload = machine.facts(), load_workload(None)
    print(machine.line(facts))
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        directory = Path(name)
        print(f"\n{'routing':44}  p50 us   p99 us")
        for what, times in routing(workload).items():
            print(f"  {what:42}  {times.p50_us:6.1f}   {times.p99_us:6.1f}")
            results[what] = asdict(times)
        figures = results["recording"] = recording(directory, seconds)
        print(f"\n{'recording exposures of 50 documents':44}")
        for what, figure in figures.items():
            print(f"  {what:42}  {figure:10,.2f}")
        with services(directory) as running:
            for documents, pause_s in ((1, 0.02), (50, 0.2), (50, 0.0)):
                what = f"p50 ms, {documents} documents, {pause_s * 1000:.0f} ms between calls"
                results[what] = beside(running, workload, documents, pause_s, calls)
                print(f"\n{what}")
                for which, p50 in results[what].items():
                    print(f"  {which:42}  {p50:6.1f}")
    print(f"\nwritten to {write_json({**facts, **results}, RESULTS)}")


if __name__ == "__main__":
    sys.exit(main())
