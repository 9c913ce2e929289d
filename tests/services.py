# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Bundles in, a real service on them out, for the tests that call one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.service import RunningService, service_config
from contract.bundle import RANKERS


@contextmanager
def running_service(bundles: Path, directory: Path, **keys: Any) -> Iterator[RunningService]:
    """The service on free ports, one thread for each ranker; ``keys`` replace top-level ones."""
    config = service_config(bundles, RANKERS)
    for op in config["op"].values():
        if "local_service_conf" in op:
            op["local_service_conf"]["thread_num"] = 1
    with RunningService({**config, **keys}, directory) as service:
        yield service
