# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows that the longest texts that a request may hold leave other callers their service.

``python -m tests.pipeline.edges.http.heavy_texts`` sends 100 documents of 90,000 characters of each
kind, over HTTP and RPC, and prints what the service takes beyond an idle one: memory at its peak,
and the 99th percentile of a small request and of ``/health`` meanwhile.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import httpx
import numpy as np

from child_services.running_service import RunningService, service_config
from contract.environment.serving_packages import make_importable
from contract.rankers import RANKERS
from tests.pipeline.calls import rpc_bytes

DOCUMENTS, CHARACTERS = 100, 90_000
# of a body, by default a little more
MOST_BYTES = 31_000_000
# each is repeated until a text is long enough
KINDS: Mapping[str, str] = {
    "chinese": "用人单位应当向劳动者支付经济补偿的,",
    "one word": "a",
    "words of 99 letters": f"{'a' * 99} ",
    "unknown words": f"{'a' * 98}\u0251 ",
    "combining marks": "a\u0301",
    "joiners": "\u200d",
    "spaces": " ",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "control characters": "\x7f",
    "syllables": "\uac01",
    "sigmas": "\u03a3",
    "soft hyphens and sigmas": "\u00ad" * 1023 + "\u03a3",
    "ligatures": "\ufdfa",
    "mixed": "感冒 a\u0301\u200d\u03a3 b\u0416\U0001f600。\u00ad12",
}
SMALL = {"query": "感冒", "documents": ["感冒灵", "合同"]}


@dataclass(frozen=True)
class Load:
    """One request that is sent again and again.

    Attributes:
        name: for the report.
        documents: its texts.
        options: its other fields.
    """

    name: str
    documents: list[str]
    options: Mapping[str, Any]


