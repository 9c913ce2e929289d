# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what happens at twice the load that the service can carry.

``make bench-overload`` and ``python -m benchmarks.overload`` run it. It finds the capacity first,
with a few requests always under way, and then sends requests at the moments of a Poisson process,
at 80 % and at 200 % of it. The load generator runs on the same cores; its own share is printed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Optional
from urllib.parse import urlsplit

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import numpy as np
import yaml

from benchmarks import machine
from benchmarks.open_loop import OpenLoop, Seen
from benchmarks.report import RESULTS, write_json
from benchmarks.workload import Workload, load_workload
from child_services.child import REPOSITORY
from child_services.rank_process import PIPELINE, SERVICES
from child_services.running_service import CONFIG_FILE, RunningService, service_config
from contract.bundle import Bundle
from contract.rankers import RANKERS

_AT_ONCE = 6
_LOADS = (0.8, 2.0)
_SEED = 0


@dataclass(frozen=True)
class Load:
    """What came of one load.

    Attributes:
        share: of the capacity.
        sent_per_s: requests.
        accepted, refused, other: answers by status 200, 429 and any other.
        p50_ms, p99_ms: of accepted requests.
        refused_p99_ms: of refused ones; ``None`` without any.
        generator_cpu: cores that the load generator took.
    """

    share: float
    sent_per_s: float
    accepted: int
    refused: int
    other: int
    p50_ms: float
    p99_ms: float
    refused_p99_ms: Optional[float]
    generator_cpu: float


class Requests:
    """Requests no two of which share a row."""

    def __init__(self, workload: Workload, ranker: str, documents: Optional[int]) -> None:
        """Bind the texts, who shall score them, and how many go into a request."""
        self._calls = workload.calls
        self._ranker = ranker
        self._documents = documents
        self._made = 0

    def take(self, count: int) -> list[bytes]:
        """So many new ones, heads included."""
        return [self._next() for _ in range(count)]

    def _next(self) -> bytes:
        call = self._calls[self._made % len(self._calls)]
        self._made += 1
        fields = {
            "query": f"{call.query} {self._made}",
            "documents": call.documents[: self._documents],
            "ranker": self._ranker,
        }
        body = json.dumps(fields, ensure_ascii=False).encode()
        head = f"POST /ranker/prediction HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


def capacity(loop: OpenLoop, requests: Requests, seconds: float) -> float:
    """Requests per second with a few always under way."""
    warm = loop.saturate(requests.take(40), 2)
    assert all(seen.status == 200 for seen in warm), "the service refuses a lone caller"
    start = time.perf_counter()
    done = 0
    while time.perf_counter() - start < seconds:
        done += sum(seen.status == 200 for seen in loop.saturate(requests.take(20), _AT_ONCE))
    return done / (time.perf_counter() - start)


def at_load(loop: OpenLoop, requests: Requests, share: float, per_s: float, seconds: float) -> Load:
    """Send at random moments, so many a second on average."""
    count = max(1, int(per_s * seconds))
    moments = np.cumsum(np.random.default_rng(_SEED).exponential(1.0 / per_s, count))
    made = requests.take(count)
    cpu, start = time.process_time(), time.perf_counter()
    seen = loop.run(made, moments.tolist())
    cores = (time.process_time() - cpu) / (time.perf_counter() - start)
    accepted = _milliseconds(seen, 200)
    refused = _milliseconds(seen, 429)
    return Load(
        share,
        per_s,
        len(accepted),
        len(refused),
        count - len(accepted) - len(refused),
        _percentile(accepted, 50) or 0.0,
        _percentile(accepted, 99) or 0.0,
        _percentile(refused, 99),
        cores,
    )


def _milliseconds(seen: Sequence[Seen], status: int) -> list[float]:
    return [one.seconds * 1000.0 for one in seen if one.status == status]


def _percentile(values: Sequence[float], percent: float) -> Optional[float]:
    return float(np.percentile(values, percent)) if values else None


def _show(load: Load) -> str:
    refused = "" if load.refused_p99_ms is None else f", refused p99 {load.refused_p99_ms:.0f} ms"
    total = load.accepted + load.refused + load.other
    return (
        f"{load.share:4.0%}  {load.sent_per_s:6.1f}/s  accepted {load.accepted / total:4.0%} "
        f"p50 {load.p50_ms:.0f} ms p99 {load.p99_ms:.0f} ms, refused {load.refused / total:4.0%}"
        f"{refused}, other {load.other}, generator {load.generator_cpu:.2f} cores"
    )


def measure(
    kind: type[RunningService],
    config: dict[str, Any],
    ranker: str,
    requests: Requests,
    seconds: float,
) -> Any:
    """Capacity and both loads of one service, printed and returned."""
    with tempfile.TemporaryDirectory() as directory, kind(config, Path(directory)) as service:
        print(service.described(ranker))
        address = urlsplit(service.url)
        assert address.hostname is not None and address.port is not None
        with OpenLoop((address.hostname, address.port)) as loop:
            most = capacity(loop, requests, seconds)
            print(f"capacity {most:.1f} requests/s", flush=True)
            loads = []
            for share in _LOADS:
                loads.append(at_load(loop, requests, share, most * share, seconds))
                print(_show(loads[-1]), flush=True)
        held = loads[1].p99_ms / loads[0].p99_ms
        print(f"p99 of accepted requests at 200 %: {held:.2f} times that at 80 %", flush=True)
        return {"capacity_per_s": most, "loads": [asdict(load) for load in loads]}


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="overload", description=__doc__)
    add = parser.add_argument
    add(
        "--service",
        choices=SERVICES,
        default=PIPELINE,
        help="rank: the rank service in C++ [%(default)s]",
    )
    add("--bundles", type=Path, default=REPOSITORY / "serving_models")
    add("--ranker", choices=RANKERS, default=RANKERS[0])
    add("--documents", type=int, help="of each request [as many as the workload has]")
    add("--seconds", type=float, default=20.0, help="of each of the three parts [20]")
    add("--max-delay-ms", type=float, nargs="+", help="to compare [as in config_nlp.yml]")
    args = parser.parse_args(argv)
    workload = load_workload(None)
    bundle = Bundle.open(args.bundles / args.ranker).manifest.version
    facts = machine.facts()
    print(f"{machine.line(facts)}\nbundle {args.ranker} {bundle}, workload {workload.name}")
    requests = Requests(workload, args.ranker, args.documents)
    results: dict[str, Any] = {
        **facts,
        "service": args.service,
        "bundle": bundle,
        "workload": workload.sha256,
    }
    published = yaml.safe_load(CONFIG_FILE.read_text(encoding="utf-8"))
    for delay in args.max_delay_ms or [published["limits"]["max_delay_ms"]]:
        config = service_config(args.bundles, RANKERS)
        config["limits"]["max_delay_ms"] = delay
        print(f"limits.max_delay_ms {delay:g}", flush=True)
        results[str(delay)] = measure(
            SERVICES[args.service], config, args.ranker, requests, args.seconds
        )
    print(f"written to {write_json(results, RESULTS / 'overload')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
