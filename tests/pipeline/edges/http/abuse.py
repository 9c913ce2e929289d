# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows that thousands of hostile requests leave a real service as it was.

``python -m tests.pipeline.edges.http.abuse`` prints statuses, and memory, threads and open files
before and after. It exits 1 when the service answers otherwise than before, failed by itself, or
kept anything.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import random
import re
import sys
import tempfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from child_services.running_service import RunningService, service_config
from clients.http_client import HttpRankerClient
from contract.rankers import RANKERS
from tests.pipeline.edges.http.hostile_requests import KINDS, SLOW_PARTS, Address, slow

_SIDE_BY_SIDE = 8
_WARM_UP = 0.2
# memory that allocators may still take after the warm-up
_GROWTH_MB = 24.0
_SETTLE_S = 30.0
_GAUGES = ("ranking_http_body_bytes", "ranking_queue_rows", "ranking_record_queue")
# what a request may be answered; 0: it left, or was no HTTP
_ALLOWED = frozenset((0, 100, 200, 400, 401, 404, 405, 408, 413, 422, 429, 503))
LIMITS = {"header_timeout_s": 1.0, "body_timeout_s": 2.0, "keep_alive_s": 2}


@dataclass(frozen=True)
class State:
    """What a process holds.

    Attributes:
        memory_mb: resident.
        threads: of it.
        files: open, sockets included.
    """

    memory_mb: float
    threads: int
    files: int

    @classmethod
    def of(cls, pid: int) -> State:
        """Of a running process."""
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        found = {name: re.search(rf"{name}:\s+(\d+)", status) for name in ("VmRSS", "Threads")}
        memory, threads = (int(m.group(1)) if m else 0 for m in found.values())
        return cls(memory / 1024.0, threads, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def gauges(url: str) -> dict[str, float]:
    """What waits or is held, by the service's own account."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as response:
        lines = response.read().decode("utf-8").splitlines()
    return {
        name: float(value)
        for name, value in (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
        if name.startswith((*_GAUGES, "ranking_http_connections"))
    }


def settled(url: str, pid: int, files: int) -> list[str]:
    """Wait until nothing waits or is held; what still is after a while."""
    end = time.monotonic() + _SETTLE_S
    while True:
        held = gauges(url)
        # the scrape's own connection is one
        kept = [f"{n} is {v:g}" for n, v in held.items() if v > (n == "ranking_http_connections")]
        state = State.of(pid)
        if state.files > files + 1:
            kept.append(f"{state.files} files are open, {files} before")
        if not kept or time.monotonic() > end:
            return kept
        time.sleep(0.2)


def send(address: Address, count: int, seed: int) -> collections.Counter[tuple[str, int]]:
    """Hostile requests, several side by side; how many of each kind got which status."""

    def one(number: int) -> tuple[str, int]:
        rng = random.Random(seed * 1_000_003 + number)
        kind = rng.choice(KINDS)
        return kind.__name__, kind(address, rng)

    with contextlib.ExitStack() as open_ones, ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        for part in SLOW_PARTS * 5:
            open_ones.enter_context(slow(address, part))
        return collections.Counter(pool.map(one, range(count)))


def scores(url: str) -> list[list[float]]:
    """Of one small request, by each ranker."""
    with HttpRankerClient(url) as client:
        answers = [client.rank("感冒", ["感冒灵", "合同"], ranker=ranker) for ranker in RANKERS]
    return [[document.score for document in answer.results] for answer in answers]


def abuse(url: str, pid: int, count: int, seed: int) -> list[str]:
    """Send them all; what is wrong afterwards."""
    parts = urlsplit(url)
    address = (str(parts.hostname), int(parts.port or 80))
    expected = scores(url)
    send(address, int(count * _WARM_UP), seed + 1)
    settled(url, pid, State.of(pid).files)
    before = State.of(pid)
    start = time.monotonic()
    answers = send(address, count - int(count * _WARM_UP), seed)
    took = time.monotonic() - start
    wrong = settled(url, pid, before.files)
    after = State.of(pid)
    now = scores(url)
    if now != expected:
        wrong.append(f"scores are {now}, were {expected}")
    wrong += [f"{k} got {s}, {n} times" for (k, s), n in answers.items() if s not in _ALLOWED]
    if after.memory_mb > before.memory_mb + _GROWTH_MB:
        wrong.append(f"memory grew from {before.memory_mb:.1f} to {after.memory_mb:.1f} MB")
    if after.threads > before.threads + _SIDE_BY_SIDE:
        wrong.append(f"{after.threads} threads run, {before.threads} before")
    statuses = collections.Counter({s: 0 for _, s in answers})
    for (_, status), number in answers.items():
        statuses[status] += number
    print(f"{count} hostile requests, the last {sum(answers.values())} in {took:.1f} s")
    print("statuses: " + ", ".join(f"{s}: {n}" for s, n in sorted(statuses.items())))
    print(f"after warm-up: {before}")
    print(f"at the end:    {after}")
    return wrong


def main() -> int:
    """Start a service, abuse it, and tell."""
    parser = argparse.ArgumentParser(prog="abuse_http", description="Hostile requests.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bundles", type=Path, default=Path("serving_models"))
    options = parser.parse_args()
    config = service_config(options.bundles, RANKERS)
    config["limits"] = {**config["limits"], **LIMITS}
    with tempfile.TemporaryDirectory() as directory:
        config["exposures"] = {"directory": f"{directory}/records"}
        with RunningService(config, Path(directory)) as service:
            wrong = abuse(service.url, service.process.pid, options.count, options.seed)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