def text_of(kind: str, number: int, characters: int = CHARACTERS) -> str:
    """One text of a kind, unlike all others of it."""
    piece = KINDS[kind]
    return (f"{number} " + piece * (characters // len(piece) + 1))[:characters]


def loads(documents: int, characters: int) -> Iterator[Load]:
    """Each kind in one row and in 64, by the default ranker; and one by both."""
    for kind in KINDS:
        size = len(text_of(kind, 0, characters).encode())
        count = min(documents, MOST_BYTES // size)
        texts = [text_of(kind, number, characters) for number in range(count)]
        yield Load(kind, texts, {})
        yield Load(f"{kind}, 64 chunks", texts, {"max_chunks_per_doc": 64})
    yield Load("mixed, both rankers", texts, {"ranker": "both"})


def memory_mb(pid: int, name: str = "VmRSS") -> float:
    """Of a process: what it holds, or ``VmHWM``, the most since the peak was forgotten."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(rf"{name}:\s+(\d+)", status)
    return int(found.group(1)) / 1024.0 if found else 0.0


def forget_peak(pid: int) -> None:
    """Have the kernel count a process's peak from now on."""
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


class Others:
    """Small requests and looks at ``/health``, one after the other; context manager."""

    def __init__(self, url: str) -> None:
        """Name the service."""
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.milliseconds: dict[str, list[float]] = {"rank": [], "health": []}
        self.refused = 0

    def __enter__(self) -> Others:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with httpx.Client(timeout=60) as client:
            while not self._stop.is_set():
                self._time("rank", lambda: client.post(f"{self._url}/rerank", json=SMALL))
                self._time("health", lambda: client.get(f"{self._url}/health"))
                time.sleep(0.005)

    def _time(self, name: str, call: Callable[[], httpx.Response]) -> None:
        start = time.perf_counter()
        response = call()
        self.milliseconds[name].append((time.perf_counter() - start) * 1000.0)
        self.refused += response.status_code != 200

    def p99(self, name: str) -> float:
        """Of the times so far."""
        return float(np.percentile(self.milliseconds[name], 99))


class HttpSender:
    """Sends a load by Paddle Serving's path; the bytes are made once, since others are timed."""

    def __init__(self, service: RunningService, load: Load) -> None:
        """Make the body."""
        fields = {"query": "感冒", "documents": load.documents, **load.options}
        self._url = f"{service.url}/ranker/prediction"
        self._body = json.dumps(fields, ensure_ascii=False).encode()

    def __call__(self) -> int:
        """Send it; the status."""
        return httpx.post(self._url, content=self._body, timeout=120).status_code


class RpcSender:
    """The same over RPC."""

    def __init__(self, service: RunningService, load: Load) -> None:
        """Make the message."""
        from paddle_serving_server.pipeline.proto import pipeline_service_pb2 as pb

        documents = json.dumps(load.documents, ensure_ascii=False)
        options = {k: v if k == "ranker" else json.dumps(v) for k, v in load.options.items()}
        fields = {"query": "感冒", "documents": documents, **options}
        message = pb.Request(key=list(fields), value=list(fields.values()), method="prediction")
        self._message = message.SerializeToString()
        self._endpoint = service.endpoint

    def __call__(self) -> int:
        """Send it; its ``err_no``."""
        return rpc_bytes(self._endpoint, self._message).err_no


def measured(
    service: RunningService, send: Optional[Callable[[], int]], side_by_side: int, seconds: float
) -> tuple[Others, float, list[int]]:
    """Others' times while a load is sent, the process's peak, and what was answered."""
    pid = service.process.pid
    answers: list[int] = []
    end = time.monotonic() + seconds

    def again() -> None:
        while send is not None and time.monotonic() < end:
            answers.append(send())

    forget_peak(pid)
    senders = [threading.Thread(target=again) for _ in range(side_by_side)]
    with Others(service.url) as others:
        for sender in senders:
            sender.start()
        if send is None:
            time.sleep(seconds)
        for sender in senders:
            sender.join()
    return others, memory_mb(pid, "VmHWM"), answers


def report(service: RunningService, options: argparse.Namespace) -> None:
    """Send each load, and print a line for it."""
    idle, _, _ = measured(service, None, 0, 3.0)
    before = memory_mb(service.process.pid)
    print(
        f"idle: rank {idle.p99('rank'):.1f} ms, health {idle.p99('health'):.1f} ms (p99), "
        f"{before:.0f} MB"
    )
    for name, sender in (("HTTP", HttpSender), ("RPC", RpcSender)):
        for load in loads(options.documents, options.characters):
            if not load.name.startswith(options.only):
                continue
            send = sender(service, load)
            others, peak, answers = measured(service, send, options.side_by_side, options.seconds)
            print(
                f"{name:4s} {load.name:36s} {len(answers):3d} answered {sorted(set(answers))}: "
                f"rank {others.p99('rank'):7.1f} ms, health {others.p99('health'):7.1f} ms, "
                f"{peak - before:+6.0f} MB; refused {others.refused}",
                flush=True,
            )


def main() -> int:
    """Start a service, send each load, and print a line for it."""
    parser = argparse.ArgumentParser(prog="heavy_texts", description="The longest legal texts.")
    parser.add_argument("--bundles", type=Path, default=Path("serving_models"))
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    parser.add_argument("--characters", type=int, default=CHARACTERS)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--side_by_side", type=int, default=1)
    parser.add_argument("--only", default="", help="kinds whose name begins so")
    options = parser.parse_args()
    # it sets a signal handler, which only the main thread may
    make_importable()
    import paddle_serving_server  # noqa: F401

    config = service_config(options.bundles, RANKERS)
    with tempfile.TemporaryDirectory() as directory:
        config["engine_cache"] = f"{directory}/engine_cache"
        with RunningService(config, Path(directory)) as service:
            # memory that allocators and engines keep after their first large batches is no growth
            texts = [text_of("chinese", number, 500) for number in range(options.documents)]
            for ranker in RANKERS:
                HttpSender(service, Load("first", texts, {"ranker": ranker}))()
            report(service, options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
