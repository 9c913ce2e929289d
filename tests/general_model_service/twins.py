# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The Pipeline and the C++ service on one bundle, and what both answer to one request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Optional, Union

import httpx
import yaml

from child_services.child import free_port
from child_services.rank_process import RankProcess
from child_services.running_service import RunningService, service_config
from child_services.tensor_process import TensorProcess
from tests.pipeline.launch import Launched

Body = Union[bytes, Mapping[str, Any]]

# header fields that callers read
TOLD = (
    "content-type",
    "x-ranker",
    "x-bundle",
    "x-experiment",
    "x-variant",
    "x-warnings",
    "retry-after",
    "allow",
    "www-authenticate",
    "vary",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-expose-headers",
    "access-control-max-age",
)
_TIMES = re.compile(r'\{\\?"tokenize\\?":.*?\}')
_ID = re.compile(r"\b[0-9a-f]{32}\b")
_NUMBER = re.compile(r"-?\d+\.\d+(?:e[+-]?\d+)?")


class Told(NamedTuple):
    """An answer without what differs from call to call.

    Attributes:
        status: of HTTP.
        headers: those that callers read, and whether there is an id.
        body: as it came, but for times, ids that the service made, and numbers with a point.
        numbers: with a point, in their order.
    """

    status: int
    headers: dict[str, str]
    body: str
    numbers: list[float]


class Twins(NamedTuple):
    """Connections to both services.

    Attributes:
        pipeline: to the Pipeline.
        program: to the C++ service.
    """

    pipeline: httpx.Client
    program: httpx.Client

    def ask(
        self,
        path: str,
        body: Optional[Body] = None,
        headers: Optional[Mapping[str, str]] = None,
        method: str = "POST",
    ) -> tuple[Told, Told]:
        """What the Pipeline answers, and what the C++ service does."""
        one, other = (_told(client, path, body, headers, method) for client in self)
        return one, other


def _told(
    client: httpx.Client,
    path: str,
    body: Optional[Body],
    headers: Optional[Mapping[str, str]],
    method: str,
) -> Told:
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    # as bytes, for httpx sends no other characters than ASCII's
    fields = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    response = client.request(method, path, headers=fields, content=content)
    text = _ID.sub("ID", _TIMES.sub("TIMES", response.text))
    kept = {name: response.headers[name] for name in TOLD if name in response.headers}
    if "x-request-id" in response.headers:
        kept["x-request-id"] = _ID.sub("ID", response.headers["x-request-id"])
    numbers = [float(number) for number in _NUMBER.findall(text)]
    return Told(response.status_code, kept, _NUMBER.sub("F", text), numbers)


def openvino_config(bundles: Path, rankers: tuple[str, ...]) -> dict[str, Any]:
    """A configuration by which both compute alike."""
    config = service_config(bundles, rankers)
    for op in config["op"].values():
        if "local_service_conf" in op:
            op["engine"] = "openvino"
            op["local_service_conf"].update(thread_num=1, precision="fp32")
    return config


def other_ports() -> dict[str, int]:
    """Free ones, for the second service of one configuration."""
    return {"rpc_port": free_port(), "http_port": free_port()}


@contextmanager
def config_twins(config: Mapping[str, Any], directory: Path) -> Iterator[Twins]:
    """Start both by one configuration, each on ports of its own.

    Args:
        config: of the Pipeline.
        directory: for logs; theirs alone.
    """
    for name in ("pipeline", "program"):
        (directory / name).mkdir()
    with (
        RunningService(dict(config), directory / "pipeline") as service,
        RankProcess({**config, **other_ports()}, directory / "program") as program,
        httpx.Client(base_url=service.url, timeout=60) as client,
        httpx.Client(base_url=program.url, timeout=60) as other,
    ):
        yield Twins(client, other)


@contextmanager
def twins(bundles: Path, ranker: str, directory: Path, *flags: str) -> Iterator[Twins]:
    """Start both on ``bundles/<ranker>``; they end with the context.

    Args:
        bundles: directory of bundles.
        ranker: that both serve.
        directory: for logs; theirs alone.
        flags: of the C++ service.
    """
    config = openvino_config(bundles, (ranker,))
    (directory / "pipeline").mkdir()
    (directory / "program").mkdir()
    with (
        RunningService(config, directory / "pipeline") as service,
        TensorProcess(bundles / ranker, directory / "program", "--pad_dynamic", *flags) as program,
        httpx.Client(base_url=service.url, timeout=60) as client,
        httpx.Client(base_url=program.url, timeout=60) as other,
    ):
        yield Twins(client, other)


@contextmanager
def guarded_twins(
    bundles: Path, ranker: str, directory: Path, http: Mapping[str, Any]
) -> Iterator[Twins]:
    """Start both with the same section ``http``; they end with the context.

    Args:
        bundles: directory of bundles.
        ranker: that both serve.
        directory: for logs; theirs alone.
        http: of config_nlp.yml.
    """
    config = {**openvino_config(bundles, (ranker,)), "http": dict(http)}
    (directory / "pipeline").mkdir()
    (directory / "program").mkdir()
    door = directory / "door.yml"
    door.write_text(yaml.safe_dump({"http": dict(http)}), encoding="utf-8")
    url = f"http://127.0.0.1:{config['http_port']}"
    flags = ("--pad_dynamic", "--door", str(door))
    with (
        Launched(config, directory / "pipeline") as launched,
        TensorProcess(bundles / ranker, directory / "program", *flags) as program,
        httpx.Client(base_url=url, timeout=60) as client,
        httpx.Client(base_url=program.url, timeout=60) as other,
    ):
        launched.wait_ready()
        yield Twins(client, other)
