# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows that one hostile connection to the RPC port costs other callers nothing.

``python -m tests.pipeline.edges.rpc_abuse`` prints of each attack: memory before and after it, and
how long an honest caller waited meanwhile. It exits 1 when memory stays taken, or a call of the
honest one fails.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from child_services.running_service import RunningService, service_config
from clients.ranker.pipeline_wire import encode_request
from clients.rpc_client import RpcRankerClient
from contract.errors import RankingError
from contract.rankers import RANKERS
from tests.pipeline.edges.http2_frames import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    HEADERS,
    PING,
    PRIORITY,
    SETTINGS,
    WINDOW_UPDATE,
    Connection,
    begun,
    call_headers,
    frame,
    message,
    reset,
)

# memory that allocators may keep after an attack
GROWTH_MB = 100.0
_TOGETHER = 500
_PAUSE_S = 0.02
_MORE_CALLS = 20
_SMALL = encode_request({"query": "a", "documents": '["b"]'}, "ranker", 0)


def resets(count: int) -> Iterator[bytes]:
    """Calls that are begun and cancelled at once."""
    for stream in range(1, 2 * count, 2):
        yield begun(stream) + reset(stream)


def never_sent(count: int) -> Iterator[bytes]:
    """Calls that are begun, and whose message never comes."""
    for stream in range(1, 2 * count, 2):
        yield begun(stream)


def whole_calls(count: int) -> Iterator[bytes]:
    """Calls with their message, all at once."""
    for stream in range(1, 2 * count, 2):
        yield begun(stream) + message(stream, _SMALL)


def pings(count: int) -> Iterator[bytes]:
    """PING, which has to be answered."""
    for number in range(count):
        yield frame(PING, 0, 0, number.to_bytes(8, "big"))


def settings(count: int) -> Iterator[bytes]:
    """SETTINGS, which have to be answered."""
    for number in range(count):
        yield frame(SETTINGS, 0, 0, b"\x00\x04" + (65535 + number % 9).to_bytes(4, "big"))


def continuations(count: int) -> Iterator[bytes]:
    """One block of headers that does not end."""
    yield frame(HEADERS, 0, 1, call_headers())
    part = b"\x00\x01x\x10" + b"y" * 16
    for _ in range(count):
        yield frame(CONTINUATION, 0, 1, part)


def empty_data(count: int) -> Iterator[bytes]:
    """DATA without a byte, which no window bounds."""
    yield begun(1)
    for _ in range(count):
        yield frame(DATA, 0, 1)


def windows(count: int) -> Iterator[bytes]:
    """A window that grows byte by byte."""
    for _ in range(count):
        yield frame(WINDOW_UPDATE, 0, 0, b"\x00\x00\x00\x01")


def priorities(count: int) -> Iterator[bytes]:
    """PRIORITY of streams that are none."""
    for stream in range(1, 2 * count, 2):
        yield frame(PRIORITY, 0, stream, b"\x00\x00\x00\x00\x10")


def large_headers(count: int) -> Iterator[bytes]:
    """Calls with 12 KiB of metadata each, and no message."""
    value = b"z" * 12_000
    for stream in range(1, 2 * count, 2):
        yield begun(stream, END_HEADERS, (b"x", value))


Attack = Callable[[int], Iterator[bytes]]
# each with how much of it `make abuse` sends for every 10,000 of its COUNT
ATTACKS: dict[Attack, int] = {
    resets: 200_000,
    never_sent: 20_000,
    whole_calls: 4_000,
    pings: 400_000,
    settings: 400_000,
    continuations: 400_000,
    empty_data: 400_000,
    windows: 400_000,
    priorities: 400_000,
    large_headers: 4_000,
}


def send(connection: Connection, frames: Iterator[bytes], seconds: float) -> int:
    """Send until all are sent, the time is over or the service cuts it off; how many."""
    end, sent = time.monotonic() + seconds, 0
    while together := list(itertools.islice(frames, _TOGETHER)):
        if time.monotonic() > end or not connection.send(b"".join(together)):
            break
        sent += len(together)
    return sent


@dataclass
class Honest:
    """A caller that asks again and again.

    Attributes:
        seconds: of each answer.
        errors: of its calls.
    """

    endpoint: str
    seconds: list[float] = field(default_factory=list)
    errors: list[RankingError] = field(default_factory=list)

    def __enter__(self) -> Honest:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with RpcRankerClient(self.endpoint, timeout_s=60) as client:
            while not self._stop.is_set() or not self.seconds:
                start = time.monotonic()
                try:
                    client.rank("感冒", ["感冒灵", "合同"])
                except RankingError as error:
                    self.errors.append(error)
                self.seconds.append(time.monotonic() - start)
                self._stop.wait(_PAUSE_S)

    def wait_for(self, calls: int) -> None:
        """Until it has so many answers more, or an error."""
        enough = len(self.seconds) + calls
        while len(self.seconds) < enough and not self.errors:
            time.sleep(_PAUSE_S)

    def p99_ms(self) -> float:
        """Of all its answers."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000.0


def abuse(service: RunningService, attack: Attack, count: int, seconds: float = 20.0) -> list[str]:
    """One attack; what is wrong afterwards."""
    host, _, port = service.endpoint.rpartition(":")
    before = service.memory_mb()
    with Honest(service.endpoint) as honest:
        start = time.monotonic()
        with Connection((host, int(port))) as connection:
            sent = send(connection, attack(count), seconds)
            took = time.monotonic() - start
            # the service has still to work on what it has taken
            honest.wait_for(_MORE_CALLS)
            cut_off = connection.ended
    after = service.memory_mb()
    print(
        f"{attack.__name__:14} {sent:>7} sent in {took:4.1f} s{', cut off' if cut_off else ''};"
        f" memory {before:.0f} to {after:.0f} MB, {service.memory_mb(peak=True):.0f} at most;"
        f" {len(honest.seconds)} honest calls, p99 {honest.p99_ms():.0f} ms,"
        f" longest {max(honest.seconds) * 1000.0:.0f} ms",
        flush=True,
    )
    wrong = [f"{attack.__name__}: an honest call failed: {error}" for error in honest.errors[:1]]
    if after > before + GROWTH_MB:
        wrong.append(f"{attack.__name__}: memory grew from {before:.0f} to {after:.0f} MB")
    return wrong


def main() -> int:
    """Start a service, attack it, and tell."""
    parser = argparse.ArgumentParser(prog="abuse_rpc", description="Hostile RPC connections.")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--bundles", type=Path, default=Path("serving_models"))
    parser.add_argument("--only", help="one attack")
    options = parser.parse_args()
    config = service_config(options.bundles, RANKERS)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as directory, RunningService(config, Path(directory)) as one:
        for attack, number in ATTACKS.items():
            if options.only in (None, attack.__name__):
                wrong += abuse(one, attack, max(1, number * options.count // 10_000))
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
