# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Measures what a request costs over HTTP and over RPC, and with connections held open.

``make bench-edge`` and ``python -m benchmarks.http_and_rpc`` run it, of the Pipeline and the rank
service side by side. The callers take turns, one request at a time, so that all see the same
moments of the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Callable, Optional
from urllib.parse import urlsplit

if not __package__:  # run as a file
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import grpc

from benchmarks import machine
from benchmarks.report import RESULTS, write_json
from benchmarks.workload import RankCall, Workload, load_workload
from child_services.child import REPOSITORY
from child_services.rank_process import SERVICES
from child_services.running_service import RunningService, service_config
from clients import RankerClient
from clients.ranker.pipeline_wire import INFERENCE, encode_request
from clients.rpc_client import RpcRankerClient
from contract.bundle import Bundle
from contract.rankers import RANKERS

_WARM_UP = 20
_READ_BYTES = 262_144
RPC = "RPC, bytes"

Caller = Callable[[RankCall], object]


class HttpSocket:
    """One keep-alive connection, bytes in and out, nothing between."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Connect."""
        self._socket = socket.create_connection(address, timeout=60.0)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def exchange(self, method: str, path: str, body: bytes = b"") -> int:
        """One request; the status of its answer, which has been read whole."""
        head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self._socket.sendall(head.encode() + body)
        data = b""
        while True:
            data += self._read()
            head_bytes, end, rest = data.partition(b"\r\n\r\n")
            if not end:
                continue
            length = head_bytes.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            while len(rest) < int(length):
                rest += self._read()
            return int(head_bytes[9:12])

    def _read(self) -> bytes:
        data = self._socket.recv(_READ_BYTES)
        if not data:
            raise ConnectionError("the service closed the connection")
        return data

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def _address(service: RunningService) -> tuple[str, int]:
    parts = urlsplit(service.url)
    assert parts.hostname is not None and parts.port is not None
    return parts.hostname, parts.port


@contextlib.contextmanager
def callers(service: RunningService, ranker: str) -> Iterator[dict[str, Caller]]:
    """By name, who sends one request and waits for its answer."""
    with contextlib.ExitStack() as opened:
        channel = opened.enter_context(grpc.insecure_channel(service.endpoint))
        inference = channel.unary_unary(
            INFERENCE, request_serializer=bytes, response_deserializer=bytes
        )
        http = opened.enter_context(contextlib.closing(HttpSocket(_address(service))))
        ours = opened.enter_context(RankerClient(service.url))
        rpc = opened.enter_context(RpcRankerClient(service.endpoint))

        def post(path: str, fields: Mapping[str, Any]) -> None:
            body = json.dumps(fields, ensure_ascii=False).encode()
            if http.exchange("POST", path, body) != 200:
                raise ConnectionError(f"{path} did not answer 200")

        def by_rpc(call: RankCall) -> None:
            documents = json.dumps(call.documents, ensure_ascii=False)
            fields = {"query": call.query, "documents": documents, "ranker": ranker}
            inference(encode_request(fields, "ranker", 0), timeout=60.0)

        yield {
            RPC: by_rpc,
            "HTTP, bytes, /ranker/prediction": lambda call: post(
                "/ranker/prediction",
                {"query": call.query, "documents": call.documents, "ranker": ranker},
            ),
            "HTTP, bytes, /v1/rerank": lambda call: post(
                "/v1/rerank", {"query": call.query, "documents": call.documents, "model": ranker}
            ),
            "RPC, RpcRankerClient": lambda call: rpc.rank(
                call.query, call.documents, ranker=ranker
            ),
            "HTTP, RankerClient": lambda call: ours.rank(call.query, call.documents, ranker=ranker),
        }


def turns(
    asked: Mapping[str, Caller], workload: Workload, documents: int, rounds: int
) -> dict[str, dict[str, float]]:
    """Each caller once in a round, the first one another each time; milliseconds by caller."""
    times: dict[str, list[float]] = {name: [] for name in asked}
    names, sent = list(asked), 0
    for number in range(rounds + _WARM_UP):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            call = workload.calls[sent % len(workload.calls)]
            sent += 1
            # no two requests share a row
            call = RankCall(f"{call.query} {sent}", call.documents[:documents])
            start = time.perf_counter()
            asked[name](call)
            if number >= _WARM_UP:
                times[name].append((time.perf_counter() - start) * 1000.0)
    first_p50 = median(next(iter(times.values())))
    return {
        name: {
            "p50_ms": median(own),
            "p90_ms": quantiles(own, n=10)[-1],
            "over_first_ms": median(own) - first_p50,
        }
        for name, own in times.items()
    }


@contextlib.contextmanager
def idle_connections(address: tuple[str, int], count: int) -> Iterator[list[HttpSocket]]:
    """So many that have asked once and are kept open."""
    opened: list[HttpSocket] = []
    try:
        for _ in range(count):
            opened.append(HttpSocket(address))
            if opened[-1].exchange("GET", "/health") != 200:
                raise ConnectionError("/health did not answer 200")
        yield opened
    finally:
        for connection in opened:
            connection.close()


def _show(measured: Mapping[str, Mapping[str, float]]) -> None:
    first = next(iter(measured))
    for name, one in measured.items():
        print(
            f"  {name:42s} p50 {one['p50_ms']:6.2f} ms  p90 {one['p90_ms']:6.2f} ms  "
            f"{one['over_first_ms']:+.2f} ms over {first}",
            flush=True,
        )


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Measure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="edge", description=__doc__)
    add = parser.add_argument
    add("--bundles", type=Path, default=REPOSITORY / "serving_models")
    add("--ranker", choices=RANKERS, default=RANKERS[0])
    add("--documents", type=int, nargs="+", default=[50, 1], help="of each request [50 1]")
    add("--services", choices=SERVICES, nargs="+", default=list(SERVICES), help="[%(default)s]")
    add("--rounds", type=int, default=300, help="requests of each caller [300]")
    add("--connections", type=int, default=1000, help="kept open besides [1000]")
    args = parser.parse_args(argv)
    # both ends of a connection are on this machine, the service inherits the limit
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    workload = load_workload(None)
    bundle = Bundle.open(args.bundles / args.ranker).manifest.version
    facts = machine.facts()
    print(f"{machine.line(facts)}\nbundle {args.ranker} {bundle}, workload {workload.name}")
    results: dict[str, Any] = {**facts, "bundle": bundle, "workload": workload.sha256}
    with contextlib.ExitStack() as stack:
        asked: dict[str, Caller] = {}
        services = []
        for name in args.services:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            config = service_config(args.bundles, RANKERS)
            service = stack.enter_context(SERVICES[name](config, directory))
            services.append(service)
            print(f"{name}: {service.described(args.ranker)}")
            of_service = stack.enter_context(callers(service, args.ranker))
            asked.update({f"{name}: {way}": caller for way, caller in of_service.items()})
        for documents in args.documents:
            print(f"{documents} documents")
            measured = turns(asked, workload, documents, args.rounds)
            _show(measured)
            results[f"{documents} documents"] = measured
        opened = [
            connection
            for service in services
            for connection in stack.enter_context(
                idle_connections(_address(service), args.connections)
            )
        ]
        documents = args.documents[0]
        print(f"{documents} documents, {args.connections} idle connections of each besides")
        measured = turns(asked, workload, documents, args.rounds)
        _show(measured)
        held = sum(one.exchange("GET", "/health") == 200 for one in opened)
        print(f"{held} of {len(opened)} connections still answer")
        results["idle connections"] = {**measured, "still answer": held}
    print(f"written to {write_json(results, RESULTS / 'edge')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
