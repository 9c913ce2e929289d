# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Where a run comes from: the code, the packages and the machine that made it."""

from __future__ import annotations

import os
import platform
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import Any, Optional

import numpy as np
import paddle
import paddlenlp

_CHECKOUT = Path(__file__).resolve().parents[2]
_PATIENCE = 10.0


def versions(project: str) -> dict[str, str]:
    """Of what computes."""
    return {
        "project": project,
        "python": platform.python_version(),
        "paddle": paddle.__version__,
        "paddlenlp": paddlenlp.__version__,
        "numpy": np.__version__,
    }


def machine(device: str) -> dict[str, Any]:
    """What computes: the processor, and of a GPU its name."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "device": device,
        "accelerator": paddle.device.cuda.get_device_name() if device == "gpu" else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


@lru_cache(maxsize=1)
def git_commit() -> Optional[dict[str, Any]]:
    """The commit of the checkout, and whether files differ from it; ``None`` outside of git."""
    commit = _git("rev-parse", "HEAD")
    if commit is None:
        return None
    changed = _git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "changed": None if changed is None else bool(changed)}


def _git(*arguments: str) -> Optional[str]:
    try:
        run = subprocess.run(
            ["git", "-C", str(_CHECKOUT), *arguments],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return run.stdout.strip() if run.returncode == 0 else None
