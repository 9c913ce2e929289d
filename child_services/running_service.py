# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the service on free ports as a child process, and waits for its first answer."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any, ClassVar, Optional

import yaml

from child_services.child import REPOSITORY, ChildService, free_port
from clients.http_client import HttpRankerClient
from contract.bundle.files import SERVER_DIR
from contract.errors import ServiceError
from contract.rankers import CROSS_ENCODER, PAIRWISE

CONFIG_FILE = REPOSITORY / "config_nlp.yml"
# the op of each ranker in config_nlp.yml
OP_OF_RANKER = {PAIRWISE: "ernie", CROSS_ENCODER: "rocketqa"}

_START_LIMIT_S = 120.0
_POLL_S = 0.05


def service_config(bundles: Path, rankers: tuple[str, ...]) -> dict[str, Any]:
    """``config_nlp.yml`` with free ports and the bundles ``bundles/<ranker>``."""
    config: dict[str, Any] = yaml.safe_load(CONFIG_FILE.read_text(encoding="utf-8"))
    config["rpc_port"], config["http_port"] = free_port(), free_port()
    config["default_ranker"] = rankers[0]
    # a fixed number of callers that each wait for their answer cannot overload it
    config.setdefault("limits", {})["max_delay_ms"] = 0
    for ranker, op in OP_OF_RANKER.items():
        if ranker not in rankers:
            del config["op"][op]
    for ranker in rankers:
        local = config["op"][OP_OF_RANKER[ranker]]["local_service_conf"]
        local["model_config"] = str(bundles.resolve() / ranker / SERVER_DIR)
    return config


class RunningService(ChildService):
    """``pipeline.web_service`` as a child process; a context manager that stops it.

    Attributes:
        module: that is started.
        first_answer_s: seconds from the start of Python to the first answer over HTTP.
    """

    module: ClassVar[str] = "pipeline.web_service"

    def __init__(
        self, config: dict[str, Any], directory: Path, python: Optional[Path] = None
    ) -> None:
        """Start it and wait for its first answer.

        Args:
            config: keys of ``config_nlp.yml``.
            directory: becomes the working directory; gets the configuration and the logs.
            python: another Python than this one.

        Raises:
            SetUpError: it ended, or did not answer in time; with the end of its log.
        """
        self.endpoint = f"127.0.0.1:{config['rpc_port']}"
        self.url = f"http://127.0.0.1:{config['http_port']}"
        path = directory / "config.yml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        start = time.monotonic()
        command = [str(python or sys.executable), "-m", self.module]
        super().__init__([*command, "--config", str(path)], directory)
        try:
            self._wait(start + _START_LIMIT_S)
        except BaseException:
            self.stop()
            raise
        self.first_answer_s = time.monotonic() - start

    def described(self, ranker: str) -> str:
        """What the service says of a ranker at its start: bundle, engine, precision."""
        return next(line for line in self.log().splitlines() if line.startswith(f"{ranker}: "))

    def _wait(self, deadline: float) -> None:
        with HttpRankerClient(self.url, timeout_s=10.0) as client:
            while True:
                try:
                    client.rank("感冒", ["感冒"])
                    return
                except ServiceError as error:
                    if self.process.poll() is not None:
                        raise self.failed("ended") from error
                    if time.monotonic() > deadline:
                        raise self.failed(f"gave no answer in {_START_LIMIT_S:g} s") from error
                time.sleep(_POLL_S)
