# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows that bodies which grow when they are read leave a real tensor service as it was.

``python -m tests.general_model_service.abuse`` prints, for each kind, what was answered, and the
memory before, at its most and after. It exits 1 when the service answers otherwise than before, or
took more memory than it may. ``make abuse`` runs it after the HTTP service's own.
"""

from __future__ import annotations

import argparse
import collections
import sys
import tempfile
import time
from pathlib import Path

from child_services.tensor_process import TensorProcess
from contract.environment.serving_packages import make_importable

make_importable()

from tests.general_model_service import bombs, wire  # noqa: E402

# what is kept of all requests by default, and what allocators keep of it
_GROWTH_MB = 640.0
_SETTLE_S = 10.0


def settled(port: int) -> float:
    """Wait until no request holds anything; the bytes that one still does after a while."""
    end = time.monotonic() + _SETTLE_S
    while (held := wire.metric(port, "tensor_service_held_bytes")) > 0 and time.monotonic() < end:
        time.sleep(0.1)
    return held


def report(name: str, answers: list[bombs.Answer], before: float, peak: float, after: float) -> str:
    """One line: what was answered how often, and MB of memory."""
    counted = ", ".join(f"{a}: {n}" for a, n in collections.Counter(map(str, answers)).items())
    return f"{name}: {counted}; {before:.0f} MB before, {peak:.0f} at most, {after:.0f} after"


def check(port: int, before: float, peak: float) -> list[str]:
    """What is wrong after an attack."""
    wrong = []
    if peak - before > _GROWTH_MB:
        wrong.append(f"memory grew from {before:.0f} to {peak:.0f} MB")
    if held := settled(port):
        wrong.append(f"{held:.0f} bytes are still held")
    if not wire.alive(port):
        wrong.append("it answers otherwise than before")
    return wrong


def abuse(port: int, pid: int, count: int) -> list[str]:
    """Each kind of bomb so often at once, then bodies that stop before their end."""
    wrong = []
    start = bombs.memory_mb(pid)
    for kind in (*bombs.COMPRESSED, *bombs.LARGE):
        before = bombs.memory_mb(pid)
        bombs.forget_peak(pid)
        answers = bombs.together(kind, port, count)
        peak = bombs.memory_mb(pid, "VmHWM")
        wrong += [f"{kind.__name__}: {line}" for line in check(port, start, peak)]
        wrong += [f"{kind.__name__} got {a}" for a in answers if a not in bombs.REFUSED]
        print(report(kind.__name__, answers, before, peak, bombs.memory_mb(pid)))
    before = bombs.memory_mb(pid)
    bombs.forget_peak(pid)
    with bombs.half_sent(port, 4 * count, 32 * bombs.MB) as statuses:
        if not wire.alive(port):
            wrong.append("half_sent: a small request has no place")
    peak = bombs.memory_mb(pid, "VmHWM")
    wrong += [f"half_sent: {line}" for line in check(port, start, peak)]
    print(report("half_sent", list(statuses), before, peak, bombs.memory_mb(pid)))
    return wrong


def main() -> int:
    """Start a service, abuse it, and tell."""
    parser = argparse.ArgumentParser(prog="abuse_tensors", description="Bodies that grow.")
    parser.add_argument("--count", type=int, default=8, help="of each kind at once")
    parser.add_argument("--bundle", type=Path, default=Path("serving_models/pairwise"))
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as directory,
        TensorProcess(options.bundle, Path(directory)) as service,
    ):
        assert wire.alive(service.port)
        wrong = abuse(service.port, service.process.pid, options.count)
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
