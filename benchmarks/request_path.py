# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows how long the path of a request through our code is: ``python -m benchmarks.request_path``.

Of one POST /v1/rerank and one RPC call, each with one document, to a warm service: the files and
functions of contract/ and pipeline/ that it passes, the threads that they run in, and the instances
of our types that it makes. What runs without a request as well is left out. How long a request
takes is told by ``make bench-edge``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, NamedTuple

import grpc
import yaml

from child_services.child import REPOSITORY, ChildService
from child_services.running_service import service_config
from clients.ranker.pipeline_wire import INFERENCE, decode_response, encode_request
from contract.rankers import RANKERS

RERANK, RPC = "POST /v1/rerank", "RPC inference"
_QUERY, _DOCUMENT = "感冒了应该吃什么药?", "感冒时可以吃感冒灵颗粒,多喝水,注意休息。"
_WARM = 20
_SAMPLES = 9
# what a request leaves to other threads, such as its line of the log, is done by then
_SETTLE_S = 0.1
# longer than any thread sleeps that looks for something by itself
_IDLE_S = 1.5
_TIMEOUT_S = 30.0


class Walk(NamedTuple):
    """What one request passed.

    Attributes:
        files: calls of ours by file, in the order of the first.
        functions: calls by file and function, in the same order.
        threads: names of those that ran them.
        instances: of our types that it made, by type.
        resumed: how often generators and coroutines went on; sys.setprofile counts these as calls.
        left_out: calls that come without a request too.
    """

    files: dict[str, int]
    functions: dict[str, int]
    threads: list[str]
    instances: dict[str, int]
    resumed: int
    left_out: int

    @property
    def calls(self) -> int:
        """Of our functions."""
        return sum(self.files.values())


class _Watched(ChildService):
    """The service with its calls counted."""

    def __init__(self, bundles: Path, directory: Path) -> None:
        config = service_config(bundles, RANKERS)
        for op in config["op"].values():
            if "local_service_conf" in op:
                # the fastest engine is another one on another machine
                op["engine"] = "openvino"
                op["local_service_conf"].update(thread_num=1, precision="fp32")
        self.http = http.client.HTTPConnection("127.0.0.1", config["http_port"], timeout=_TIMEOUT_S)
        self.endpoint = f"127.0.0.1:{config['rpc_port']}"
        path = directory / "config.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        command = ["-m", "benchmarks.calls_seen", "pipeline.web_service", "--config", str(path)]
        super().__init__([sys.executable, *command], directory, piped=True)
        try:
            self.read_until("ready after")
        except BaseException:
            self.stop()
            raise

    def read_until(self, start: str) -> str:
        """The next line of its output that begins so."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.decode().startswith(start):
                return line.decode()
        raise self.failed("ended")

    def seen(self, act: Callable[[], None]) -> dict[str, Any]:
        """What ran while ``act`` did, and shortly after."""
        self._tell("begin")
        self.read_until("begun")
        act()
        time.sleep(_SETTLE_S)
        self._tell("end")
        seen: dict[str, Any] = json.loads(self.read_until("{"))
        return seen

    def _tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def rerank(self) -> None:
        """One request over HTTP, on a connection that stays open."""
        body = json.dumps({"query": _QUERY, "documents": [_DOCUMENT]})
        self.http.request("POST", "/v1/rerank", body, {"Content-Type": "application/json"})
        response = self.http.getresponse()
        if response.read() and response.status != http.HTTPStatus.OK:
            raise self.failed("refused a request", str(response.status))


@contextmanager
def _rpc_call(endpoint: str) -> Iterator[Callable[[], None]]:
    """The same request over RPC, on a channel that stays open."""
    fields = {"query": _QUERY, "documents": json.dumps([_DOCUMENT])}
    request = encode_request(fields, "ranker", 0)
    with grpc.insecure_channel(endpoint) as channel:
        inference = channel.unary_unary(
            INFERENCE, request_serializer=bytes, response_deserializer=bytes
        )

        def call() -> None:
            answer = decode_response(inference(request, timeout=_TIMEOUT_S))
            if answer.err_no:
                raise ValueError(answer.err_msg)

        yield call


def measure(bundles: Path, directory: Path) -> dict[str, Walk]:
    """The paths of a request over HTTP and of a call over RPC.

    Args:
        bundles: directory of both rankers' bundles.
        directory: becomes the service's working directory.

    Raises:
        SetUpError: the service cannot start.
    """
    with _Watched(bundles, directory) as service, _rpc_call(service.endpoint) as call:
        return {RERANK: _walk(service, service.rerank), RPC: _walk(service, call)}


def _walk(service: _Watched, act: Callable[[], None]) -> Walk:
    """The median of a few, by calls: which thread is faster now and then changes some."""
    for _ in range(_WARM):
        act()
    idle = service.seen(lambda: time.sleep(_IDLE_S))
    without = {(file, function, number) for file, function, _, number in idle["calls"]}
    walks = [_counted(service.seen(act), without) for _ in range(_SAMPLES)]
    return sorted(walks, key=lambda walk: walk.calls)[_SAMPLES // 2]


def _counted(seen: dict[str, Any], without: set[tuple[str, str, int]]) -> Walk:
    files: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    threads = {}
    for file, function, name, number in seen["calls"]:
        if (file, function, number) not in without:
            files[file] += 1
            functions[f"{file} {function}"] += 1
            threads[number] = name
    left_out = len(seen["calls"]) - sum(files.values())
    return Walk(
        dict(files),
        dict(functions),
        list(threads.values()),
        seen["instances"],
        seen["resumed"],
        left_out,
    )


def report(name: str, walk: Walk) -> Iterator[str]:
    """The figures of one path as lines, the files and types below."""
    made = sum(walk.instances.values())
    yield (
        f"{name}: {len(walk.files)} files, {walk.calls} calls, {len(walk.threads)} threads, "
        f"{len(walk.instances)} types"
    )
    yield (
        f"  {walk.resumed} times generators went on, {made} instances made, "
        f"{walk.left_out} background calls left out"
    )
    yield f"  threads: {', '.join(walk.threads)}"


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.request_path", description=__doc__)
    parser.add_argument("--bundles", type=Path, default=REPOSITORY / "serving_models")
    parser.add_argument("--files", action="store_true", help="list the files, with calls of each")
    parser.add_argument("--functions", action="store_true", help="list the functions")
    parser.add_argument("--types", action="store_true", help="list the types, with instances made")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        walks = measure(arguments.bundles, Path(directory))
    for name, walk in walks.items():
        print("\n".join(report(name, walk)))
        for wanted, counts in (
            (arguments.files, walk.files),
            (arguments.functions, walk.functions),
            (arguments.types, walk.instances),
        ):
            if wanted:
                print("\n".join(f"  {count:5d} {what}" for what, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
