# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Says what a figure has to carry: machine, commit, package versions, date."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any, Optional

REPOSITORY = Path(__file__).resolve().parent.parent

_PACKAGES = (
    "openvino",
    "paddlenlp",
    "paddlepaddle",
    "paddlepaddle-gpu",
    "paddle-serving-server",
    "paddle-serving-server-gpu",
    "fast-tokenizer-python",
    "tokenizers",
    "numpy",
    "grpcio",
    "starlette",
    "uvicorn",
    "uvloop",
    "httpx",
)
_FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


def facts() -> dict[str, Any]:
    """Everything, ready for JSON."""
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": _cpu(),
        "cores": len(os.sched_getaffinity(0)),
        "flags": {flag: flag in _cpu_flags() for flag in _FLAGS},
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "packages": {name: v for name in _PACKAGES if (v := _version(name)) is not None},
        "threads": os.environ.get("OMP_NUM_THREADS"),
    }


def line(known: Mapping[str, Any]) -> str:
    """The facts that a printed figure is read with."""
    return (
        f"{known['cpu']}, {known['cores']} cores, load {known['load_average']}; "
        f"commit {known['commit']}; {known['date']}"
    )


def commit() -> str:
    """Of the checkout, marked when files differ from it."""
    revision = _git("rev-parse", "--short=12", "HEAD")
    if revision is None:
        return "none"
    return f"{revision}-dirty" if _git("status", "--porcelain") else revision


def _git(*arguments: str) -> Optional[str]:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> Optional[str]:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _cpuinfo(key: str) -> str:
    path = Path("/proc/cpuinfo")
    if path.exists():
        for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
            name, _, value = line.partition(":")
            if name.strip() == key:
                return value.strip()
    return ""


def _cpu() -> str:
    return _cpuinfo("model name") or platform.machine()


def _cpu_flags() -> frozenset[str]:
    return frozenset(_cpuinfo("flags").split())
