# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts real services on small bundles, for the tests that call one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from child_services.running_service import RunningService, service_config
from contract.rankers import RANKERS


def small_config(bundles: Path) -> dict[str, Any]:
    """The shipped configuration on free ports, one thread for each ranker, exact scores.

    Choices of engines are kept beside the bundles: only a session's first service has to time any.
    """
    config = service_config(bundles, RANKERS)
    config["engine_cache"] = str(bundles.parent / "engine_cache")
    for op in config["op"].values():
        if "local_service_conf" in op:
            op["local_service_conf"].update(thread_num=1, precision="fp32")
    return config


@contextmanager
def running_service(bundles: Path, directory: Path, **keys: Any) -> Iterator[RunningService]:
    """A service with :func:`small_config`; ``keys`` replace top-level ones."""
    limits = {"max_delay_ms": 0, **keys.pop("limits", {})}
    config = {**small_config(bundles), **keys, "limits": limits}
    with RunningService(config, directory) as service:
        yield service
